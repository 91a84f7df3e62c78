"""The checkout as the house tests see it: its files, its rooms, their syntax trees."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent.parent
ROOMS = ("api", "domain", "gitant", "projections", "replication", "storage", "transport")
BIN = Path(sys.executable).parent
"""Where the environment's commands are. Not resolved: the interpreter in a venv is a link."""


@cache
def files() -> tuple[Path, ...]:
    """Every file that is or could be committed, as paths relative to the root."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    names = sorted(set(filter(None, listed.stdout.split("\0"))))
    return tuple(Path(name) for name in names if (ROOT / name).is_file())


def python_files(*rooms: str) -> tuple[Path, ...]:
    """The Python files in the named top folders."""
    return tuple(path for path in files() if path.suffix == ".py" and path.parts[0] in rooms)


def tree_of(path: Path) -> ast.Module:
    """The syntax tree of a file of the checkout. Keep none: every later collection of garbage would look at it."""
    return ast.parse((ROOT / path).read_text(), filename=str(path))


def statements(tree: ast.Module) -> Iterator[ast.AST]:
    """Every statement (and handler, and case) of a file, however deep, without the expressions in them."""
    ahead: list[ast.AST] = [tree]
    while ahead:
        node = ahead.pop()
        for name in ("body", "orelse", "handlers", "finalbody", "cases"):
            within = getattr(node, name, ())
            yield from within
            ahead += within


@cache
def pyproject() -> dict[str, Any]:
    """What pyproject.toml says."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())
