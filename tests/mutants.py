"""`python -m tests.mutants [--sample N] [--seed S]`: break authority in small ways, one at a time, and see who notices.

Each mutant is one changed comparison, operator, constant or return, or one statement left out, in a copy of the rooms
under a temporary folder. The fast tests of authority run against it; a mutant that they let pass is printed, for
somebody to kill with a test or to explain.
"""

from __future__ import annotations

import argparse
import ast
import copy
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TARGETS: Final = (
    "domain/policy.py",
    "domain/authority/court.py",
    "domain/authority/rights.py",
    "domain/authority/ancestry.py",
    "domain/authority/enrolment.py",
    "domain/authority/needs.py",
    "domain/replay/judge.py",
    "domain/replay/courts.py",
    "domain/verdict.py",
)
COPIED: Final = (
    "domain",
    "tests",
    "projections",
    "storage",
    "gitant",
    "api",
    "transport",
    "replication",
    "pyproject.toml",
)
SECONDS_MAX: Final = 120
QUICK: Final = """
import sys, pytest
from tests.laws.contests import run_contests
code = pytest.main(["-q", "-x", "-p", "no:cacheprovider", "-p", "no:randomly", "tests/exploits/authority/test_keys.py",
    "tests/exploits/authority/test_old_parents.py"])
if code:
    sys.exit(1)
run_contests(60, seed=3, shrink=False)
"""
_OPPOSITES: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}


class Mutant(NamedTuple):
    """One change: the file, the line, what is done, and the file's text with it."""

    path: str
    line: int
    words: str
    text: str


def mutants(root: Path, path: str) -> Iterator[Mutant]:
    """Every mutant of a file."""
    tree = ast.parse((root / path).read_text())
    nodes = list(ast.walk(tree))
    for number, node in enumerate(nodes):
        for variant in range(2):
            changed = copy.deepcopy(tree)
            target = list(ast.walk(changed))[number]
            words = _change(target, variant)
            if words:
                line = getattr(node, "lineno", 0)
                yield Mutant(path, line, words, ast.unparse(ast.fix_missing_locations(changed)))


def _change(node: ast.AST, variant: int) -> str:
    """Change a node in place; says how, or nothing if there is nothing to change."""
    match node, variant:
        case ast.Compare(ops=[op]), 0 if type(op) in _OPPOSITES:
            node.ops = [_OPPOSITES[type(op)]()]
            return f"{type(op).__name__} becomes {type(node.ops[0]).__name__}"
        case ast.BoolOp(values=[_, *_]), 0:
            node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            return "and, or exchanged"
        case ast.BoolOp(values=[*_, _]), 1:
            node.values = node.values[:-1] if len(node.values) > 2 else [node.values[0], node.values[0]]
            return "last condition left out"
        case ast.UnaryOp(op=ast.Not()), 0:
            node.operand = ast.UnaryOp(ast.Not(), node.operand)
            return "not left out"
        case ast.Constant(value=bool() as truth), 0:
            node.value = not truth
            return "constant changed"
        case ast.Constant(value=int() as count), 0:
            node.value = count + 1
            return "constant changed"
        case ast.If(), 1:
            node.test = ast.Constant(False)
            return "branch never taken"
        case ast.Return(value=ast.expr() as value), 0 if not isinstance(value, ast.Constant):
            node.value = ast.Constant(None)
            return "returns None"
        case ast.Expr(value=ast.Call()), 0:
            node.value = ast.Constant(None)
            return "statement left out"
        case _:
            return ""


def survives(root: Path, folder: Path, mutant: Mutant) -> bool:
    """Whether the fast tests pass with a mutant in place; one that takes too long is noticed."""
    file = folder / mutant.path
    file.write_text(mutant.text)
    try:
        done = subprocess.run(
            [sys.executable, "-c", QUICK],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            timeout=SECONDS_MAX,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    finally:
        shutil.copy2(root / mutant.path, file)
    return done.returncode == 0


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests.mutants", description=__doc__)
    parser.add_argument("--sample", type=int, default=0, help="how many, picked by chance; all by default")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(argv)
    root = Path(__file__).parent.parent
    every = [mutant for path in TARGETS for mutant in mutants(root, path)]
    chosen = random.Random(options.seed).sample(every, options.sample) if options.sample else every
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for each in COPIED:
            source = root / each
            if source.is_dir():
                shutil.copytree(source, folder / each, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(source, folder / each)
        left = [mutant for mutant in chosen if survives(root, folder, mutant) and _show(mutant)]
    print(f"{len(left)} of {len(chosen)} survive ({len(every)} in all)")
    return 0


def _show(mutant: Mutant) -> bool:
    print(f"{mutant.path}:{mutant.line}: {mutant.words}", flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
