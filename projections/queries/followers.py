"""Who starred a repository, and what somebody wants to hear of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.ports_views import EntityRow, Page
from projections.queries.cursors import order_cursor, read_order

if TYPE_CHECKING:
    import sqlite3

    from domain.ids import Did, StreamId


def follower(connection: sqlite3.Connection, stream: StreamId, did: Did) -> EntityRow | None:
    """What a repository is to somebody, if they ever said."""
    row = connection.execute("SELECT doc FROM followers WHERE stream=? AND did=?", (stream, did)).fetchone()
    return None if row is None else EntityRow(did.encode(), stream, did, row[0])


def stars(connection: sqlite3.Connection, stream: StreamId, after: str | None, limit: int) -> Page:
    """Those whose star it has, the newest first by (lamport, id) of the star."""
    lamport, star = (2**62, b"") if after is None else read_order(after)
    rows = connection.execute(
        "SELECT doc, lamport, star FROM followers WHERE stream=? AND starred=1 AND (lamport, star) < (?, ?)"
        " ORDER BY lamport DESC, star DESC LIMIT ?",
        (stream, lamport, star, limit + 1),
    ).fetchall()
    total = connection.execute("SELECT count(*) FROM followers WHERE stream=? AND starred=1", (stream,)).fetchone()[0]
    following = order_cursor(*rows[limit - 1][1:]) if len(rows) > limit else None
    return Page([row[0] for row in rows[:limit]], following, total)
