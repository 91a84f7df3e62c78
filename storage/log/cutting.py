"""Making a copy of a log end where we want it to."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from storage.faults import unavailable_on_fault

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def cut_after(path: Path, position: int, is_later: Callable[[bytes], bool]) -> None:
    """Drop from the log at `path`, which nobody else has open, the events after `position`, and their receipts.

    `is_later` says of a receipt's answer whether it tells of a position after that.
    """
    with unavailable_on_fault(path), closing(sqlite3.connect(path, isolation_level=None)) as log:
        log.execute("PRAGMA secure_delete = ON")
        log.execute("BEGIN IMMEDIATE")
        log.execute("DELETE FROM stored_events WHERE rowid > ?", (position,))
        if log.execute("SELECT 1 FROM sqlite_schema WHERE name = 'vouched'").fetchone():
            log.execute("DELETE FROM vouched WHERE first > ?", (position,))
            log.execute("UPDATE vouched SET last = ?1 WHERE last > ?1", (position,))
            log.execute("DELETE FROM hollow WHERE position > ?", (position,))
        rows = log.execute("SELECT key, answer FROM receipts").fetchall()
        log.executemany("DELETE FROM receipts WHERE key = ?", [(key,) for key, answer in rows if is_later(answer)])
        log.execute("COMMIT")
