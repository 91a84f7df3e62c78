"""Blame, the last commits of a folder and the history of a path, against git's own processor time."""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from benchmarks._git_history import git
from benchmarks._written import FILE, FOLDER, Shape, written
from domain.ids import StreamId
from storage.git.engine.keeping import KeptTables
from storage.git.reader import DulwichReader

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

NAME = "blame"
GOAL = "blame of 3,000 lines and 200 commits ≤ 3 × git's processor time; last commits of 300 entries ≤ 50 ms"

_REPO: Final = StreamId(bytes(31) + b"\1")


class _Case(NamedTuple):
    name: str
    ours: Callable[[DulwichReader], object]
    words: tuple[str, ...]
    """What git is asked."""


_CASES: Final = (
    _Case("blame", lambda reader: reader.blame(_REPO, "main", FILE), ("blame", "--porcelain", "main", "--", FILE)),
    _Case(
        "last commits",
        lambda reader: reader.last_commits(_REPO, "main", FOLDER),
        ("log", "--format=%H", "--name-status", "--no-renames", "main", "--", FOLDER),
    ),
    _Case(
        "history of the file",
        lambda reader: reader.commits(_REPO, "main", path=FILE, limit=10_000),
        ("log", "main", "--", FILE),
    ),
    _Case(
        "commits of the file, counted",
        lambda reader: reader.commit_count(_REPO, "main", path=FILE),
        ("rev-list", "--count", "main", "--", FILE),
    ),
    _Case(
        "all commits, counted",
        lambda reader: reader.commit_count(_REPO, "main"),
        ("rev-list", "--count", "main"),
    ),
)


def main(argv: Sequence[str]) -> None:
    options = _options(argv)
    with tempfile.TemporaryDirectory() as scratch:
        keep = Path(options.keep or scratch)
        plain = written(keep, Shape(objects=options.objects, lines=options.lines, edits=options.edits))
        helped = Path(scratch) / "helped.git"
        git("clone", "-q", "--bare", str(plain), str(helped))
        git("-C", str(helped), "commit-graph", "write", "--reachable", "--changed-paths")
        roots = Path(scratch) / "root"
        roots.mkdir()
        (roots / f"{_REPO.hex()}.git").symlink_to(plain.resolve())
        began = time.process_time()
        tables = KeptTables()
        tables.tables(roots / f"{_REPO.hex()}.git")
        print(f"tables: {time.process_time() - began:.2f} s to make or open")
        for case in _CASES:
            _measure(case, roots, tables, (plain, helped), options.runs)


def _measure(case: _Case, root: Path, tables: KeptTables, stock: tuple[Path, Path], runs: int) -> None:
    """A reader that has kept no answer yet, what it says when asked again, and git, in turn."""
    rows = list[tuple[float, ...]]()
    for _ in range(runs + 1):
        with closing(DulwichReader(root, tables)) as reader:
            row = (_timed(case.ours, reader), _timed(case.ours, reader))
        rows.append(row + tuple(_child(repo, case.words) for repo in stock))
    ours, again, plain, helped = (statistics.median(column) * 1_000 for column in zip(*rows[1:], strict=True))
    print(
        f"{case.name}: {ours:.1f} ms, asked again {again:.1f}; git {plain:.1f}, with changed paths {helped:.1f};"
        f" ratio {ours / plain:.2f}, to changed paths {ours / helped:.2f}",
        flush=True,
    )


def _timed(ask: Callable[[DulwichReader], object], reader: DulwichReader) -> float:
    began = time.process_time()
    ask(reader)
    return time.process_time() - began


def _child(repo: Path, words: tuple[str, ...]) -> float:
    """Processor seconds of a git process."""
    began = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(["git", "-C", str(repo), *words], env=_environ(), stdout=subprocess.DEVNULL, check=True)
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime - began.ru_utime + ended.ru_stime - began.ru_stime


def _environ() -> dict[str, str]:
    return os.environ | {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks {NAME} --")
    parser.add_argument("--objects", type=int, default=21_000, help="of the history underneath")
    parser.add_argument("--lines", type=int, default=3_000)
    parser.add_argument("--edits", type=int, default=200)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--keep", help="a folder for the repositories, which are made again elsewhere")
    return parser.parse_known_args(argv)[0]
