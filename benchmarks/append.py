"""Appending to the event log, against the recorder's raw insert of the same rows into the same kind of file."""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from eventsourcing.persistence import StoredEvent
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteDatastore

from domain.envelope import event_id
from domain.ports_log import NewRow
from storage.log.eventlog import SQLiteEventLog
from storage.log.rows import encode_state, originator

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = "append"
GOAL = "log append ≥ 0.5 of the recorder's raw insert (both synchronous=FULL, batches of 500, same sizes)"

BATCH_EVENTS = 500
FEEDS = 8
HEADER_BYTES = 330
SIGNATURE_BYTES = 64
PAYLOAD_BYTES = 300
KIND = "issue.commented.v1"


class Yardstick:
    """The library's own recorder and datastore, with the one pragma it does not set."""

    def __init__(self, path: Path) -> None:
        datastore = SQLiteDatastore(str(path), originator_id_type="text")
        with datastore.get_connection(commit=True) as connection:
            connection.cursor().execute("PRAGMA synchronous = FULL")
        self.recorder = SQLiteApplicationRecorder(datastore)
        self.recorder.create_table()

    def seconds(self, rows: Sequence[NewRow]) -> float:
        """The time to insert `rows`, which are brought into the table's form beforehand."""
        events = [
            StoredEvent(
                originator(row.stream, row.device),
                row.seq,
                row.kind,
                encode_state(row.header, row.signature, row.payload),
            )
            for row in rows
        ]
        start = time.perf_counter()
        self.recorder.insert_events(events)
        return time.perf_counter() - start


class Feeds:
    """Endless chains of events with bytes that do not compress, in `FEEDS` feeds by turns."""

    def __init__(self) -> None:
        self.names = [(os.urandom(32), os.urandom(32)) for _ in range(FEEDS)]
        self.heads: list[bytes | None] = [None] * FEEDS
        self.made = 0

    def batch(self) -> list[NewRow]:
        """The next rows."""
        return [self._row() for _ in range(BATCH_EVENTS)]

    def _row(self) -> NewRow:
        turn, seq = self.made % FEEDS, 1 + self.made // FEEDS
        self.made += 1
        header = os.urandom(HEADER_BYTES)
        stream, device = self.names[turn]
        prev, self.heads[turn] = self.heads[turn], event_id(header)
        signature, payload = os.urandom(SIGNATURE_BYTES), os.urandom(PAYLOAD_BYTES)
        return NewRow(event_id(header), stream, device, seq, prev, KIND, header, signature, payload)


def measure(folder: Path, batches: int) -> tuple[float, float]:
    """Events a second of the log and of the yardstick, taking turns, over `batches` batches each."""
    log, yardstick, feeds = SQLiteEventLog(folder / "log.sqlite"), Yardstick(folder / "raw.sqlite"), Feeds()
    ours = theirs = 0.0
    for number in range(batches):
        rows = feeds.batch()
        if number % 2:
            theirs += yardstick.seconds(rows)
        start = time.perf_counter()
        log.append(rows)
        ours += time.perf_counter() - start
        if not number % 2:
            theirs += yardstick.seconds(rows)
    log.close()
    yardstick.recorder.datastore.close()
    events = batches * BATCH_EVENTS
    return events / ours, events / theirs


def main(argv: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog=f"benchmarks {NAME}", description=GOAL)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--batches", type=int, default=40, help="batches of 500 in a run, from an empty log")
    parser.add_argument("--folder", type=Path, help="where the files go; a temporary folder by default")
    options = parser.parse_args(argv)
    rates: list[tuple[float, float]] = []
    for run in range(1, options.runs + 1):
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            ours, theirs = measure(Path(folder), options.batches)
        rates.append((ours, theirs))
        print(f"run {run}: log {ours:9,.0f} events/s · raw insert {theirs:9,.0f} events/s · ratio {ours / theirs:.2f}")
    ours = statistics.median(rate[0] for rate in rates)
    theirs = statistics.median(rate[1] for rate in rates)
    ratio = statistics.median(log / raw for log, raw in rates)
    print(f"median: log {ours:,.0f} events/s · raw insert {theirs:,.0f} events/s · ratio {ratio:.2f} (goal ≥ 0.5)")
