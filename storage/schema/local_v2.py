"""Version 2 of `local.sqlite`: what is held of strangers and by which rule, who was let in where, what was dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3


def make(db: sqlite3.Connection) -> None:
    """Make the four tables. Each index answers one sum without a look at the events' bytes."""
    db.execute(
        "CREATE TABLE IF NOT EXISTS held (event BLOB PRIMARY KEY, stream BLOB NOT NULL, author TEXT NOT NULL, "
        "device BLOB NOT NULL, seq INTEGER NOT NULL, lamport INTEGER NOT NULL, origin TEXT NOT NULL, "
        "held_ms INTEGER NOT NULL, bytes INTEGER NOT NULL, header BLOB NOT NULL, signature BLOB NOT NULL, "
        "payload BLOB NOT NULL)"
    )
    db.execute("CREATE INDEX IF NOT EXISTS held_by_author ON held (stream, author, lamport, event, bytes)")
    db.execute("CREATE INDEX IF NOT EXISTS held_by_feed ON held (stream, device, seq)")
    db.execute("CREATE INDEX IF NOT EXISTS held_by_time ON held (stream, held_ms, event)")
    db.execute("CREATE INDEX IF NOT EXISTS held_by_age ON held (held_ms)")
    db.execute("CREATE INDEX IF NOT EXISTS held_by_origin ON held (origin, bytes)")
    db.execute(
        "CREATE TABLE IF NOT EXISTS known (stream BLOB NOT NULL, author TEXT NOT NULL, since_ms INTEGER NOT NULL, "
        "PRIMARY KEY (stream, author)) WITHOUT ROWID"
    )
    db.execute("CREATE TABLE IF NOT EXISTS rules (stream BLOB PRIMARY KEY, strangers TEXT NOT NULL) WITHOUT ROWID")
    db.execute("CREATE TABLE IF NOT EXISTS dropped (event BLOB PRIMARY KEY, dropped_ms INTEGER NOT NULL) WITHOUT ROWID")
    db.execute("CREATE INDEX IF NOT EXISTS dropped_by_age ON dropped (dropped_ms)")
