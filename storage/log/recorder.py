"""eventsourcing's SQLite recorders on connections that are durable, and a faster verified insert.

The library sets WAL and leaves `synchronous` to SQLite's build, begins writes with a deferred lock (which can
fail half-way), leaves a transaction open when its commit fails, and closes connections under the threads that
use them (which crashes the process). The classes here mend these four.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, final

from eventsourcing.persistence import InterfaceError, StoredEvent
from eventsourcing.sqlite import (
    SQLiteApplicationRecorder,
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteDatastore,
    SQLiteProcessRecorder,
    SQLiteTransaction,
)

from storage.sqlite import connect_durably

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path
    from types import TracebackType

_COLUMNS = "rowid, originator_id, originator_version, topic, state"

Record = tuple[str, int, str, bytes]
"""A row of the events table without its position: originator, version, topic, state."""


@contextmanager
def lenient_text(cursor: SQLiteCursor) -> Generator[None]:
    """Read text that is not UTF-8 with marks where it is not, instead of failing (and somewhat slower)."""
    connection = cursor.sqlite_cursor.connection
    connection.text_factory = partial(str, encoding="utf-8", errors="replace")
    try:
        yield
    finally:
        connection.text_factory = str


class _Transaction(SQLiteTransaction):
    """Takes the write lock at once, and never leaves a transaction open behind a failed commit."""

    def __enter__(self) -> SQLiteCursor:
        cursor = self.connection.cursor()
        cursor.execute("BEGIN IMMEDIATE" if self.commit else "BEGIN")
        return cursor

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        try:
            super().__exit__(exc_type, exc_val, exc_tb)
        except BaseException:
            self.connection.rollback()
            raise


@final
class _Connection(SQLiteConnection):
    @contextmanager
    def transaction(self, *, commit: bool) -> Generator[SQLiteCursor]:
        with _Transaction(self, commit=commit) as cursor, cursor:
            yield cursor


@final
class _Pool(SQLiteConnectionPool):
    """Connections that are durable; one in use when the pool closes is closed when it is given back."""

    def _create_connection(self) -> SQLiteConnection:
        try:
            connection = connect_durably(self.db_name)
        except sqlite3.Error as fault:
            raise InterfaceError(fault) from fault
        connection.row_factory = sqlite3.Row
        return _Connection(sqlite_conn=connection, max_age=self.max_age)

    def put_connection(self, conn: SQLiteConnection) -> None:
        with self._put_condition:
            if not self._closed:
                super().put_connection(conn)
                return
            self._in_use.pop(id(conn), None)
            conn.close()
            if conn.is_writer:
                self._writer_lock.release()

    def close(self) -> None:
        with self._put_condition:
            self._closed = True
            while self._pool:
                self._pool.popleft().close()


@final
class SyncedSQLiteDatastore(SQLiteDatastore):
    """A SQLite file with text originators, every connection to which has `synchronous=FULL`."""

    def __init__(self, path: Path | str) -> None:
        super().__init__(str(path), originator_id_type="text")
        self.pool = _Pool(db_name=str(path))


class SyncedApplicationRecorder(SQLiteApplicationRecorder):
    """The log's recorder: positions are given out here, and every row is read back before its commit."""

    def insert_records(self, cursor: SQLiteCursor, records: Sequence[Record]) -> list[int]:
        """Insert `records` in the transaction of `cursor`, compare what is stored; their positions."""
        last = self.last_position(cursor)
        rows = [(position, *record) for position, record in enumerate(records, last + 1)]
        cursor.executemany(
            f"INSERT INTO {self.events_table_name} ({_COLUMNS}) VALUES (?, ?, ?, ?, ?)",  # noqa: S608 — our constants
            rows,
        )
        if self._read_back(cursor, last) != rows:
            raise sqlite3.DatabaseError("what was written reads back differently")
        return [row[0] for row in rows]

    def last_position(self, cursor: SQLiteCursor) -> int:
        """The greatest position, 0 in an empty table."""
        return self._max_notification_id(cursor) or 0

    def _read_back(self, cursor: SQLiteCursor, after: int) -> list[tuple[Any, ...]]:
        reading = cursor.sqlite_cursor
        factory, reading.row_factory = reading.row_factory, None
        table = self.events_table_name
        reading.execute(f"SELECT {_COLUMNS} FROM {table} WHERE rowid > ? ORDER BY rowid", (after,))  # noqa: S608
        try:
            return reading.fetchall()
        finally:
            reading.row_factory = factory

    def _insert_events(self, c: SQLiteCursor, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        return self.insert_records(
            c, [(str(e.originator_id), e.originator_version, e.topic, e.state) for e in stored_events]
        )


class SyncedProcessRecorder(SQLiteProcessRecorder, SyncedApplicationRecorder):
    """Events and the position of what they were made from, in one transaction."""
