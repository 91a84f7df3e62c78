"""How soon what is written on one of three connected nodes can be read on the others, while events keep coming."""

from __future__ import annotations

import argparse
import json
import signal
import statistics
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

from tests.gitant.network.meeting import Member, soon

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = "network"
GOAL = "an event is readable on the other two nodes within 100 ms (median) and 500 ms (p99), with 50 events a second"


class _Ear(threading.Thread):
    """Hears a node's event stream and notes when each event was there."""

    def __init__(self, node: Member) -> None:
        super().__init__(daemon=True)
        self.heard: dict[str, float] = {}
        request = urllib.request.Request(
            f"{node.url}/api/v1/events/stream", headers={"Authorization": f"Bearer {node.token}"}
        )
        self._answer = urllib.request.urlopen(request, timeout=600)
        self.start()

    def run(self) -> None:
        for line in self._answer:
            if line.startswith(b"data:"):
                self.heard.setdefault(json.loads(line[5:])["id"], time.perf_counter())


def main(argv: Sequence[str]) -> None:
    """Print the spread of delays, from the answer to the writer on to the event in each other node's views."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks network --")
    parser.add_argument("--events", type=int, default=1_000)
    parser.add_argument("--per-second", type=float, default=50.0)
    given = parser.parse_args(list(argv))
    with tempfile.TemporaryDirectory() as scratch:
        nodes = [Member(Path(scratch) / name) for name in "abc"]
        try:
            for node in nodes:
                node.wait_ready()
            for other in nodes[1:]:
                other.meets(nodes[0])
            repo = str(nodes[0].ask("POST", "/repos", {"name": "bench"})["id"])
            for other in nodes[1:]:
                other.ask("POST", "/follows", {"repo": repo})
                soon(lambda other=other: _is_here(other, repo), "the repository came")
            _run(nodes, repo, given.events, given.per_second)
        finally:
            for node in nodes:
                node.end(signal.SIGTERM)


def _run(nodes: Sequence[Member], repo: str, events: int, per_second: float) -> None:
    ears = [_Ear(node) for node in nodes]
    written: dict[str, tuple[int, float]] = {}
    began = time.perf_counter()
    for number in range(events):
        time.sleep(max(0.0, began + number / per_second - time.perf_counter()))
        at = number % len(nodes)
        made = nodes[at].ask("POST", f"/repos/{repo}/issues", {"title": f"Number {number}"})
        written[made["id"]] = at, time.perf_counter()
    took = time.perf_counter() - began
    soon(lambda: all(name in ear.heard for name in written for ear in ears), "all heard of all")
    delays = sorted(
        1_000 * max(0.0, ear.heard[name] - when)
        for name, (at, when) in written.items()
        for place, ear in enumerate(ears)
        if place != at
    )
    print(f"{events} events, {events / took:.1f} a second, on three nodes in turn; {len(delays)} arrivals elsewhere")
    print(
        f"median {statistics.median(delays):.1f} ms, p90 {delays[int(0.9 * len(delays))]:.1f} ms, "
        f"p99 {delays[int(0.99 * len(delays))]:.1f} ms, greatest {delays[-1]:.1f} ms"
    )


def _is_here(node: Member, repo: str) -> bool:
    try:
        node.ask("GET", f"/repos/{repo}")
    except urllib.error.HTTPError:
        return False
    return True
