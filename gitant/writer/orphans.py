"""What becomes of blobs that no attachment names: those of redacted ones, and uploads that nothing came of.

They stay for the days that redacted payloads stay, and an hour at least, on this node's own clock, and then go. Only
the writer's thread drops blobs and only it writes the events that name them, so none goes that was just named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

from domain.ids import StreamId
from gitant.log import get_logger

if TYPE_CHECKING:
    import sqlite3

    from domain.ports_blobs import Blobs, KeptBlob
    from domain.ports_git import GitStore
    from storage.local import LocalStore

PREFIX: Final = "blob/"
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 86_400_000
_log = get_logger(__name__)


@final
class Orphans:
    """Drops blobs that have been nobody's for long enough; the writer's thread asks it to now and then."""

    def __init__(
        self, views: sqlite3.Connection, blobs: Blobs, store: GitStore, local: LocalStore, *, delay_days: int
    ) -> None:
        self._views = views
        self._blobs = blobs
        self._store = store
        self._local = local
        self._delay_ms = max(delay_days * DAY_MS, HOUR_MS)

    def tend(self, now_ms: int) -> int:
        """Note blobs not named by now, and drop those noted long ago; how many were dropped."""
        self._blobs.sweep(now_ms - DAY_MS)
        named = self._named()
        noted = {*self._local.names(PREFIX)}
        gone = 0
        for blob in self._blobs.kept():
            note = PREFIX + blob.name.hex()
            if blob.name not in named:
                gone += self._is_due(blob, note, now_ms)
            elif note in noted:
                self._local.remove(note)
        if gone:
            _log.info("blobs that nothing names were dropped", blobs=gone)
        return gone

    def _is_due(self, blob: KeptBlob, note: str, now_ms: int) -> bool:
        first, _, stored = self._local.put_if_absent(note, b"%d %d" % (now_ms, blob.stored_ms)).partition(b" ")
        if int(stored) != blob.stored_ms:
            # Somebody has stored it anew, and the event that names it may be on its way.
            self._local.put(note, b"%d %d" % (now_ms, blob.stored_ms))
            return False
        if now_ms - int(first) < self._delay_ms:
            return False
        self._blobs.remove(blob.name)
        self._local.remove(note)
        return True

    def _named(self) -> set[bytes]:
        """The hashes of what is attached in repositories that are here, or are deleted and may come back."""
        rows = self._views.execute("SELECT stream FROM repos WHERE deleted=1").fetchall()
        buried = {stream for (stream,) in rows if not self._store.holds(StreamId(stream))}
        found = self._views.execute("SELECT sha256, stream FROM attachments WHERE redacted=0")
        return {sha256 for sha256, stream in found if stream not in buried}
