"""Removing this node's copy of a repository: nothing of that travels, and what the others hold stays theirs.

The log's transaction is what counts. Before it, it is noted that the copy is to go; whatever a crash leaves after that
is done by the next start. From then on the node signs nothing in the stream before it was compared with another copy:
it may have signed there already, in the places that its feed would begin with again.
"""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, final

from domain.canonical import decode_own
from domain.errors import NotFound
from domain.ids import StreamId
from gitant.log import get_logger
from storage.restored import RestoredFeeds
from storage.shrinking import shrink

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from domain.moderation.desk import Desk
    from domain.ports_blobs import Blobs
    from domain.ports_git import GitStore
    from domain.ports_log import EventLog
    from projections.projector import Projector
    from storage.local import LocalStore

PREFIX: Final = "removing/"
_log = get_logger(__name__)


@final
class Remover:
    """Used in the writer's thread, between batches."""

    def __init__(
        self,
        log: EventLog,
        projector: Projector,
        store: GitStore,
        blobs: Blobs,
        local: LocalStore,
        *,
        desk: Desk | None = None,
        caution: RestoredFeeds | None = None,
        drop_made: Callable[[StreamId], None] = lambda _: None,
    ) -> None:
        """`drop_made` removes what was made of a repository and can be made again."""
        self._log = log
        self._projector = projector
        self._store = store
        self._blobs = blobs
        self._local = local
        self._desk = desk
        self._caution = caution or RestoredFeeds(local)
        self._drop_made = drop_made

    def remove(self, repo: StreamId) -> tuple[int, int]:
        """Take out a repository; how many events and attachments that was. Its git objects go in the background."""
        if self._views.execute("SELECT 1 FROM repos WHERE stream=?", (repo,)).fetchone() is None:
            raise NotFound("this repository is not on this node")
        attached = {row[0] for row in self._views.execute("SELECT sha256 FROM attachments WHERE stream=?", (repo,))}
        self._local.put(PREFIX + repo.hex(), b"".join(sorted(attached)))
        self._caution.doubt(repo)
        events = self._log.remove(repo, partial(self._tells_of, repo))
        blobs = self._finish(repo, attached)
        _log.info("a repository was removed from this node", repo=repo.hex(), events=events, attachments=blobs)
        threading.Thread(target=self._store.clear_buried, name="removed", daemon=True).start()
        return events, blobs

    def finish(self) -> None:
        """Do what a crash has left of removals that had begun."""
        for name in self._local.names(PREFIX):
            repo, noted = StreamId(bytes.fromhex(name.removeprefix(PREFIX))), self._local.get(name) or b""
            self._log.remove(repo, partial(self._tells_of, repo))
            self._finish(repo, {noted[start : start + 32] for start in range(0, len(noted), 32)})
        self._store.clear_buried()

    @property
    def _views(self) -> sqlite3.Connection:
        return self._projector.shelf.connection

    def _finish(self, repo: StreamId, attached: set[bytes]) -> int:
        """What follows once the events are gone; can be done again."""
        self._projector.remove(repo, self._log.last_position())
        shrink(Path(self._views.execute("PRAGMA database_list").fetchone()[2]))
        named = {row[0] for row in self._views.execute("SELECT DISTINCT sha256 FROM attachments")}
        orphans = [name for name in attached - named if self._blobs.size(name) is not None]
        for name in orphans:
            self._blobs.remove(name)
        if self._desk is not None:
            self._desk.held.drop_stream(repo)
            self._desk.settle()
        self._store.bury(repo)
        self._drop_made(repo)
        self._local.remove(PREFIX + repo.hex())
        return len(orphans)

    def _tells_of(self, repo: StreamId, answer: bytes) -> bool:
        """Whether the answer of a receipt is about events of a repository."""
        names: list[str] = decode_own(answer)[1]
        return any(self._is_of(bytes.fromhex(name), repo) for name in names)

    def _is_of(self, name: bytes, repo: StreamId) -> bool:
        return self._views.execute("SELECT 1 FROM events WHERE id=? AND stream=?", (name, repo)).fetchone() is not None
