"""Giving back to the disk what a database has room for and nothing is in."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

SHRUNK_BYTES_MAX: Final = 1 << 30
"""What is larger is not written anew, since nobody can write meanwhile: what is free in it is used for what comes."""


def shrink(path: Path) -> None:
    """Write the file at `path` anew, without gaps; other processes may read it meanwhile, and none write."""
    with closing(sqlite3.connect(path, isolation_level=None, timeout=60.0)) as database:
        if _number(database, "page_count") * _number(database, "page_size") <= SHRUNK_BYTES_MAX:
            database.execute("VACUUM")
        # Old bytes are in the write-ahead log until it is emptied.
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _number(database: sqlite3.Connection, name: str) -> int:
    return int(database.execute(f"PRAGMA {name}").fetchone()[0])
