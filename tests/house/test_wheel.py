"""What is shipped: exactly the rooms, and no dependency that would overwrite one of them."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from importlib import metadata
from typing import TYPE_CHECKING

import pytest

from tests.house.test_dependencies import pins
from tests.house.tree import BIN, ROOMS, ROOT, files

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as it would be released, built without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    build = subprocess.run(
        [sys.executable, "-P", "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert build.returncode == 0, build.stderr
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_the_rooms_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(ROOMS)
    shipped = {str(path) for path in files() if path.parts[0] in ROOMS}
    assert {name for name in names if not name.split("/")[0].endswith(".dist-info")} == shipped


def test_the_wheel_passes_the_contents_check(wheel: Path) -> None:
    check = subprocess.run(
        [BIN / "check-wheel-contents", "--toplevel", ",".join(ROOMS), wheel], capture_output=True, text=True
    )
    assert check.returncode == 0, check.stdout + check.stderr


def test_the_wheel_has_the_entry_point(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (entry_points,) = (name for name in archive.namelist() if name.endswith("/entry_points.txt"))
        assert "gitant = gitant.cli:main" in archive.read(entry_points).decode()


def test_no_locked_dependency_owns_a_name_of_ours() -> None:
    ours = {*ROOMS, *(f"{room}.py" for room in ROOMS), "tests", "benchmarks"}
    clashes = {
        name: clash
        for name in pins("dev")
        for distribution in metadata.distributions(name=name)
        if (clash := {path.parts[0] for path in distribution.files or () if path.parts} & ours)
    }
    assert clashes == {}
