"""Version 2 of `accounts.sqlite`: access tokens and deploy keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3


def make(db: sqlite3.Connection) -> None:
    """Make the table. `digest` is the SHA-256 of a secret; `repos` are ids one behind the other, NULL for all."""
    db.execute(
        "CREATE TABLE tokens (id TEXT PRIMARY KEY, digest BLOB NOT NULL UNIQUE, did TEXT NOT NULL, name TEXT NOT NULL, "
        "scopes TEXT NOT NULL, repos BLOB, made_ms INTEGER NOT NULL, ends_ms INTEGER, used_ms INTEGER, deploys BLOB) "
        "WITHOUT ROWID"
    )
    db.execute("CREATE INDEX tokens_by_did ON tokens (did, made_ms)")
    db.execute("CREATE INDEX tokens_by_repo ON tokens (deploys, made_ms) WHERE deploys IS NOT NULL")
