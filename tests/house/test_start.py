"""Gitant is started inside other people's folders, and runs none of their code."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.house.tree import BIN, ROOMS, ROOT, pyproject

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = "import pathlib\n(pathlib.Path(__file__).parent / 'ran').touch()\nraise SystemExit(66)\n"
TAKEN = ("json", "typing", "typer", "rich", "trio", "litestar", "tests")
"""Names of others that a start imports, too."""

DOORS = {
    "command": [str(BIN / "gitant")],
    "module": [sys.executable, "-m", "gitant"],
    "safe-path": [sys.executable, "-P", "-m", "gitant"],
}


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A folder with a package of every name that a start could pick up by mistake."""
    for name in (*(room for room in ROOMS if room != "gitant"), *TAKEN):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(HOSTILE)
    return tmp_path


@pytest.mark.parametrize("door", DOORS)
def test_a_hostile_folder_runs_nothing(door: str, hostile: Path) -> None:
    run = subprocess.run([*DOORS[door], "version"], cwd=hostile, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stdout + run.stderr
    assert pyproject()["project"]["version"] in run.stdout
    assert list(hostile.rglob("ran")) == []


def test_the_checkout_itself_can_be_run() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "gitant", "version"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_a_folder_that_is_gone_does_no_harm(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    script = f'rmdir "{folder}"; exec "{sys.executable}" -m gitant version'
    run = subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stdout + run.stderr
