"""The digests of every stream, read from the views (siblings meet here: the arithmetic is replication's)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from projections.tables import FOLD_VERSION, TABLES, Table
from replication.digests import log_digest, refs_digest, view_digest

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator


class StreamDigests(NamedTuple):
    """One stream's line: all four as 64 hex digits."""

    id: str
    log: str
    view: str
    refs: str


def stream_digests(connection: sqlite3.Connection) -> list[StreamDigests]:
    """One line for each stream, sorted by id."""
    streams = [row[0] for row in connection.execute("SELECT stream FROM streams ORDER BY stream")]
    return [digests_of(connection, stream) for stream in streams]


def digests_of(connection: sqlite3.Connection, stream: bytes) -> StreamDigests:
    """One stream's digests."""
    heads = [row[0] for row in connection.execute("SELECT id FROM frontier WHERE stream=? AND head=1", (stream,))]
    refs = connection.execute("SELECT name, oid FROM refs WHERE stream=?", (stream,)).fetchall()
    return StreamDigests(
        stream.hex(),
        log_digest(heads).hex(),
        view_digest(FOLD_VERSION, _rows(connection, stream)).hex(),
        refs_digest(refs).hex(),
    )


def _rows(connection: sqlite3.Connection, stream: bytes) -> Iterator[tuple[str, tuple[Any, ...]]]:
    for table in TABLES:
        if table.shared:
            for row in connection.execute(_query(table), (stream,)):
                yield table.name, row


def _query(table: Table) -> str:
    columns = ", ".join(table.shared)
    return f"SELECT {columns} FROM {table.name} WHERE stream=? ORDER BY {columns}"  # noqa: S608  # declared names
