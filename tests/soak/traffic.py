"""Two real nodes that part and meet again, over and over, then as much traffic as an hour may bring: nothing grows."""

from __future__ import annotations

import os
import threading
import time
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from statistics import linear_regression
from typing import TYPE_CHECKING, Any, Final

from tests.gitant.network.meeting import Member
from tests.gitant.running import PATIENCE_S
from tests.soak.clients import Caller

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

EVENTS_PER_ROUND: Final = 18
"""200 rounds write 3,600 events: one a second for an hour."""
BYTES_GROWN_MAX: Final = 64 << 20
"""Of one process, from a quarter of the way to the end: there is more to show by then, and heaps are never flat."""
LOOKS: Final = 12
_PAUSE_S: Final = 0.02


@dataclass(frozen=True, slots=True)
class Use:
    """What the processes of one node hold, in all."""

    processes: int
    descriptors: int
    threads: int
    resident_bytes: int


def run_traffic(rounds: int, seed: int, scratch: Path, say: Callable[[str], None]) -> None:
    """Part and meet `rounds` times, then write `EVENTS_PER_ROUND` as many events on both sides."""
    nodes = [Member(scratch / name) for name in "ab"]
    try:
        for node in nodes:
            node.wait_ready()
        nodes[1].meets(nodes[0])
        repo = str(nodes[0].ask("POST", "/repos", {"name": "attic"})["id"])
        nodes[1].ask("POST", "/follows", {"repo": repo})
        _until(lambda: _level(nodes, repo), lambda: "they meet")
        part_and_write(nodes, repo, rounds, seed, say)
    finally:
        for node in nodes:
            node.node.process.kill()
            node.node.process.communicate(timeout=PATIENCE_S)


def part_and_write(nodes: Sequence[Member], repo: str, rounds: int, seed: int, say: Callable[[str], None]) -> None:
    """The same with two nodes that have a repository in common, of which the second dials the first."""
    say(_cycles(nodes, repo, rounds))
    say(_writes(nodes, repo, rounds * EVENTS_PER_ROUND, Random(seed), say))


def _cycles(nodes: Sequence[Member], repo: str, rounds: int) -> str:
    """The one that dials pauses and goes on; each time something is written on the other meanwhile."""
    peer = str(nodes[0].ask("GET", "/status")["did"])
    before: list[Use] = []
    for number in range(rounds):
        for node in nodes:
            node.node.listen()
        if number == max(1, rounds // 4):
            before = [use_of(node) for node in nodes]
        nodes[1].ask("PUT", f"/peers/{peer}/pause", {})
        _until(lambda: not _connected(nodes[1], peer), lambda: "they part")
        nodes[0].ask("POST", f"/repos/{repo}/issues", {"title": f"apart {number}"})
        nodes[1].ask("DELETE", f"/peers/{peer}/pause")
        _until(lambda: _connected(nodes[1], peer), lambda: f"they meet again: {nodes[1].ask('GET', '/peers')}")
        _until(partial(_level, nodes, repo), partial(_apart, nodes, repo, number))
    after = [use_of(node) for node in nodes]
    _check(before, after)
    return f"{rounds} times parted and met: {before} after a quarter, {after} at the end"


def _writes(nodes: Sequence[Member], repo: str, events: int, dice: Random, say: Callable[[str], None]) -> str:
    before: list[Use] = []
    looks: list[tuple[int, dict[str, int]]] = []
    began = time.monotonic()
    callers = [Caller((node.host, node.port), node.token) for node in nodes]
    with closing(callers[0]), closing(callers[1]):
        issue = callers[0].ask("POST", f"/api/v1/repos/{repo}/issues", {"title": "An hour"})["id"]
        _until(lambda: _level(nodes, repo), lambda: "they come to the same")
        for number in range(events):
            if number == events // 4:
                before = [use_of(node) for node in nodes]
            if number % max(1, events // LOOKS) == 0:
                looks.append((number, private_bytes(nodes[0])))
                for node in nodes:
                    node.node.listen()
            said = {"body": "b" * dice.randint(1, 400)}
            callers[number % 2].ask("POST", f"/api/v1/repos/{repo}/issues/{issue}/comment", said)
    _until(lambda: _level(nodes, repo), lambda: "they come to the same")
    took_s = time.monotonic() - began
    after = [use_of(node) for node in nodes]
    looks.append((events, private_bytes(nodes[0])))
    for name in looks[0][1]:
        say(_grown(name, [(number, found.get(name, 0)) for number, found in looks]))
    _check(before, after)
    return f"{events} events in {took_s:.0f} s: {before} after a quarter, {after} at the end"


def use_of(node: Member) -> Use:
    """What a node's processes hold now."""
    pids = [node.node.pid, *_children(node.node.pid)]
    page = os.sysconf("SC_PAGESIZE")
    resident = [int((Path("/proc") / str(pid) / "statm").read_text().split()[1]) * page for pid in pids]
    return Use(
        processes=len(pids),
        descriptors=sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in pids),  # noqa: PTH208
        threads=sum(len(os.listdir(f"/proc/{pid}/task")) for pid in pids),  # noqa: PTH208
        resident_bytes=sum(resident),
    )


def private_bytes(node: Member) -> dict[str, int]:
    """Memory that is no file's, by the process of a node that holds it."""
    pids = [node.node.pid, *_children(node.node.pid)]
    return {f"{_role_of(pid)} {pid}": _anonymous_bytes(pid) for pid in pids}


def _role_of(pid: int) -> str:
    words = (Path("/proc") / str(pid) / "cmdline").read_bytes().split(b"\0")
    module = words[words.index(b"-m") + 1].decode() if b"-m" in words else "gitant.serve"
    return module.removeprefix("gitant.")


def _anonymous_bytes(pid: int) -> int:
    for line in (Path("/proc") / str(pid) / "status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) << 10
    return 0


def _grown(name: str, looks: Sequence[tuple[int, int]]) -> str:
    """One process over time, and how much an event has cost it since half of them were written."""
    late = looks[len(looks) // 2 :]
    slope = linear_regression([number for number, _ in late], [size for _, size in late]).slope
    course = " ".join(f"{size / (1 << 20):.1f}" for _, size in looks)
    return f"{name}: {course} MiB; {slope:,.0f} bytes an event in the later half"


def _children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children")
    threads = Path(f"/proc/{pid}/task").iterdir() if found.exists() else ()
    return sorted({int(child) for thread in threads for child in (thread / "children").read_text().split()})


def _check(before: Sequence[Use], after: Sequence[Use]) -> None:
    for one, other in zip(before, after, strict=True):
        assert other.processes == one.processes, f"{one}, then {other}"
        assert other.descriptors <= one.descriptors + 8, f"{one}, then {other}"
        assert other.threads <= one.threads + 16, f"{one}, then {other}"
        assert other.resident_bytes - one.resident_bytes < BYTES_GROWN_MAX * one.processes, f"{one}, then {other}"


def _connected(node: Member, peer: str) -> bool:
    return any(each["connected"] for each in node.ask("GET", "/peers")["peers"] if each["did"] == peer)


def _level(nodes: Sequence[Member], repo: str) -> bool:
    try:
        return len({node.digests(repo) for node in nodes}) == 1
    except OSError:  # an HTTP error is one, too: it has not come yet
        return False


def _told(nodes: Sequence[Member], repo: str) -> list[Any]:
    return [node.ask("GET", f"/repos/{repo}/sync") for node in nodes]


def _apart(nodes: Sequence[Member], repo: str, number: int) -> str:
    return f"they come to the same in round {number}: {_told(nodes, repo)}"


def _until(holds: Callable[[], Any], words: Callable[[], str]) -> None:
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < PATIENCE_S, f"not within {PATIENCE_S} s: {words()}"
        threading.Event().wait(_PAUSE_S)
