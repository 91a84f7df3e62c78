"""How every file opens, and which words none may hold."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from tests.house.tree import ROOMS, ROOT, files, python_files, tree_of

if TYPE_CHECKING:
    from pathlib import Path

# Spelled in pieces, so that this file does not hold them.
UNFINISHED = ("TO" + "DO", "FIX" + "ME", "X" * 3, "NotImplemented" + "Error")
REGISTRIES = ("pypi" + ".org", "pythonhosted" + ".org", "registry." + "npmjs.org", "proxy." + "golang.org")
MACHINE_PATHS = ("/wo" + "rk", "/t" + "mp", "/ro" + "ot", "/ho" + "me")

BINARY = {".bin", ".pack", ".idx", ".png", ".gz", ".ico", ".woff2"}
_IGNORE = re.compile(r"#\s*(type: ignore|pyright: ignore|noqa)(?P<rest>.*)")
_REASONED = re.compile(r"\[[\w, -]+\]|:\s*[A-Z]+\d+")


def _lines(path: Path) -> list[str]:
    return (ROOT / path).read_text(errors="replace").splitlines()


def _texts() -> list[Path]:
    return [path for path in files() if path.suffix not in BINARY]


def _opens_well(path: Path) -> bool:
    """One line of docstring first (more may follow a blank one), and annotations that are not evaluated."""
    tree = tree_of(path)
    docstring = ast.get_docstring(tree, clean=False)
    if not docstring or not docstring.splitlines()[0].strip():
        return False
    only_docstring = len(tree.body) == 1
    return only_docstring or any(
        isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body[:2]
    )


def test_every_module_opens_with_what_it_is_for() -> None:
    code = python_files(*ROOMS, "tests", "benchmarks")
    assert [str(path) for path in code if not _opens_well(path)] == []


def test_nothing_is_left_unfinished() -> None:
    pattern = re.compile(rf"\b({'|'.join(UNFINISHED)})\b")
    found = [
        f"{path}:{number}: {line.strip()}"
        for path in _texts()
        for number, line in enumerate(_lines(path), 1)
        if pattern.search(line)
    ]
    assert found == []


def test_no_package_registry_is_named_by_host() -> None:
    found = [
        f"{path}:{number}: {host}"
        for path in _texts()
        for number, line in enumerate(_lines(path), 1)
        for host in REGISTRIES
        if host in line
    ]
    assert found == []


def test_no_path_of_somebody_s_machine() -> None:
    pattern = re.compile(rf"(?<![\w.~}})*/-])({'|'.join(MACHINE_PATHS)})(?![\w-])")
    found = [
        f"{path}:{number}: {line.strip()}"
        for path in _texts()
        for number, line in enumerate(_lines(path), 1)
        if pattern.search(line)
    ]
    assert found == []


def test_an_ignored_finding_names_its_code() -> None:
    found = [
        f"{path}:{number}: {line.strip()}"
        for path in python_files(*ROOMS, "tests", "benchmarks")
        for number, line in enumerate(_lines(path), 1)
        if (match := _IGNORE.search(line)) and not _REASONED.match(match["rest"])
    ]
    assert found == []
