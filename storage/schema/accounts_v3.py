"""Version 3 of `accounts.sqlite`: delegations that were taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3


def make(db: sqlite3.Connection) -> None:
    """Make the table. `link` is a CID in its text form; `expires_s` is NULL for what would never have ended."""
    db.execute(
        "CREATE TABLE revocations (link TEXT PRIMARY KEY, by TEXT NOT NULL, issuer TEXT NOT NULL, "
        "revoked_s INTEGER NOT NULL, expires_s INTEGER) WITHOUT ROWID"
    )
    db.execute("CREATE INDEX revocations_by_expiry ON revocations (expires_s) WHERE expires_s IS NOT NULL")
    db.execute("CREATE INDEX revocations_by_whom ON revocations (by)")
