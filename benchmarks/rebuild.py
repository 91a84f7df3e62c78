"""Rebuilding the views from the log, against filling the same tables and indexes with rows that are ready."""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sqlite3
import statistics
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks import _history
from gitant import rebuild
from projections.tables import TABLES, create_indexes, create_tables
from storage.datadir import DataDir
from storage.log.eventlog import SQLiteEventLog

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = "rebuild"
GOAL = "rebuild ≥ 0.4 of plain executemany into the same tables and indexes from prepared rows; peak memory ≤ 300 MB"

_MB: Final = 1_000_000


def yardstick(source: Path, target: Path) -> float:
    """Seconds to fill the tables, their indexes there from the start, in one transaction that nothing flushes."""
    with closing(sqlite3.connect(source)) as views:
        prepared = [(table, views.execute(f"SELECT * FROM {table.name}").fetchall()) for table in TABLES]
    start = time.perf_counter()
    with closing(sqlite3.connect(target, isolation_level=None)) as connection:
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-65536"):
            connection.execute(f"PRAGMA {pragma}")
        create_tables(connection)
        create_indexes(connection)
        connection.execute("BEGIN")
        for table, rows in prepared:
            marks = ", ".join("?" * len(table.columns))
            connection.executemany(f"INSERT INTO {table.name} VALUES ({marks})", rows)
        connection.execute("COMMIT")
    return time.perf_counter() - start


def ours(folder: Path) -> tuple[float, float]:
    """Seconds that `gitant rebuild` takes, and the most memory its process ever had, in MB."""
    start = time.perf_counter()
    rebuild.rebuild(DataDir(folder))
    return time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / _MB


def prepare(folder: Path, events: int) -> None:
    """A data folder with a log of so many events, made once."""
    if (folder / "made").exists():
        return
    data = DataDir(folder)
    data.create()
    data.log.unlink(missing_ok=True)
    start = time.perf_counter()
    with closing(SQLiteEventLog(data.log)) as log:
        _history.fill(log, events)
    (folder / "made").touch()
    print(f"made a log of {events:,} events in {time.perf_counter() - start:.0f} s, kept in {folder}", flush=True)


def main(argv: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog=f"benchmarks {NAME}", description=GOAL)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument(
        "--folder", type=Path, help="where the log is kept; in the folder for temporary files by default"
    )
    options = parser.parse_args(argv)
    kept = options.folder or Path(tempfile.gettempdir()) / "gitant-benchmarks"
    folder = kept / f"history-{_history.VERSION}-{options.events}"
    prepare(folder, options.events)
    shapes: list[tuple[float, float, float]] = []
    # A process for each run: so none of them starts in what another one left in memory.
    context = multiprocessing.get_context("spawn")
    for run in range(1, options.runs + 1):
        with context.Pool(1, maxtasksperchild=1) as pool, tempfile.TemporaryDirectory(dir=kept) as scratch:
            seconds, peak = pool.apply(ours, (folder,))
            plain = pool.apply(yardstick, (folder / "views.sqlite", Path(scratch) / "plain.sqlite"))
        shapes.append((options.events / seconds, options.events / plain, peak))
        _tell(f"run {run}", *shapes[-1], shapes[-1][0] / shapes[-1][1])
    ratio = statistics.median(rebuilt / filled for rebuilt, filled, _ in shapes)
    rebuilt, filled, peak = (statistics.median(column) for column in zip(*shapes, strict=True))
    _tell("median", rebuilt, filled, peak, ratio, goals="(goals: ≥ 0.4, ≤ 300 MB)")


def _tell(what: str, rebuilt: float, filled: float, peak: float, ratio: float, goals: str = "") -> None:
    rates = f"rebuild {rebuilt:8,.0f} events/s · executemany {filled:8,.0f} events/s · ratio {ratio:.2f}"
    print(f"{what}: {rates} · peak {peak:.0f} MB {goals}".rstrip(), flush=True)
