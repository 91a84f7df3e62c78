"""Counts of what was asked and how long it took, shared among the workers of one node through small files.

Each worker counts in its own memory and, at most once a second, writes what it has to a file of its own.
Whoever is asked for the sums reads the files of the others. A worker's file outlives it, so sums never fall.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from bisect import bisect_left
from typing import TYPE_CHECKING, Final, final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

BUCKETS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
FLUSH_S: Final = 1.0
OTHER: Final = "other"
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Series(msgspec.Struct, array_like=True):
    """The requests of one method, route and status: how many fell into each bucket, and their time in all.

    `counts` has one more place than there are buckets, for what took longer than the last. Bytes are of the bodies,
    and only where somebody counts them.
    """

    method: str
    route: str
    status: int
    counts: list[int]
    seconds: float
    received_bytes: int = 0
    sent_bytes: int = 0


class _Sheet(msgspec.Struct, array_like=True):
    """What one worker has written down."""

    pid: int
    streams: int
    series: list[Series]


@final
class Tally:
    """The counts of one worker. Used on its event loop only."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._file = None if folder is None else folder / f"{os.getpid()}-{secrets.token_hex(4)}.json"
        self._series: dict[tuple[str, str, int], Series] = {}
        self._streams = 0
        self._flush_due = False
        self._changed = False
        """Whether more was counted since the counts were last written."""

    def record(
        self, method: str, route: str, status: int, seconds: float, received_bytes: int = 0, sent_bytes: int = 0
    ) -> None:
        """Count one request. `route` is a template, or empty for a request that matched none."""
        key = (method, route, status)
        series = self._series.get(key)
        if series is None:
            # What a client makes up must not make new series.
            known = method if method in _METHODS else OTHER
            key = (known, route or OTHER, status)
            series = self._series.get(key)
            if series is None:
                series = self._series[key] = Series(*key, [0] * (len(BUCKETS_S) + 1), 0.0)
        series.counts[bisect_left(BUCKETS_S, seconds)] += 1
        series.seconds += seconds
        series.received_bytes += received_bytes
        series.sent_bytes += sent_bytes
        self._flush_soon()

    def count_stream(self, step: int) -> None:
        """An event stream was opened (1), or has ended (-1)."""
        self._streams += step
        self._flush_soon()

    def _flush_soon(self) -> None:
        self._changed = True
        if self._file is not None and not self._flush_due:
            self._flush_due = True
            asyncio.get_running_loop().call_later(FLUSH_S, self._flush_apart)

    def _flush_apart(self) -> None:
        """Write in a thread: no request may wait for a disk that others keep busy."""
        assert self._file is not None
        self._changed = False
        writing = asyncio.get_running_loop().run_in_executor(None, _write, self._file, self._sheet())
        writing.add_done_callback(self._flushed)

    def _flushed(self, _: asyncio.Future[None]) -> None:
        self._flush_due = False
        if self._changed:
            self._flush_soon()

    def flush(self) -> None:
        """Let the other workers see these counts now."""
        if self._file is not None:
            _write(self._file, self._sheet())

    def _sheet(self) -> bytes:
        return msgspec.json.encode(_Sheet(os.getpid(), self._streams, [*self._series.values()]))

    def sums(self) -> list[Series]:
        """The counts of all workers."""
        found: dict[tuple[str, str, int], Series] = {}
        for series in (*self._series.values(), *(each for sheet in self._others() for each in sheet.series)):
            key = (series.method, series.route, series.status)
            into = found.setdefault(key, Series(*key, [0] * len(series.counts), 0.0))
            into.counts = [a + b for a, b in zip(into.counts, series.counts, strict=True)]
            into.seconds += series.seconds
            into.received_bytes += series.received_bytes
            into.sent_bytes += series.sent_bytes
        return [found[key] for key in sorted(found)]

    def streams(self) -> int:
        """How many event streams are open at the workers that live."""
        return self._streams + sum(sheet.streams for sheet in self._others() if sheet.streams and _lives(sheet.pid))

    def _others(self) -> Iterable[_Sheet]:
        if self._folder is None:
            return
        for path in sorted(self._folder.glob("*.json")):
            if path != self._file:
                try:
                    yield msgspec.json.decode(path.read_bytes(), type=_Sheet)
                except (OSError, msgspec.DecodeError):
                    continue


def _write(file: Path, sheet: bytes) -> None:
    fresh = file.with_suffix(".new")
    try:
        fresh.write_bytes(sheet)
        fresh.replace(file)
    except OSError:
        # A full disk must not end requests; the next flush tries again.
        return


def _lives(pid: int) -> bool:
    """Whether a worker is there; what one that was killed had open is no more."""
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True
