"""Version 3 of `local.sqlite`: which peers this node talks to, and what it replicates."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3


def make(db: sqlite3.Connection) -> None:
    """Make the tables. `source` says who named a peer: a person, another peer, or the local network."""
    db.execute(
        "CREATE TABLE IF NOT EXISTS peers (address TEXT PRIMARY KEY, did TEXT NOT NULL, source TEXT NOT NULL, "
        "added_ms INTEGER NOT NULL, met_ms INTEGER) WITHOUT ROWID"
    )
    db.execute(
        "CREATE TABLE IF NOT EXISTS follows (sort TEXT NOT NULL, name TEXT NOT NULL, added_ms INTEGER NOT NULL, "
        "PRIMARY KEY (sort, name)) WITHOUT ROWID"
    )
    db.execute(
        "CREATE TABLE IF NOT EXISTS shunned (sort TEXT NOT NULL, name TEXT NOT NULL, added_ms INTEGER NOT NULL, "
        "PRIMARY KEY (sort, name)) WITHOUT ROWID"
    )
