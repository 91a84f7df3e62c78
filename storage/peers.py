"""Peers and follows in `local.sqlite`."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, final

from domain.ports_peers import Following, KnownPeer
from storage.faults import unavailable_on_fault
from storage.sqlite import connect_durably

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from domain.ports_peers import Followed, Shunned, Source

HEARSAY_MAX: Final = 1_000
"""Addresses that nobody here added. Those that were never met go first, of those the oldest."""


@final
class SqlitePeerBook:
    """`PeerBook` in the file at `path`, which the writer has made. Safe to call from any thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        with unavailable_on_fault(path):
            self._db = connect_durably(path)

    def version(self) -> int:
        return int(self._rows("PRAGMA data_version")[0][0])

    def peers(self) -> Sequence[KnownPeer]:
        rows = self._rows("SELECT address, did, source, added_ms, met_ms FROM peers ORDER BY added_ms, address")
        return [KnownPeer(*row) for row in rows]

    def add_peer(self, address: str, did: str, source: Source, now_ms: int) -> bool:
        if source == "added":
            put = "INSERT INTO peers VALUES (?, ?, ?, ?, NULL) ON CONFLICT DO UPDATE SET source = excluded.source "
            return self._change(put + "WHERE source <> excluded.source", address, did, source, now_ms)
        added = self._change("INSERT OR IGNORE INTO peers VALUES (?, ?, ?, ?, NULL)", address, did, source, now_ms)
        if added:
            self._change(
                "DELETE FROM peers WHERE source <> 'added' AND address NOT IN (SELECT address FROM peers "
                "WHERE source <> 'added' ORDER BY met_ms IS NULL, coalesce(met_ms, added_ms) DESC LIMIT ?)",
                HEARSAY_MAX,
            )
        return added

    def forget_hearsay(self, before_ms: int) -> int:
        """Forget addresses that nobody here added and that were neither told nor met since then; how many."""
        with self._lock, unavailable_on_fault(self._path):
            forget = "DELETE FROM peers WHERE source <> 'added' AND max(added_ms, coalesce(met_ms, 0)) < ?"
            return self._db.execute(forget, (before_ms,)).rowcount

    def forget_address(self, address: str) -> bool:
        """Forget one address, unless somebody here added it."""
        return self._change("DELETE FROM peers WHERE address = ? AND source <> 'added'", address)

    def remove_peer(self, did: str) -> int:
        with self._lock, unavailable_on_fault(self._path):
            return self._db.execute("DELETE FROM peers WHERE did = ?", (did,)).rowcount

    def met(self, did: str, now_ms: int) -> None:
        self._change("UPDATE peers SET met_ms = ? WHERE did = ?", now_ms, did)

    def follows(self) -> Sequence[Following]:
        return [Following(*row) for row in self._rows("SELECT sort, name, added_ms FROM follows ORDER BY added_ms")]

    def follow(self, sort: Followed, name: str, now_ms: int) -> bool:
        return self._change("INSERT OR IGNORE INTO follows VALUES (?, ?, ?)", sort, name, now_ms)

    def unfollow(self, sort: Followed, name: str) -> bool:
        return self._change("DELETE FROM follows WHERE sort = ? AND name = ?", sort, name)

    def shunned(self, sort: Shunned) -> Sequence[str]:
        return [row[0] for row in self._rows("SELECT name FROM shunned WHERE sort = ? ORDER BY name", sort)]

    def shun(self, sort: Shunned, name: str, now_ms: int) -> bool:
        return self._change("INSERT OR IGNORE INTO shunned VALUES (?, ?, ?)", sort, name, now_ms)

    def unshun(self, sort: Shunned, name: str) -> bool:
        return self._change("DELETE FROM shunned WHERE sort = ? AND name = ?", sort, name)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()

    def _rows(self, query: str, *values: object) -> list[Any]:
        with self._lock, unavailable_on_fault(self._path):
            return self._db.execute(query, values).fetchall()

    def _change(self, statement: str, *values: object) -> bool:
        with self._lock, unavailable_on_fault(self._path):
            return self._db.execute(statement, values).rowcount > 0


def added_and_paused(path: Path) -> tuple[set[str], set[str]]:
    """The nodes that somebody added and those that are paused, for whoever only looks; none where there is no file."""
    if not path.exists():
        return set(), set()
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name='peers'").fetchone():
            return set(), set()  # an earlier Gitant made it, and has not been started since
        added = {row[0] for row in db.execute("SELECT did FROM peers WHERE source='added'")}
        return added, {row[0] for row in db.execute("SELECT name FROM shunned WHERE sort='pause'")}
