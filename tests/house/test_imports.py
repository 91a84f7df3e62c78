"""The rooms, their floors, and what each must not know."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from typing import TYPE_CHECKING

import pytest

from tests.house.tree import BIN, ROOMS, ROOT, files, pyproject, python_files, tree_of

if TYPE_CHECKING:
    from pathlib import Path

CLOCK_AND_DICE = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today"}


def test_the_import_rule_holds() -> None:
    run = subprocess.run([BIN / "lint-imports", "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "0 broken" in run.stdout


def test_the_import_rule_names_every_room() -> None:
    assert set(pyproject()["tool"]["importlinter"]["root_packages"]) == set(ROOMS)
    assert set(pyproject()["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) == set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_is_typed(room: str) -> None:
    assert (ROOT / room / "py.typed").is_file()


def test_a_folder_with_code_is_a_package() -> None:
    folders = {path.parent for path in python_files(*ROOMS, "tests", "benchmarks")}
    assert sorted(str(folder) for folder in folders if folder / "__init__.py" not in files()) == []


@cache
def _named(path: Path) -> tuple[frozenset[str], frozenset[str]]:
    """What a file imports, by full name, and `a.b` for each attribute of a plain name."""
    imported: set[str] = set()
    attributes: set[str] = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            imported.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported.add(node.module)
            imported.update(f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            attributes.add(f"{node.value.id}.{node.attr}")
    return frozenset(imported), frozenset(attributes)


def test_nothing_shipped_imports_tests_or_benchmarks() -> None:
    guilty = [
        f"{path}: {name}"
        for path in python_files(*ROOMS)
        for name in _named(path)[0]
        if name.split(".")[0] in {"tests", "benchmarks"}
    ]
    assert guilty == []


def test_only_the_door_reads_the_environment() -> None:
    names = {"os.environ", "os.environb", "os.getenv", "os.getenvb", "os.putenv"}
    guilty = [
        f"{path}: {name}"
        for path in python_files(*ROOMS)
        if path.parts[0] != "gitant"
        for name in _named(path)[0] | _named(path)[1]
        if name in names
    ]
    assert guilty == []


def test_the_pure_rooms_read_no_clock_and_throw_no_dice() -> None:
    guilty = [
        f"{path}: {name}"
        for path in python_files("domain", "replication")
        for name in _named(path)[0] | _named(path)[1]
        if name in CLOCK_AND_DICE or name.split(".")[0] in {"time", "random", "secrets", "uuid"}
    ]
    assert guilty == []
