"""Files and functions stay small enough to be read in one go."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from tests.house.tree import ROOMS, ROOT, python_files, tree_of

if TYPE_CHECKING:
    from pathlib import Path

FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 70

CODE = (*ROOMS, "tests", "benchmarks")


def _functions(path: Path) -> list[tuple[str, int]]:
    """(name, lines) of each function in a file, decorators not counted."""
    return [
        (node.name, (node.end_lineno or node.lineno) - node.lineno + 1)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def test_no_file_is_longer_than_600_lines() -> None:
    lengths = {str(path): len((ROOT / path).read_text().splitlines()) for path in python_files(*CODE)}
    assert lengths
    assert {path: lines for path, lines in lengths.items() if lines > FILE_LINES_MAX} == {}


def test_no_function_is_longer_than_70_lines() -> None:
    too_long = [
        f"{path}: {name} has {lines} lines"
        for path in python_files(*CODE)
        for name, lines in _functions(path)
        if lines > FUNCTION_LINES_MAX
    ]
    assert too_long == []
