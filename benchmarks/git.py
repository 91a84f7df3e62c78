"""Clones, fetches and pushes by stock git, against `git http-backend` with bitmaps and a commit graph."""

from __future__ import annotations

import argparse
import shutil
import signal
import statistics
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from benchmarks._git_cases import AT_ONCE, Desk, Took
from benchmarks._git_history import git, repository
from benchmarks._git_lazy import told
from benchmarks._git_sides import CannedSide, NodeSide, PeerSide
from domain.ports_git import ZERO_OID

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence

    from benchmarks._git_sides import Side

    Case = Callable[[Desk, Side, int], tuple[Took, str]]

NAME = "git"
GOAL = "at or ahead of git http-backend with bitmaps; each row of the table has its own goal"

REFS: Final = 10_000
MOVED: Final = 1_000
CLONES: Final = 100
_QUIET_SHARE: Final = 0.05
_QUIET_S_MAX: Final = 30.0
"""On a busy machine care of a repository takes minutes; what is timed then is timed beside it."""


class Row(NamedTuple):
    """A line of the table. Goals are ratios of wall time, and of processor time where that is named, too."""

    name: str
    case: Case
    goal: float | None
    """None for what is shown for comparison only."""
    cpu_goal: float | None = None
    runs: int | None = None
    """Where it is another number than asked for."""
    prepare: Callable[[Desk, Sequence[Side], int], None] = lambda _desk, _sides, _run: None
    """Before each run of both sides."""
    warm: int = 2
    """Runs that are not counted come first, so that each worker has met the repository."""
    canned: bool = False
    """Whether what the node answers is the same each time."""
    rate: int = 1
    """How many requests one run is; with more than one the goal is how many times the yardstick's rate."""


def main(argv: Sequence[str]) -> None:
    options = _options(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the servers are ended then, too
    with _folder(options.keep) as keep:
        origins = [Path(options.repo)] if options.repo else [repository(keep, size) for size in options.objects]
        for origin in origins:
            with tempfile.TemporaryDirectory(dir=keep) as scratch:
                _measure(origin, Path(scratch), options)


def _measure(origin: Path, scratch: Path, options: argparse.Namespace) -> None:
    desk = Desk(scratch, origin)
    count = git("-C", str(origin), "count-objects", "-v").split("in-pack: ")[1].split()[0]
    print(f"-- {origin.name}: {int(count):,} objects; medians of {options.runs} runs, taken in turn")
    node, peer = NodeSide(scratch / "node"), PeerSide(scratch / "peer")
    (scratch / "peer").mkdir()
    sides: list[Side] = [node, peer]
    try:
        for side in sides:
            side.start()
            side.create("bench")
            desk.push_all(side, "bench")
            side.polish("bench")
        if options.floor:
            sides = [CannedSide(node), peer]
            sides[0].start()
        for row in _rows():
            if options.floor and not row.canned:
                continue
            if not options.only or any(word in row.name for word in options.only):
                _run_row(row, desk, sides, row.runs or options.runs)
        if not options.floor and (not options.only or "memory" in options.only):
            desk.many(node, CLONES)
            print(f"{'memory after 100 clones':34} {node.anon_mib():9.0f} MiB in one process; goal ≤ 150")
            print(f"{'memory for this repository':34} {_held_mib(desk, node):9.0f} MiB in one process; goal ≤ 60")
        if not options.floor and (not options.only or "lazy" in options.only):
            print("-- median / second worst / worst of a hundred questions beside lazy clients")
            print(told(desk, node), flush=True)
    finally:
        for side in {*sides, node}:
            side.stop()


def _run_row(row: Row, desk: Desk, sides: Sequence[Side], runs: int) -> None:
    taken: list[list[Took]] = []
    for run in range(runs + row.warm):
        row.prepare(desk, sides, run)
        for side in sides:
            _quiet(side)
        results = [row.case(desk, side, run) for side in sides]
        seen = {digest for _, digest in results}
        if len(seen) > 1:
            print(f"{row.name}: the two sides gave different objects: {seen}")
        taken += [[took for took, _ in results]] if run >= row.warm else []
    node, peer = ([pair[side] for pair in taken] for side in (0, 1))
    wall = statistics.median(a.wall_s / b.wall_s for a, b in zip(node, peer, strict=True))
    cpu = sum(each.cpu_s for each in node) / max(sum(each.cpu_s for each in peer), 0.01)
    walls = [statistics.median(each.wall_s for each in side) for side in (node, peer)]
    cpus = [statistics.mean(each.cpu_s for each in side) for side in (node, peer)]
    if row.rate > 1:
        figures = f"{row.rate / walls[0]:8.2f}/s {row.rate / walls[1]:8.2f}/s {1 / wall:6.2f} x"
    else:
        figures = f"{walls[0]:8.3f} s {walls[1]:8.3f} s {wall:6.2f}"
    told = f"{figures}{_goal(row)}; cpu {cpus[0]:.2f} s {cpus[1]:.2f} s {cpu:.2f}"
    print(f"{row.name:34} {told}; {_verdict(row, wall, cpu)}", flush=True)


def _goal(row: Row) -> str:
    if row.goal is None:
        return ""
    if row.rate > 1:
        return f", goal ≥ {row.goal} x"
    return f", goal ≤ {row.goal}" + (f" / {row.cpu_goal}" if row.cpu_goal else "")


def _verdict(row: Row, wall: float, cpu: float) -> str:
    if row.goal is None:
        return "no goal"
    fast = 1 / wall >= row.goal if row.rate > 1 else wall <= row.goal
    return "reached" if fast and (row.cpu_goal is None or cpu <= row.cpu_goal) else "MISSED"


def _rows() -> list[Row]:
    return [
        Row("full clone", lambda desk, side, _: desk.clone(side), 1.0, 0.3, canned=True),
        Row("depth 1", lambda desk, side, _: desk.clone(side, "--depth", "1"), 0.5, canned=True),
        Row("depth 1, first after start", lambda desk, side, _: desk.clone(side, "--depth", "1"), 1.0, prepare=_again),
        Row("fetch of 10 commits", lambda desk, side, _: desk.fetch(side), 0.6, canned=True),
        Row("fetch, first after start", lambda desk, side, _: desk.fetch(side), 1.0, prepare=_again),
        Row("blob:none clone", lambda desk, side, _: desk.clone(side, "--filter=blob:none"), 0.8, canned=True),
        Row(f"ls-remote, {REFS:,} refs", _tell_refs, 0.8, prepare=_make_refs),
        Row(f"{MOVED:,} more branches", _more_refs, 1.0, prepare=_make_refs),
        Row(f"{MOVED:,} branches back and forth", _force_refs, None, prepare=_make_refs),
        Row("push of one commit", _push_one, 1.0, prepare=_advance),
        Row("fetch right after a push", lambda desk, side, _: desk.fetch(side), 1.0, prepare=_pushed),
        Row("depth 1 right after a push", lambda desk, side, _: desk.clone(side, "--depth", "1"), 1.0, prepare=_pushed),
        Row("full clone right after a push", lambda desk, side, _: desk.clone(side), 1.0, prepare=_pushed),
        Row("push of the whole history", _push_all, 1.1, runs=3, warm=0),
        Row(f"{AT_ONCE} clones at once", lambda desk, side, _: desk.drain(side, AT_ONCE), 5.0, rate=AT_ONCE),
        Row(f"{AT_ONCE} clones at once, by curl", lambda desk, side, _: desk.many(side, AT_ONCE), None, rate=AT_ONCE),
    ]


def _again(_desk: Desk, sides: Sequence[Side], _run: int) -> None:
    for side in sides:
        side.stop()
        side.start()


def _advance(desk: Desk, _sides: Sequence[Side], _run: int) -> None:
    desk.advance()


def _push_one(desk: Desk, side: Side, _run: int) -> tuple[Took, str]:
    return desk.push(side)


def _pushed(desk: Desk, sides: Sequence[Side], _run: int) -> None:
    desk.advance()
    for side in sides:
        desk.push(side)


def _make_refs(desk: Desk, sides: Sequence[Side], run: int) -> None:
    """Once, a repository of its own on both sides."""
    if run or "refs" in desk.made:
        return
    desk.made.add("refs")
    for side in sides:
        side.create("refs")
        git("-C", str(desk.origin), "push", "-q", side.url("refs"), f"{desk.tip}:{desk.branch}")
        desk.move_refs(side, "refs", _names(range(REFS)), ZERO_OID, desk.tip)
        side.polish("refs")


def _tell_refs(desk: Desk, side: Side, _run: int) -> tuple[Took, str]:
    return desk.tell_refs(side, "refs")


def _names(numbers: Iterable[int]) -> list[str]:
    return [f"refs/heads/many/{number:05}" for number in numbers]


def _more_refs(desk: Desk, side: Side, run: int) -> tuple[Took, str]:
    return desk.move_refs(side, "refs", _names(range(REFS + run * MOVED, REFS + (run + 1) * MOVED)), ZERO_OID, desk.tip)


def _force_refs(desk: Desk, side: Side, run: int) -> tuple[Took, str]:
    """Back and forth, so every second time it is by force."""
    old, new = (desk.old, desk.tip) if run % 2 else (desk.tip, desk.old)
    return desk.move_refs(side, "refs", _names(range(MOVED)), old, new)


def _push_all(desk: Desk, side: Side, run: int) -> tuple[Took, str]:
    side.create(f"fresh-{run}")
    return desk.push_all(side, f"fresh-{run}")


def _held_mib(desk: Desk, node: NodeSide) -> float:
    """What a process has more once it served this repository in every way."""
    node.stop()
    node.start()
    _quiet(node)
    before = node.anon_mib()
    for _ in range(4):
        desk.clone(node)
        desk.clone(node, "--depth", "1")
        desk.clone(node, "--filter=blob:none")
        desk.fetch(node)
    return node.anon_mib() - before


def _quiet(side: Side) -> None:
    """Until what the server does by itself is done: nothing is timed beside it, unless that takes too long."""
    until = time.monotonic() + _QUIET_S_MAX
    while time.monotonic() < until:
        before = side.cpu_s()
        time.sleep(0.3)
        if side.cpu_s() - before < 0.3 * _QUIET_SHARE:
            return


@contextmanager
def _folder(keep: str | None) -> Generator[Path]:
    if keep:
        Path(keep).mkdir(parents=True, exist_ok=True)
        yield Path(keep)
    else:
        folder = tempfile.mkdtemp()
        try:
            yield Path(folder)
        finally:
            shutil.rmtree(folder)


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks {NAME} --")
    parser.add_argument("--repo", help="a bare repository to serve instead of those made for this")
    parser.add_argument("--objects", type=int, nargs="*", default=[21_000, 155_000])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--keep", help="a folder where what was made is kept for another time")
    parser.add_argument("--floor", action="store_true", help="instead of the node, a server that needs no time at all")
    parser.add_argument("--only", nargs="*", default=[], help="rows whose name has one of these words")
    return parser.parse_known_args(argv)[0]
