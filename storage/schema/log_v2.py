"""Version 2 of `log.sqlite`: which rows have a signature that was only vouched for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3


def make(db: sqlite3.Connection) -> None:
    """Make the table. Mostly it is empty: a row leaves it once its signature has been checked."""
    db.execute("CREATE TABLE IF NOT EXISTS vouched (position INTEGER PRIMARY KEY, stream BLOB NOT NULL)")
    db.execute("CREATE INDEX IF NOT EXISTS vouched_by_stream ON vouched (stream, position)")
