"""Do the full-text indexes hold what their tables hold? SQLite's own check, run on a copy."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from projections.database import open_readonly
from projections.tables import FULL_TEXT


def check_full_text(views: Path, scratch: Path | None = None) -> list[str]:
    """One line for each index that differs from its table.

    The check counts as writing and holds the write lock for as long as it takes, so it is made on a copy of the
    database in the folder `scratch`.
    """
    with TemporaryDirectory(prefix="full-text-", dir=scratch) as folder:
        copy = Path(folder) / "views.sqlite"
        try:
            with closing(open_readonly(views)) as live, closing(sqlite3.connect(copy)) as target:
                live.backup(target)
            with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
                return [line for name in FULL_TEXT for line in _check(connection, name)]
        except sqlite3.DatabaseError as fault:
            return [f"views.sqlite cannot be read: {fault}"]


def _check(connection: sqlite3.Connection, name: str) -> list[str]:
    try:
        # With the rank 1 it compares the index with the table, not only with itself.
        connection.execute(f"INSERT INTO {name}_fts ({name}_fts, rank) VALUES ('integrity-check', 1)")
    except sqlite3.DatabaseError as fault:
        return [f"{name}_fts: differs from {name} ({fault})"]
    return []
