"""Version 2 of `log.sqlite`: rows whose signature was only vouched for, and rows that came without a payload."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3


def make(db: sqlite3.Connection) -> None:
    """Make both tables. Mostly they are empty: a row leaves them once it is checked, or whole."""
    db.execute(
        "CREATE TABLE IF NOT EXISTS vouched (first INTEGER PRIMARY KEY, last INTEGER NOT NULL, stream BLOB NOT NULL)"
    )
    db.execute("CREATE INDEX IF NOT EXISTS vouched_by_stream ON vouched (stream, last)")
    db.execute("CREATE TABLE IF NOT EXISTS hollow (position INTEGER PRIMARY KEY, stream BLOB NOT NULL)")
    db.execute("CREATE INDEX IF NOT EXISTS hollow_by_stream ON hollow (stream, position)")
