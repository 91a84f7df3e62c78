"""The unit: systemd understands it, and finds little that it exposes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitant.settings import SETTINGS
from tests.deploy.tools import DEPLOY, checked
from tests.house.tree import BIN

if TYPE_CHECKING:
    from pathlib import Path

UNIT = DEPLOY / "gitant.service"
EXPOSURE_MAX = "20"
"""In tenths, of a scale to 10: systemd calls what is below 2 "OK"."""


def test_systemd_understands_it(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/opt/gitant/bin/gitant", str(BIN / "gitant")))
    assert checked("systemd-analyze", "verify", "--man=no", unit) == ""


def test_it_exposes_little() -> None:
    checked("systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE_MAX}", UNIT)


def test_it_gives_the_node_the_time_to_end() -> None:
    (line,) = [line for line in UNIT.read_text().splitlines() if line.startswith("TimeoutStopSec=")]
    (drain,) = [row.default for row in SETTINGS if row.name == "drain_s_max"]
    assert int(line.partition("=")[2]) >= int(drain) + 10
