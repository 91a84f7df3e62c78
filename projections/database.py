"""Opening `views.sqlite`: pragmas, version, and when to throw it away and begin again."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from projections.tables import FOLD_VERSION, create_indexes, create_tables

if TYPE_CHECKING:
    from pathlib import Path

    from domain.ports_accounts import Names

BUSY_TIMEOUT_MS = 10_000


def open_writable(path: Path) -> sqlite3.Connection:
    """The views at `path`, made anew if they are missing, damaged or of another fold version."""
    if path.exists() and not is_current(path):
        remove(path)
    connection = _connect(path)
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name='meta'").fetchone():
        from sqlite_utils import Database

        # In one transaction: views that have their tables are taken to have their indexes, too.
        with Database(connection).atomic():
            create_tables(connection)
            create_indexes(connection)
    return connection


def open_draft(path: Path) -> sqlite3.Connection:
    """New views that nobody reads before `finish_draft`, to be filled from position 0 at one go.

    One that is cut short is thrown away, so nothing in it is flushed or can be rolled back.
    """
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA journal_mode=OFF")
    connection.execute("PRAGMA cache_size=-65536")
    create_tables(connection)
    return connection


def finish_draft(connection: sqlite3.Connection) -> None:
    """Make of a filled draft what `open_writable` opens, flush it, and close it."""
    create_indexes(connection)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


class NamedConnection(sqlite3.Connection):
    """A connection that knows what accounts are called on this node, which is no business of the views."""

    names: Names | None = None


def open_readonly(path: Path, names: Names | None = None) -> sqlite3.Connection:
    """A connection that cannot write; raises `sqlite3.OperationalError` while there are no views yet."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        factory=NamedConnection,
    )
    connection.names = names
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA query_only=ON")
    connection.execute("PRAGMA mmap_size=268435456")
    return connection


def remove(path: Path) -> None:
    """Delete a views database with its side files."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA journal_mode=WAL")
    # The log is the durable truth: after a power cut the views catch up from the position they kept.
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA cache_size=-32768")
    return connection


def is_current(path: Path) -> bool:
    """Whether the views at `path` are sound, and of this fold version."""
    try:
        connection = sqlite3.connect(path)
        try:
            version = connection.execute("SELECT value FROM meta WHERE name='version'").fetchone()
            sound = connection.execute("PRAGMA quick_check(1)").fetchone()
        finally:
            connection.close()
    except sqlite3.DatabaseError:
        return False
    return bool(version == (FOLD_VERSION,) and sound == ("ok",))
