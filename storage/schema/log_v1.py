"""Version 1 of `log.sqlite`: the events table as eventsourcing's recorder has it, and receipts beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3


def make(db: sqlite3.Connection) -> None:
    """Make both tables. A row's number is its position, so the events table keeps its row numbers."""
    db.execute(
        "CREATE TABLE IF NOT EXISTS stored_events (originator_id TEXT, originator_version INTEGER, topic TEXT, "
        "state BLOB, PRIMARY KEY (originator_id, originator_version))"
    )
    db.execute(
        "CREATE TABLE IF NOT EXISTS receipts (key BLOB PRIMARY KEY, fingerprint BLOB NOT NULL, "
        "answer BLOB NOT NULL, made_at_ms INTEGER NOT NULL) WITHOUT ROWID"
    )
    db.execute("CREATE INDEX IF NOT EXISTS receipts_by_age ON receipts (made_at_ms)")
