"""Rows of the log as the replication core asks for them. Blocking: in a thread, on connections of its own."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final, final

from domain.envelope import RawEvent, event_id, read_own
from domain.errors import LocalFault
from domain.ids import DeviceKey
from projections.database import open_readonly
from replication.effects import ReadFeeds, ReadIds, ReadVouched, Row, Rows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from domain.ports_log import StoredRow
    from replication.effects import After
    from storage.log.eventlog import SQLiteEventLog

_PAGE_ROWS: Final = 512
_FIRST_ROWS: Final = 128
"""In the first answer of a long catch-up. A stream mostly begins with what its copy has to know first, like where refs
are: the other node asks for objects, and its writer has work, while the rest is read."""
_FAILED: Final = Rows((), failed=True)


@final
class LogReads:
    """Answers a core's queries. Safe to call from any thread: each call has a connection to the views of its own."""

    def __init__(self, views: Path, log: SQLiteEventLog) -> None:
        self._views = views
        self._log = log

    def read(self, query: ReadFeeds | ReadIds | ReadVouched) -> Rows:
        """The rows; `failed` where the disk would not give them."""
        try:
            with closing(open_readonly(self._views)) as views:
                match query:
                    case ReadFeeds():
                        return _Feeds(views, self._log, query).read()
                    case ReadIds():
                        return self._ids(views, query)
                    case ReadVouched():
                        return self._vouched(views, query)
        except (sqlite3.Error, LocalFault):
            return _FAILED

    def _ids(self, views: sqlite3.Connection, query: ReadIds) -> Rows:
        marks = ", ".join("?" * len(query.ids))
        asked = f"SELECT pos FROM events WHERE stream=? AND id IN ({marks})"  # noqa: S608  # marks only
        found = views.execute(asked, (query.stream, *query.ids))
        rows: list[Row] = []
        size = 0
        for row in rows_at(views, self._log, sorted(position for (position,) in found.fetchall())):
            size += _bytes(row)
            if rows and size > query.bytes_max:
                break
            rows.append(row)
        return Rows(tuple(rows))

    def _vouched(self, views: sqlite3.Connection, query: ReadVouched) -> Rows:
        stored = self._log.vouched(query.stream, query.cursor, query.events_max)
        rows = _dressed(views, stored, {row.position for row in stored})
        return Rows(tuple(rows), stored[-1].position if len(stored) == query.events_max else 0)


@final
class _Feeds:
    """One `ReadFeeds`: the rows of some feeds in the order of arrival, in which each comes after its past."""

    def __init__(self, views: sqlite3.Connection, log: SQLiteEventLog, query: ReadFeeds) -> None:
        self._views = views
        self._log = log
        self._query = query

    def read(self) -> Rows:
        query = self._query
        positions = self._positions()
        most = query.events_max if query.cursor or len(positions) <= _PAGE_ROWS else _FIRST_ROWS
        positions = positions[: most + 1]
        rows: list[Row] = []
        size, at = 0, query.cursor
        for start in range(0, len(positions), _PAGE_ROWS):
            page = positions[start : start + _PAGE_ROWS]
            for position, row in zip(page, rows_at(self._views, self._log, page), strict=True):
                if size >= query.bytes_max or len(rows) >= most:
                    return Rows(tuple(rows), at)
                rows.append(row)
                size += _bytes(row)
                at = position
        return Rows(tuple(rows))

    def _positions(self) -> list[int]:
        """Of all that is asked for and lies behind the cursor, as far as one answer can reach."""
        found: list[int] = []
        most = self._query.events_max + 1
        for feed in self._query.feeds:
            found += self._of_feed(feed, most)
        return sorted(found)[:most]

    def _of_feed(self, feed: After, most: int) -> list[int]:
        known = self._known(feed)
        found: list[int] = []
        branches = self._views.execute(
            "SELECT n FROM branches WHERE stream=? AND device=?", (self._query.stream, feed.device)
        )
        for (branch,) in branches.fetchall():
            rows = self._views.execute(
                "SELECT pos FROM events WHERE branch=? AND seq > ? AND pos > ? ORDER BY seq LIMIT ?",
                (branch, known.get(branch, 0), self._query.cursor, most),
            )
            found += [row[0] for row in rows.fetchall()]
        return found

    def _known(self, feed: After) -> dict[int, int]:
        """By branch, the greatest seq at or before a known event: on the branches it is on, and those these left."""
        known: dict[int, int] = {}
        for seq, name in feed.known:
            row = self._views.execute("SELECT branch, seq FROM events WHERE id=?", (name,)).fetchone()
            while row is not None and row[1] <= seq:
                branch, reached = row
                if known.get(branch, 0) >= reached:
                    break
                known[branch] = reached
                row = self._left(branch)
        return known

    def _left(self, branch: int) -> tuple[int, int] | None:
        """Where a branch left another: the branch and seq of the event before its first; None where a feed begins."""
        first = self._views.execute("SELECT pos FROM events WHERE branch=? ORDER BY seq LIMIT 1", (branch,)).fetchone()
        stored = self._log.get(first[0]) if first is not None else None
        if stored is None:
            return None
        prev = read_own(stored.header, stored.signature, stored.payload).prev
        if prev is None:
            return None
        row: tuple[int, int] | None = self._views.execute(
            "SELECT branch, seq FROM events WHERE id=?", (prev,)
        ).fetchone()
        return row


def rows_at(views: sqlite3.Connection, log: SQLiteEventLog, positions: Sequence[int]) -> list[Row]:
    """The rows at some positions, in the order asked for, as they may leave this node."""
    return _dressed(views, log.by_positions(positions), log.are_vouched(positions))


def _dressed(views: sqlite3.Connection, stored: Sequence[StoredRow], vouched: set[int]) -> list[Row]:
    names = [event_id(row.header) for row in stored]
    marks = ", ".join("?" * len(names))
    asked = f"SELECT target FROM redactions WHERE target IN ({marks})"  # noqa: S608  # marks only
    hidden = {row[0] for row in views.execute(asked, names)}
    return [
        Row(
            name,
            DeviceKey(row.device),
            RawEvent(row.header, row.signature, None if name in hidden else row.payload),
            row.position in vouched,
        )
        for name, row in zip(names, stored, strict=True)
    ]


def _bytes(row: Row) -> int:
    return len(row.raw.header) + len(row.raw.signature) + len(row.raw.payload or b"")
