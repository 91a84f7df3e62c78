"""Attachments by their bytes, and those of a repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.ports_views import EntityRow, Page
from projections.queries.cursors import order_cursor, read_order
from projections.queries.pages import taken

if TYPE_CHECKING:
    import sqlite3

    from domain.ids import StreamId


def attachment(connection: sqlite3.Connection, stream: StreamId, sha256: bytes, name: str) -> EntityRow | None:
    """The first that names these bytes, by that name if one is given."""
    row = connection.execute(
        "SELECT id, stream, json_extract(CAST(doc AS TEXT), '$.author'), doc FROM attachments"
        " WHERE sha256=? AND stream=? AND redacted=0 AND (?3='' OR name=?3) ORDER BY lamport, id LIMIT 1",
        (sha256, stream, name),
    ).fetchone()
    return EntityRow(*row) if row else None


def attachments(connection: sqlite3.Connection, stream: StreamId, after: str | None, limit: int) -> Page:
    """Newest first, without holes."""
    where, values = "stream=? AND redacted=0", [stream]
    total = connection.execute(f"SELECT count(*) FROM attachments WHERE {where}", values).fetchone()[0]
    order = read_order(after) if after is not None else (2**62, b"")
    rows = connection.execute(
        f"SELECT doc, lamport, id FROM attachments WHERE {where} AND (lamport, id) < (?, ?)"
        " ORDER BY lamport DESC, id DESC LIMIT ?",
        (*values, *order, limit + 1),
    )
    found, more = taken(rows, limit)
    return Page([row[0] for row in found], order_cursor(*found[-1][1:]) if more else None, total)


def attached_bytes(connection: sqlite3.Connection) -> int:
    """Of all repositories, each blob once."""
    # All from one index: the same bytes have the same size, as the node checked when they were attached.
    query = "SELECT total(size) FROM (SELECT max(size) AS size FROM attachments GROUP BY sha256)"
    return int(connection.execute(query).fetchone()[0])
