"""docs/doctor.md and the checks say the same."""

from __future__ import annotations

import re

from gitant.doctor.checks import CHECKS
from tests.house.tree import ROOT

CHECKS_LEAST = 20
_ROW = re.compile(r"^\| ([a-z][^|]*) \| ([^|]+) \|([^|]*)\|$", re.MULTILINE)


def test_every_check_has_its_row_in_order() -> None:
    rows = _ROW.findall((ROOT / "docs" / "doctor.md").read_text())[1:]
    told = [(name, bool(cure.strip())) for name, _, cure in rows]
    assert told == [("settings", False), *((check.name, check.mend is not None) for check in CHECKS)]
    assert len(CHECKS) >= CHECKS_LEAST
