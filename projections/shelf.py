"""Rows on their way into the views: collected in memory, written in batches inside one transaction."""

from __future__ import annotations

from collections import defaultdict
from contextlib import contextmanager
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from sqlite_utils import Database

from projections.tables import EVENTS, FROM_LOG, TABLES, upsert

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Generator, Sequence

    from projections.tables import Table


_UPSERTS = {table.name: upsert(table) for table in TABLES}
_KEYS = {table.name: itemgetter(*map(list(table.columns).index, table.key)) for table in TABLES}


OF_STREAM = (
    "DELETE FROM marks WHERE event IN (SELECT id FROM events WHERE stream=?)",
    "DELETE FROM awaiting WHERE event IN (SELECT id FROM events WHERE stream=?)",
    "DELETE FROM members WHERE pos IN (SELECT pos FROM events WHERE stream=?)",
    *(f"DELETE FROM {each.name} WHERE stream=?" for each in TABLES if "stream" in each.columns and each != EVENTS),
    "DELETE FROM events WHERE stream=?",
)
"""What takes everything about a stream out of the tables. Sets of acts say nothing by themselves, and stay."""


class Shelf:
    """Deletes and upserts by table. Within one batch a row's deletes come before its upserts."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self._db = Database(connection)
        self._deletes: defaultdict[str, list[Sequence[Any]]] = defaultdict(list)
        self._upserts: defaultdict[str, list[Sequence[Any]]] = defaultdict(list)
        self._transaction: Any = None
        self._holding = False

    def put(self, table: Table, row: Sequence[Any]) -> None:
        """Write one whole row of `table`, columns in their declared order."""
        self._upserts[table.name].append(row)

    def delete(self, statement: str, values: Sequence[Any]) -> None:
        """Run a delete statement before this batch's upserts."""
        self._deletes[statement].append(values)

    def write(self) -> None:
        """Send what is collected to SQLite, inside the open transaction (begun here if need be)."""
        if not self._deletes and not self._upserts:
            return
        self._begin()
        for statement, rows in self._deletes.items():
            self.connection.executemany(statement, rows)
        for name, rows in self._upserts.items():
            # In the order of the table, so that a large batch goes to each of its pages once.
            rows.sort(key=_KEYS[name])
            self.connection.executemany(_UPSERTS[name], rows)
        self._deletes.clear()
        self._upserts.clear()

    def commit(self, position: int) -> None:
        """Write, note the log position that the views have reached, and commit."""
        self.write()
        self._begin()
        self.connection.execute("UPDATE meta SET value=? WHERE name='position'", (position,))
        if not self._holding:
            self._end()

    @contextmanager
    def emptied(self) -> Generator[None]:
        """All that came from the log is gone within, and put back there: readers see nothing of it before the end."""
        assert self._transaction is None
        self._begin()
        for table in FROM_LOG:
            self.connection.execute(f"DELETE FROM {table.name}")
        self._holding = True
        try:
            yield
        except BaseException:
            self.abandon()
            raise
        finally:
            self._holding = False
        self._end()

    def remove(self, stream: bytes, position: int) -> None:
        """Take out all rows of a stream, and commit with the log position that the views have reached."""
        assert self._transaction is None
        self._begin()
        for statement in OF_STREAM:
            self.connection.execute(statement, (stream,))
        self.commit(position)

    def _end(self) -> None:
        transaction, self._transaction = self._transaction, None
        transaction.__exit__(None, None, None)

    def abandon(self) -> None:
        """Forget everything since the last commit."""
        self._deletes.clear()
        self._upserts.clear()
        self._transaction = None
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")

    def _begin(self) -> None:
        if self._transaction is None:
            self._transaction = self._db.atomic()
            self._transaction.__enter__()
