"""What is true of this node alone and travels nowhere: small facts by name, in `local.sqlite`."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, final

from storage.faults import unavailable_on_fault
from storage.schema.versions import LOCAL, bring_up, refuse_earlier, refuse_later, version_of
from storage.sqlite import connect_durably

if TYPE_CHECKING:
    from pathlib import Path


@final
class LocalStore:
    """Named byte strings that are on the disk when a write returns. Safe to call from any thread.

    The file is made or migrated unless `create` is False.
    """

    def __init__(self, path: Path, *, create: bool = True) -> None:
        self._path = path
        self._lock = Lock()
        if create:
            bring_up(path, LOCAL)
        else:
            refuse_earlier(path, version := version_of(path), LOCAL)
            refuse_later(path, version, LOCAL)
        with unavailable_on_fault(path):
            self._connection = connect_durably(path)

    def get(self, name: str) -> bytes | None:
        """What is kept under `name`."""
        with self._lock, unavailable_on_fault(self._path):
            row = self._connection.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else bytes(row[0])

    def put(self, name: str, value: bytes) -> None:
        """Keep `value` under `name` instead of what was there."""
        with self._lock, unavailable_on_fault(self._path):
            self._connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def put_if_absent(self, name: str, value: bytes) -> bytes:
        """Keep `value` under `name` unless there is something; what is kept there now."""
        with self._lock, unavailable_on_fault(self._path):
            self._connection.execute("INSERT OR IGNORE INTO facts VALUES (?, ?)", (name, value))
            row = self._connection.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return bytes(row[0])

    def remove(self, name: str) -> None:
        """Forget what is kept under `name`."""
        with self._lock, unavailable_on_fault(self._path):
            self._connection.execute("DELETE FROM facts WHERE name = ?", (name,))

    def names(self, prefix: str = "") -> list[str]:
        """The names that begin with `prefix`, sorted."""
        with self._lock, unavailable_on_fault(self._path):
            rows = self._connection.execute("SELECT name FROM facts ORDER BY name").fetchall()
        return [str(row[0]) for row in rows if str(row[0]).startswith(prefix)]

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()
