"""The log by arrival, for those who follow it: lines after a position, in bounded steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from domain.ports_views import LogLine
from projections.queries.events import COLUMNS, fields_of, subject
from projections.queries.sentences import sentence
from projections.show.form import encode_json

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from domain.ports_views import LogFilter

WINDOW: Final = 5_000
"""Positions that one call looks at: few of them may match, and none may keep a worker from its other requests."""


def since(connection: sqlite3.Connection, after: int, which: LogFilter, limit: int) -> tuple[Sequence[LogLine], int]:
    """Matching lines after a position, oldest first, and the position up to which that is all of them."""
    reached = int(connection.execute("SELECT value FROM meta WHERE name='position'").fetchone()[0])
    until = min(reached, after + WINDOW)
    if until <= after:
        return [], after
    tests, values = ["pos > ? AND pos <= ?"], list[Any]([after, until])
    if which.streams:
        # With the plus, SQLite keeps to the window instead of reading the streams whole and sorting them.
        tests.append(f"+stream IN ({', '.join('?' * len(which.streams))})")
        values += sorted(which.streams)
    if which.entity is not None:
        tests.append("(entity=? OR id=?)")
        values += [which.entity, which.entity]
    if which.author is not None:
        tests.append("author=?")
        values.append(which.author)
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM events WHERE {' AND '.join(tests)} ORDER BY pos LIMIT ?", (*values, limit)
    ).fetchall()
    lines = [_line(connection, row) for row in rows if which.takes_kind(row[3])]
    return lines, until if len(rows) < limit else rows[-1][0]


def _line(connection: sqlite3.Connection, row: Sequence[Any]) -> LogLine:
    position, name, stream, kind, entity, author = row[:6]
    told = connection.execute("SELECT name FROM repos WHERE stream=?", (stream,)).fetchone()
    words = sentence(kind, told[0] if told else "", *subject(connection, name, entity))
    standing, reason = row[10], row[11]
    more = {
        "position": position,
        "repo_name": told[0] if told else None,
        "summary": words if standing == "accepted" else f"{words} ({standing}: {reason})",
    }
    return LogLine(position, name, stream, kind, entity, author, encode_json({**fields_of(row), **more}))
