"""Comments, labels and refs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.ids import is_hex_id
from domain.ports_views import EntityRow, Page
from projections.queries.cursors import name_cursor, order_cursor, read_name, read_order
from projections.queries.pages import taken

if TYPE_CHECKING:
    import sqlite3

    from domain.ids import StreamId

_LAST = "\U0010ffff"


def comment(connection: sqlite3.Connection, stream: StreamId, name: str) -> EntityRow | None:
    """By content id."""
    if not is_hex_id(name):
        return None
    row = connection.execute(
        "SELECT id, stream, author, doc FROM comments WHERE id=? AND stream=?", (bytes.fromhex(name), stream)
    ).fetchone()
    return EntityRow(*row) if row else None


def comments(connection: sqlite3.Connection, stream: StreamId, issue: bytes, after: str | None, limit: int) -> Page:
    """Oldest first; redacted ones stay as holes."""
    total = connection.execute("SELECT count(*) FROM comments WHERE issue=? AND stream=?", (issue, stream)).fetchone()[
        0
    ]
    order = read_order(after) if after is not None else (-1, b"")
    rows = connection.execute(
        "SELECT doc, lamport, id FROM comments WHERE issue=? AND stream=? AND (lamport, id) > (?, ?)"
        " ORDER BY lamport, id LIMIT ?",
        (issue, stream, *order, limit + 1),
    )
    found, more = taken(rows, limit)
    return Page([row[0] for row in found], order_cursor(*found[-1][1:]) if more else None, total)


def label(connection: sqlite3.Connection, stream: StreamId, name: str) -> EntityRow | None:
    """By name; of several (made at the same time on different nodes) the greatest shows."""
    row = connection.execute(
        "SELECT id, stream, '', doc FROM labels WHERE stream=? AND name=? AND deleted=0"
        " ORDER BY lamport DESC, id DESC LIMIT 1",
        (stream, name),
    ).fetchone()
    return EntityRow(*row) if row else None


def labels(connection: sqlite3.Connection, stream: StreamId, after: str | None, limit: int) -> Page:
    """By name, each name once."""
    newest = (
        "FROM labels AS one WHERE stream=? AND deleted=0 AND NOT EXISTS (SELECT 1 FROM labels AS two"
        " WHERE two.stream=one.stream AND two.name=one.name AND two.deleted=0"
        " AND (two.lamport, two.id) > (one.lamport, one.id))"
    )
    total = connection.execute(f"SELECT count(*) {newest}", (stream,)).fetchone()[0]
    rows = connection.execute(
        f"SELECT doc, name {newest} AND name > ? ORDER BY name LIMIT ?",
        (stream, read_name(after) if after is not None else "", limit + 1),
    ).fetchall()
    cursor = name_cursor(rows[limit - 1][1]) if len(rows) > limit else None
    return Page([row[0] for row in rows[:limit]], cursor, total)


def ref(connection: sqlite3.Connection, stream: StreamId, name: str) -> EntityRow | None:
    """By full name."""
    row = connection.execute("SELECT author, doc FROM refs WHERE stream=? AND name=?", (stream, name)).fetchone()
    return EntityRow(name.encode(), stream, row[0], row[1]) if row else None


def refs(connection: sqlite3.Connection, stream: StreamId, prefix: str, after: str | None, limit: int) -> Page:
    """By name."""
    span = (stream, prefix, prefix + _LAST)
    total = connection.execute("SELECT count(*) FROM refs WHERE stream=? AND name >= ? AND name < ?", span).fetchone()[
        0
    ]
    rows = connection.execute(
        "SELECT doc, name FROM refs WHERE stream=? AND name >= ? AND name < ? AND name > ? ORDER BY name LIMIT ?",
        (*span, read_name(after) if after is not None else "", limit + 1),
    ).fetchall()
    cursor = name_cursor(rows[limit - 1][1]) if len(rows) > limit else None
    return Page([row[0] for row in rows[:limit]], cursor, total)
