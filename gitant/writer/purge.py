"""What the writer forgets in time: redacted bytes, answers kept for repeats of a request, what strangers sent.

Readers lose a redacted payload at once. The bytes stay for a while (a redaction that is undone from above can then be
repaired), and the delay runs on this node's own clock: a claimed time is anybody's to choose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    import sqlite3

    from domain.moderation.desk import Desk
    from domain.ports_log import EventLog
    from gitant.writer.graves import Graves
    from gitant.writer.orphans import Orphans
    from storage.local import LocalStore

PREFIX: Final = "redaction/"
DAY_MS: Final = 86_400_000
INTERVAL_MS: Final = 3_600_000
RECEIPTS_KEPT_MS: Final = DAY_MS


@final
class Housekeeper:
    """Tidies the log at most once an hour; the writer asks it to between batches."""

    def __init__(
        self,
        views: sqlite3.Connection,
        log: EventLog,
        local: LocalStore,
        *,
        delay_days: int,
        graves: Graves | None = None,
        orphans: Orphans | None = None,
        desk: Desk | None = None,
    ) -> None:
        self._views = views
        self._log = log
        self._local = local
        self._delay_ms = delay_days * DAY_MS
        self._graves = graves
        self._orphans = orphans
        self._desk = desk
        self._next_ms = 0

    def tidy(self, now_ms: int) -> None:
        """Do what is due."""
        if now_ms < self._next_ms:
            return
        self._next_ms = now_ms + INTERVAL_MS
        self._log.drop_receipts(now_ms - RECEIPTS_KEPT_MS)
        self.forget(now_ms)
        if self._graves is not None:
            self._graves.tend(now_ms)
        if self._orphans is not None:
            self._orphans.tend(now_ms)
        if self._desk is not None:
            self._desk.tidy(now_ms)

    def forget(self, now_ms: int) -> int:
        """Note redactions not seen before, drop the bytes of those older than the delay; how many were dropped."""
        rows = self._views.execute(
            "SELECT DISTINCT target, pos FROM redactions JOIN events ON events.id=target"
        ).fetchall()
        due = [pos for target, pos in rows if now_ms - self._first_seen(target, now_ms) >= self._delay_ms]
        held = [row.position for row in self._log.by_positions(due) if row.payload is not None]
        if held:
            self._log.forget_payloads(held)
        return len(held)

    def close(self) -> None:
        """Let go of this node's own store."""
        self._local.close()

    def _first_seen(self, target: bytes, now_ms: int) -> int:
        return int(self._local.put_if_absent(PREFIX + target.hex(), str(now_ms).encode()))
