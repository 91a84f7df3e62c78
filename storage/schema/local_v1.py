"""Version 1 of `local.sqlite`: facts by name. The first nodes made the same table and gave it no number."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3


def make(db: sqlite3.Connection) -> None:
    """Make the table unless it is there."""
    db.execute("CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID")
