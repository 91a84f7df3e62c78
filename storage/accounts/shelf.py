"""The file all of it is in: how it is made, and a connection that looks rows up for the loop of a process."""

from __future__ import annotations

import sqlite3
from threading import Lock
from typing import TYPE_CHECKING, Any, final

from storage.datadir import FILE_MODE
from storage.faults import unavailable_on_fault
from storage.schema.versions import ACCOUNTS, bring_up
from storage.sqlite import BUSY_TIMEOUT_S

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def make_accounts(path: Path) -> None:
    """Make the file, or bring it to this version; for its owner only. The caller holds the folder's lock."""
    path.touch(FILE_MODE)
    bring_up(path, ACCOUNTS)


@final
class Glance:
    """Looks a row up by key, from memory while nobody has changed the file. Never waits for who writes."""

    def __init__(self, path: Path, *, rows_max: int = 20_000) -> None:
        self._path = path
        self._lock = Lock()
        self._db: sqlite3.Connection | None = None
        self._version = -1
        self._found: dict[tuple[str, object], Sequence[Any] | None] = {}
        self._rows_max = rows_max

    def row(self, query: str, key: object) -> Sequence[Any] | None:
        """The first row that `query` finds by `key`, as of now; None as well where there is no such file."""
        with self._lock, unavailable_on_fault(self._path):
            db = self._opened()
            if db is None:
                return None
            version = db.execute("PRAGMA data_version").fetchone()[0]
            if version != self._version or len(self._found) >= self._rows_max:
                self._found.clear()
                self._version = version
            place = (query, key)
            if place not in self._found:
                self._found[place] = db.execute(query, (key,)).fetchone()
            return self._found[place]

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._db is not None:
                self._db.close()
                self._db = None

    def _opened(self) -> sqlite3.Connection | None:
        if self._db is None and self._path.exists():
            db = sqlite3.connect(
                f"{self._path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
            )
            db.execute(f"PRAGMA busy_timeout={1000 * BUSY_TIMEOUT_S}")
            db.execute("PRAGMA query_only=ON")
            self._db = db
        return self._db
