"""A SQLite file that the node's start has made, for the threads of a process: one connection, one writer at a time."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any, final

from domain.errors import Unavailable
from storage.faults import unavailable_on_fault
from storage.sqlite import connect_durably

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Generator
    from pathlib import Path


@final
class KeptFile:
    """Opened when somebody first asks. Safe from any thread.

    With `quick`, what is written reaches the disk with the next that is not written so, or within moments: a power
    cut may take the last of it, a crash of the process nothing. Else it is on the disk on return.
    """

    def __init__(self, path: Path, *, quick: bool = False) -> None:
        self._path = path
        self._quick = quick
        self._lock = Lock()
        self._db: sqlite3.Connection | None = None

    @contextmanager
    def reading(self) -> Generator[sqlite3.Connection]:
        """The connection, for nobody else meanwhile; faults of the file as `Unavailable`."""
        with self._lock, unavailable_on_fault(self._path):
            yield self._opened()

    @contextmanager
    def changing(self) -> Generator[sqlite3.Connection]:
        """One transaction, which leaves nothing if anything is raised."""
        with self.reading() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")

    def rows(self, query: str, *values: object) -> list[Any]:
        """What a query finds now."""
        with self.reading() as db:
            return db.execute(query, values).fetchall()

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._db is not None:
                self._db.close()
                self._db = None

    def _opened(self) -> sqlite3.Connection:
        if self._db is None:
            if not self._path.exists():
                raise Unavailable(f"{self._path} is not there", hint="start the node, which makes it: gitant serve")
            self._db = connect_durably(self._path)
            if self._quick:
                self._db.execute("PRAGMA synchronous = NORMAL")
        return self._db
