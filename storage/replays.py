"""What came once and may not come again, in a file that all workers share and that outlives them.

It lies in `cache`: when it is lost, all that was signed before it was made anew is refused, and a few minutes later
nothing is missing. A killed process forgets nothing. A machine that loses its power may forget the last commits, for no
request waits for the disk here; so what was signed before the machine was started is refused, too.
"""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path
from threading import Lock
from typing import Final, final

from domain.errors import Unavailable
from domain.ports_doors import REPLAYS_MAX
from storage.datadir import FILE_MODE
from storage.faults import unavailable_on_fault
from storage.sqlite import BUSY_TIMEOUT_S

_COUNTED_EACH: Final = 64
"""How often a process looks how many there are: they all are at most so many too many."""


@final
class SqliteReplays:
    """`Replays` in the file at `path`, made when somebody first asks."""

    def __init__(self, path: Path, now_s: int, *, boot: str | None = None, rows_max: int = REPLAYS_MAX) -> None:
        self._path = path
        self._boot = boot_id() if boot is None else boot
        self._now_s = now_s
        self._rows_max = rows_max
        self._lock = Lock()
        self._db: sqlite3.Connection | None = None
        self._taken = 0

    def since(self) -> int:
        with self._lock, unavailable_on_fault(self._path):
            return int(self._opened().execute("SELECT since FROM made").fetchone()[0])

    def take(self, name: str, until_s: int, now_s: int) -> bool:
        digest = hashlib.sha256(name.encode()).digest()
        with self._lock, unavailable_on_fault(self._path):
            db = self._opened()
            db.execute("BEGIN IMMEDIATE")
            try:
                db.execute("DELETE FROM seen WHERE until < ?", (now_s,))
                if self._taken % _COUNTED_EACH == 0 and self._is_full(db):
                    raise Unavailable("too many signed requests at a time", hint="ask again in a few minutes")
                self._taken += 1
                added = db.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (digest, until_s)).rowcount
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")
        return added == 1

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._db is not None:
                self._db.close()
                self._db = None

    def _is_full(self, db: sqlite3.Connection) -> bool:
        return bool(db.execute("SELECT count(*) FROM seen").fetchone()[0] >= self._rows_max)

    def _opened(self) -> sqlite3.Connection:
        if self._db is None:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._path.touch(FILE_MODE)
            self._db = _made(_connected(self._path), self._boot, self._now_s)
        return self._db


def boot_id() -> str:
    """What is another after each start of the machine; empty where the system does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _connected(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=BUSY_TIMEOUT_S)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    return db


def _made(db: sqlite3.Connection, boot: str, now_s: int) -> sqlite3.Connection:
    db.execute("BEGIN IMMEDIATE")
    db.execute("CREATE TABLE IF NOT EXISTS seen (name BLOB PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID")
    db.execute("CREATE INDEX IF NOT EXISTS seen_by_until ON seen (until)")
    db.execute("CREATE TABLE IF NOT EXISTS made (one INTEGER PRIMARY KEY CHECK (one = 1), boot TEXT, since INTEGER)")
    known = db.execute("SELECT boot FROM made").fetchone()
    if known is None or known[0] != boot or not boot:
        db.execute("INSERT OR REPLACE INTO made VALUES (1, ?, ?)", (boot, now_s))
    db.execute("COMMIT")
    return db
