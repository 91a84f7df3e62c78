"""Version 1 of `audit.sqlite`: rows that are chained by hashes, and where the chain begins after old ones have gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3


def make(db: sqlite3.Connection) -> None:
    """Make the two tables. `gone` has one row at most: the last of those that were removed."""
    db.execute(
        "CREATE TABLE entries (seq INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL, position INTEGER NOT NULL, "
        "act TEXT NOT NULL, actor TEXT, door TEXT NOT NULL, credential TEXT NOT NULL, address TEXT NOT NULL, "
        "target TEXT NOT NULL, event BLOB, count INTEGER NOT NULL, previous BLOB NOT NULL, hash BLOB NOT NULL)"
    )
    db.execute("CREATE INDEX entries_by_place ON entries (position, seq)")
    db.execute("CREATE INDEX entries_by_actor ON entries (actor, position, seq)")
    db.execute("CREATE INDEX entries_by_event ON entries (event) WHERE event IS NOT NULL")
    db.execute("CREATE INDEX entries_by_time ON entries (time_ms)")
    db.execute("CREATE TABLE gone (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, hash BLOB NOT NULL)")
