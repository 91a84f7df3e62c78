"""What becomes of deleted repositories: their folders stay for the days of grace, and then go, off the writer's way.

The days run on this node's own clock from when it first saw the deletion: a claimed time is anybody's to choose. The
log keeps every event, and so the views can be built again; what goes for good is what is large: the git objects.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final, final

from domain.ids import StreamId
from gitant.log import get_logger

if TYPE_CHECKING:
    import sqlite3

    from domain.ports_git import GitStore
    from storage.local import LocalStore

PREFIX: Final = "deletion/"
DAY_MS: Final = 86_400_000
_log = get_logger(__name__)


@final
class Graves:
    """Buries what has been deleted for long enough; the writer's thread asks it to now and then."""

    def __init__(self, views: sqlite3.Connection, store: GitStore, local: LocalStore, *, grace_days: int) -> None:
        self._views = views
        self._store = store
        self._local = local
        self._grace_ms = grace_days * DAY_MS
        self._clearing: threading.Thread | None = None

    def tend(self, now_ms: int) -> list[StreamId]:
        """Note deletions not seen before, and bury the repositories whose days are over; which those are."""
        deletions = self._deletions()
        self._forget_undone(set(deletions.values()))
        due = [
            repo
            for repo, deletion in deletions.items()
            if now_ms - self._first_seen(deletion, now_ms) >= self._grace_ms and self._store.holds(repo)
        ]
        for repo in due:
            self._store.bury(repo)
            _log.info("a deleted repository's objects are dropped", repo=repo.hex())
        self._clear()
        return due

    def wait(self) -> None:
        """Until what was buried is cleared away."""
        if self._clearing is not None:
            self._clearing.join()

    def _deletions(self) -> dict[StreamId, str]:
        """By deleted repository, the name of the fact that says when that was first seen."""
        rows = self._views.execute(
            "SELECT r.stream, (SELECT e.id FROM events e WHERE e.stream=r.stream AND e.kind='repository.deleted.v1'"
            " AND e.standing='accepted' ORDER BY e.lamport DESC, e.id DESC LIMIT 1) FROM repos r WHERE r.deleted=1"
        ).fetchall()
        return {StreamId(stream): PREFIX + event.hex() for stream, event in rows if event is not None}

    def _forget_undone(self, standing: set[str]) -> None:
        for name in self._local.names(PREFIX):
            if name not in standing:
                self._local.remove(name)

    def _first_seen(self, deletion: str, now_ms: int) -> int:
        return int(self._local.put_if_absent(deletion, str(now_ms).encode()))

    def _clear(self) -> None:
        """Millions of files may take minutes to remove, which no writer waits for; a restart goes on with the rest."""
        if self._clearing is None or not self._clearing.is_alive():
            self._clearing = threading.Thread(target=self._store.clear_buried, name="graves", daemon=True)
            self._clearing.start()
