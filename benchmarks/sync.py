"""Two nodes meet: round trips and bytes for what differs, and how fast a node catches up with a big log."""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from benchmarks._catching import Catcher, history
from domain.envelope import SIGNATURE_TAG
from domain.keys import verify
from storage.log.eventlog import SQLiteEventLog
from tests.replication.worlds import equal_streams, meeting

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = "sync"
GOAL = (
    "1,000 of 1,000,000 events missing: ≤ 3 round trips (100 feeds), ≤ 5 (10,000), ≤ 150 bytes each · 1,000 equal "
    "streams: 1 round trip, ≤ 4 KB · catch-up ≥ 3 × one Ed25519 check an event, ≤ 300 MB for 1,000,000"
)

EVENTS = 1_000_000
MISSING = 1_000
VERIFIED = 2_000


def meetings(runs: int) -> None:
    """What it takes two copies of one stream to find out what differs, and to have it."""
    for feeds in (100, 10_000):
        for both in (False, True):
            for seed in range(1, runs + 1):
                toll = meeting(feeds, EVENTS, MISSING, seed, both=both)
                side = "500 on each side" if both else "on one side     "
                print(
                    f"{feeds:6,} feeds, {MISSING:,} of {EVENTS:,} missing {side}, seed {seed}: "
                    f"{toll.waves / 2:.1f} round trips, {toll.per_event:5.1f} bytes of overhead an event"
                )


def events_by_order(missing: int, events: int, seed: int) -> tuple[float, float]:
    """For comparison: the same by ranges of all events in the order of (lamport, id), as negentropy does it.

    Cut in 16 wherever prints differ, 16 bytes of print and 4 of bound for each, ids below 32 events; nothing else is
    counted. Round trips and bytes for each missing event.
    """
    places = sorted(Random(seed).sample(range(events), missing))
    ranges, size, half_trips = [(0, events, len(places))], 0, 0
    while ranges:
        half_trips += 1
        finer: list[tuple[int, int, int]] = []
        start = 0
        for low, high, _ in ranges:
            if high - low <= 32:
                size += 20 + 32 * (high - low)
                continue
            step = -(-(high - low) // 16)
            for cut in range(low, high, step):
                size += 20
                end = min(cut + step, high)
                while start < missing and places[start] < cut:
                    start += 1
                if start < missing and places[start] < end:
                    finer.append((cut, end, 0))
        ranges = finer
    return half_trips / 2, size / missing


def catch_up(folder: Path, events: int, feeds: int, batch_bytes: int) -> None:
    """From received bytes to a durable log, against one signature check for each event."""
    path = folder / "history"
    words = [sys.executable, "-m", "benchmarks._catching", str(path), str(events), str(feeds), str(batch_bytes)]
    subprocess.run(words, check=True)
    log = SQLiteEventLog(folder / "log.sqlite")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    catcher = Catcher(path, feeds, log)
    stored = catcher.run()
    log.close()
    assert stored == events, f"{stored} of {events} came through"
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rate, (single, single_work) = stored / catcher.seconds, one_by_one()
    work = stored / catcher.processor_seconds
    print(
        f"catch-up of {events:,} events in {feeds} feeds: {rate:,.0f} events/s · one check an event {single:,.0f}/s · "
        f"ratio {rate / single:.2f} (goal ≥ 3), of processor time alone {work / single_work:.2f} · "
        f"memory {memory / 1024:.0f} MB at most, {before / 1024:.0f} before"
    )


def one_by_one() -> tuple[float, float]:
    """Signature checks a second, and nothing else: by the clock, and by the processor's."""
    events = list(history(VERIFIED, 8))
    start, worked = time.perf_counter(), time.process_time()
    for event in events:
        assert verify(event.device, event.signature, SIGNATURE_TAG + event.header)
    return VERIFIED / (time.perf_counter() - start), VERIFIED / (time.process_time() - worked)


def main(argv: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog=f"benchmarks {NAME}", description=GOAL)
    parser.add_argument("--runs", type=int, default=2, help="meetings of each sort")
    parser.add_argument("--events", type=int, default=200_000, help="events to catch up with")
    parser.add_argument("--feeds", type=int, default=32)
    parser.add_argument("--batch-bytes", type=int, default=1 << 20)
    parser.add_argument("--folder", type=Path, help="where the files go; a temporary folder by default")
    options = parser.parse_args(argv)
    # First, because the memory of a process never shrinks.
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        catch_up(Path(folder), options.events, options.feeds, options.batch_bytes)
    size, waves = equal_streams(1_000)
    print(f"1,000 equal streams: {waves / 2:.1f} round trips, {size:,} bytes in all (goal 1 and 4,096)")
    meetings(options.runs)
    trips, each = events_by_order(MISSING, EVENTS, 1)
    print(f"for comparison, by ranges of all events: {trips:.1f} round trips, {each:,.0f} bytes of overhead an event")
