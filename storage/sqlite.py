"""One way to open a SQLite file that must survive a power cut, and one to copy it while it is written to."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from storage.files import flush_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BUSY_TIMEOUT_S = 10
_SYNCHRONOUS_FULL = 2
_PAGE_BYTES = 8_192
"""Of new files: an event is some 600 bytes, so that few of them fill one of SQLite's own 4,096."""
_PAGES_AT_A_TIME = 2_048


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
    connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")  # which changes nothing where there is a file
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise sqlite3.OperationalError(f"this place cannot hold a write-ahead log (journal mode is {mode})")
    connection.execute("PRAGMA synchronous = FULL")
    synchronous = connection.execute("PRAGMA synchronous").fetchone()[0]
    if synchronous != _SYNCHRONOUS_FULL:
        raise sqlite3.OperationalError(f"synchronous stays {synchronous}: a power cut would lose commits")
    # A redacted payload's bytes are overwritten, not merely unlinked from the row.
    connection.execute("PRAGMA secure_delete = ON")


def copy_database(source: Path, target: Path, progress: Callable[[int, int], None] = lambda _done, _all: None) -> None:
    """Copy the database at `source`, as it is at one moment, to the file `target`, which is replaced when all is there.

    Nobody who writes to the source is held up. The copy is one file that needs no others beside it, and is on the
    disk when this returns. `progress` gets (pages done, pages in all).
    """
    draft = target.with_name(target.name + ".partial")
    draft.unlink(missing_ok=True)
    with (
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)) as reading,
        closing(sqlite3.connect(draft, isolation_level=None)) as writing,
    ):
        reading.execute(f"PRAGMA busy_timeout = {1000 * BUSY_TIMEOUT_S}")
        # A transaction that is open already makes all steps read the same moment; without it, each write to the
        # source between two steps would begin the copy anew.
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM sqlite_master").fetchone()
        reading.backup(
            writing, pages=_PAGES_AT_A_TIME, progress=lambda _, left, whole: progress(whole - left, whole), sleep=0.05
        )
        writing.execute("PRAGMA journal_mode = DELETE")
    descriptor = os.open(draft, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    draft.replace(target)
    flush_folder(target.parent)
