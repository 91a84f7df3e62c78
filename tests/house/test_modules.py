"""How every file opens, how long it and its functions may be, and which words none may hold."""

from __future__ import annotations

import ast
import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from tests.house.tree import ROOMS, ROOT, files, python_files, statements, tree_of

if TYPE_CHECKING:
    from pathlib import Path

CODE = (*ROOMS, "tests", "benchmarks")
FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 70
FUNCTIONS_LEAST = 5_000
"""Fewer, and not all are seen."""

# Spelled in pieces, so that this file does not hold them.
UNFINISHED = ("TO" + "DO", "FIX" + "ME", "X" * 3, "NotImplemented" + "Error")
REGISTRIES = ("pypi" + ".org", "pythonhosted" + ".org", "registry." + "npmjs.org", "proxy." + "golang.org")
MACHINE_PATHS = ("/wo" + "rk", "/t" + "mp", "/ro" + "ot", "/ho" + "me")

BINARY = {".bin", ".pack", ".idx", ".png", ".gz", ".ico", ".woff2"}
_IGNORE = re.compile(r"#\s*(type: ignore|pyright: ignore|noqa)(?P<rest>.*)")
_REASONED = re.compile(r"\[[\w, -]+\]|:\s*[A-Z]+\d+")


@cache
def _lines(path: Path) -> list[str]:
    return (ROOT / path).read_text(errors="replace").splitlines()


def _texts() -> list[Path]:
    return [path for path in files() if path.suffix not in BINARY]


class _Seen(NamedTuple):
    """What the tests below ask of a file."""

    opens_well: bool
    functions: list[tuple[str, int]]
    """Name and lines of each, decorators not counted."""


@cache
def _seen(path: Path) -> _Seen:
    tree = tree_of(path)
    functions = [
        (node.name, (node.end_lineno or node.lineno) - node.lineno + 1)
        for node in statements(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return _Seen(_opens_well(tree), functions)


def _opens_well(tree: ast.Module) -> bool:
    """One line of docstring first (more may follow a blank one), and annotations that are not evaluated."""
    docstring = ast.get_docstring(tree, clean=False)
    if not docstring or not docstring.splitlines()[0].strip():
        return False
    only_docstring = len(tree.body) == 1
    return only_docstring or any(
        isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body[:2]
    )


def test_every_module_opens_with_what_it_is_for() -> None:
    assert [str(path) for path in python_files(*CODE) if not _seen(path).opens_well] == []


def test_no_file_is_longer_than_600_lines() -> None:
    lengths = {str(path): len(_lines(path)) for path in python_files(*CODE)}
    assert lengths
    assert {path: lines for path, lines in lengths.items() if lines > FILE_LINES_MAX} == {}


def test_no_function_is_longer_than_70_lines() -> None:
    assert sum(len(_seen(path).functions) for path in python_files(*CODE)) > FUNCTIONS_LEAST
    too_long = [
        f"{path}: {name} has {lines} lines"
        for path in python_files(*CODE)
        for name, lines in _seen(path).functions
        if lines > FUNCTION_LINES_MAX
    ]
    assert too_long == []


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
        for path in python_files(*CODE)
        for number, line in enumerate(_lines(path), 1)
        if (match := _IGNORE.search(line)) and not _REASONED.match(match["rest"])
    ]
    assert found == []
