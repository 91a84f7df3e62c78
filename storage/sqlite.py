"""One way to open a SQLite file that must survive a power cut."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

BUSY_TIMEOUT_S = 10
_SYNCHRONOUS_FULL = 2


def connect_durably(path: Path | str) -> sqlite3.Connection:
    """A connection in autocommit mode whose commits are on the disk when they return.

    SQLite may silently decline a pragma (a file system without shared memory refuses WAL, a build may
    lack an option), so each one that durability rests on is read back.
    """
    connection = sqlite3.connect(path, uri=True, check_same_thread=False, isolation_level=None, timeout=BUSY_TIMEOUT_S)
    try:
        _harden(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _harden(connection: sqlite3.Connection) -> None:
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise sqlite3.OperationalError(f"this place cannot hold a write-ahead log (journal mode is {mode})")
    connection.execute("PRAGMA synchronous = FULL")
    synchronous = connection.execute("PRAGMA synchronous").fetchone()[0]
    if synchronous != _SYNCHRONOUS_FULL:
        raise sqlite3.OperationalError(f"synchronous stays {synchronous}: a power cut would lose commits")
    # A redacted payload's bytes are overwritten, not merely unlinked from the row.
    connection.execute("PRAGMA secure_delete = ON")
