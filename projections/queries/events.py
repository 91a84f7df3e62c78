"""The log as pages: events with their verdicts, and what happened lately in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.ports_views import EventRow, Page
from projections.queries.cursors import order_cursor, position_cursor, read_order, read_position
from projections.queries.sentences import sentence
from projections.queries.sight import sight
from projections.show.form import encode_json, iso

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from domain.actor import Actor
    from domain.ids import Did, EventId, StreamId

COLUMN_NAMES = (
    *("pos", "id", "stream", "kind", "entity", "author", "device", "seq", "lamport", "time", "standing", "reason"),
)
REDACTED = "EXISTS (SELECT 1 FROM redactions WHERE target=events.id)"
BY_MAX = 10
"""Of the redactions that name one event."""
COLUMNS = f"{', '.join(COLUMN_NAMES)}, {REDACTED}"


def event(connection: sqlite3.Connection, name: EventId) -> EventRow | None:
    """One event by id."""
    row = connection.execute(f"SELECT {COLUMNS} FROM events WHERE id=?", (name,)).fetchone()
    return None if row is None else EventRow(row[1], row[2], row[0], document(row), redacted=bool(row[12]))


def redactions(connection: sqlite3.Connection, name: EventId) -> list[EventId]:
    """Those that took an event's payload away, sorted by id."""
    rows = connection.execute("SELECT DISTINCT by FROM redactions WHERE target=? ORDER BY by LIMIT ?", (name, BY_MAX))
    return [row[0] for row in rows]


def events(
    connection: sqlite3.Connection,
    stream: StreamId | None,
    kind: str,
    author: Did | None,
    after: str | None,
    limit: int,
    verdict: str = "",
) -> Page:
    """Newest first: one stream's by (lamport, id), all by arrival here."""
    tests, values = ["1"], list[Any]()
    if stream is not None:
        tests.append("stream=?")
        values.append(stream)
    if kind:
        tests.append("kind=?")
        values.append(kind)
    if author is not None:
        tests.append("author=?")
        values.append(author)
    if verdict:
        tests.append("standing=?")
        values.append(verdict)
    where = " AND ".join(tests)
    total = connection.execute(f"SELECT count(*) FROM events WHERE {where}", values).fetchone()[0]
    if after is not None and stream is not None:
        where += " AND (lamport, id) < (?, ?)"
        values += read_order(after)
    elif after is not None:
        where += " AND pos < ?"
        values.append(read_position(after))
    order = "lamport DESC, id DESC" if stream is not None else "pos DESC"
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM events WHERE {where} ORDER BY {order} LIMIT ?",
        (*values, limit + 1),
    ).fetchall()
    cursor = None
    if len(rows) > limit:
        last = rows[limit - 1]
        cursor = order_cursor(last[8], last[1]) if stream is not None else position_cursor(last[0])
    return Page([document(row) for row in rows[:limit]], cursor, total)


def document(row: Sequence[Any]) -> bytes:
    """The JSON of one event's row."""
    return encode_json(fields_of(row))


def fields_of(row: Sequence[Any]) -> dict[str, Any]:
    """What lists say of one event, from its row of `COLUMNS`."""
    _, name, stream, kind, entity, author, device, seq, lamport, time, standing, reason, redacted = row
    return {
        "id": name.hex(),
        "stream": stream.hex(),
        "kind": kind,
        "entity": entity.hex() if entity else None,
        "author": author,
        "device": device.hex(),
        "seq": seq,
        "lamport": lamport,
        "time": iso(time),
        "verdict": standing,
        "reason": reason,
        "redacted": bool(redacted),
    }


def activity(
    connection: sqlite3.Connection, reader: Actor, after: str | None, limit: int, author: Did | None = None
) -> Page:
    """Accepted events of repositories that the reader may see, newest arrival first; all, or those of one author."""
    seen = sight(reader)
    by, values = ("", seen.values) if author is None else (" AND author=?", (*seen.values, author))
    source = f"FROM events JOIN repos USING (stream) WHERE standing='accepted' AND {seen.sql}{by}"
    total = connection.execute(f"SELECT count(*) {source}", values).fetchone()[0]
    rows = connection.execute(
        f"SELECT events.pos, events.id, kind, entity, author, time, repos.stream, repos.name {source}"
        " AND events.pos < ? ORDER BY events.pos DESC LIMIT ?",
        (*values, read_position(after) if after is not None else 2**62, limit + 1),
    ).fetchall()
    cursor = position_cursor(rows[limit - 1][0]) if len(rows) > limit else None
    return Page([_happening(connection, row) for row in rows[:limit]], cursor, total)


def lately(connection: sqlite3.Connection, stream: StreamId, limit: int) -> list[bytes]:
    """Documents of the last accepted events of a repository, in the log's order from its end: an index read."""
    rows = connection.execute(
        "SELECT events.pos, events.id, kind, entity, author, time, repos.stream, repos.name"
        " FROM events JOIN repos USING (stream) WHERE stream=? AND standing='accepted'"
        " ORDER BY events.lamport DESC, events.id DESC LIMIT ?",
        (stream, limit),
    ).fetchall()
    return [_happening(connection, row) for row in rows]


def _happening(connection: sqlite3.Connection, row: Sequence[Any]) -> bytes:
    _, name, kind, entity, author, time, stream, repo = row
    about, number = subject(connection, name, entity)
    return encode_json(
        {
            "id": name.hex(),
            "kind": kind,
            "repo": stream.hex(),
            "repo_name": repo,
            "author": author,
            "time": iso(time),
            "subject": about,
            "number": number,
            "summary": sentence(kind, repo, about, number),
        }
    )


def subject(connection: sqlite3.Connection, name: bytes, entity: bytes | None) -> tuple[str | None, int | None]:
    """The title and number of the issue an event opened, acts on, or comments."""
    row = connection.execute(
        "SELECT title, number FROM issues WHERE id IN (?1, ?2, (SELECT issue FROM comments WHERE id=?2))",
        (name, entity),
    ).fetchone()
    if row is not None:
        return row[0], row[1]
    row = connection.execute("SELECT name FROM labels WHERE id IN (?, ?)", (name, entity)).fetchone()
    return (row[0], None) if row is not None else (None, None)
