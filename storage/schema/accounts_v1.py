"""Version 1 of `accounts.sqlite`: accounts with all names they ever had, sessions, and the keys that are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3


def make(db: sqlite3.Connection) -> None:
    """Make the five tables. `names` has letter case folded; `digest` and `reset` are SHA-256 of secrets."""
    db.execute(
        "CREATE TABLE accounts (did TEXT PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL, "
        "standing TEXT NOT NULL, made_ms INTEGER NOT NULL, password TEXT NOT NULL, reset BLOB, "
        "reset_until_ms INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID"
    )
    db.execute("CREATE INDEX accounts_by_name ON accounts (name)")
    db.execute("CREATE INDEX accounts_by_email ON accounts (lower(email), made_ms)")
    db.execute(
        "CREATE TABLE names (folded TEXT PRIMARY KEY, did TEXT NOT NULL, since_ms INTEGER NOT NULL) WITHOUT ROWID"
    )
    db.execute(
        "CREATE TABLE unpublished (did TEXT NOT NULL, place INTEGER NOT NULL, header BLOB NOT NULL, "
        "signature BLOB NOT NULL, payload BLOB NOT NULL, PRIMARY KEY (did, place)) WITHOUT ROWID"
    )
    db.execute(
        "CREATE TABLE sessions (id TEXT PRIMARY KEY, digest BLOB NOT NULL UNIQUE, did TEXT NOT NULL, "
        "label TEXT NOT NULL, address TEXT NOT NULL, made_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL, "
        "ends_ms INTEGER NOT NULL) WITHOUT ROWID"
    )
    db.execute("CREATE INDEX sessions_by_did ON sessions (did, made_ms)")
    db.execute(
        "CREATE TABLE devices (device BLOB PRIMARY KEY, did TEXT NOT NULL, sealed BLOB NOT NULL, chain BLOB, "
        "made_ms INTEGER NOT NULL) WITHOUT ROWID"
    )
    db.execute("CREATE INDEX devices_by_did ON devices (did, made_ms)")
