"""What a node holds at one position of its log, as its views tell in one transaction."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, final

from domain.errors import Unavailable
from domain.ids import StreamId
from domain.refs.names import BRANCH_PREFIX
from gitant.backup.manifest import Stream
from gitant.current import current_views
from gitant.digests import stream_digests
from gitant.refs_shown import refs_shown
from projections.tables import FOLD_VERSION

if TYPE_CHECKING:
    from collections.abc import Callable

    from storage.datadir import DataDir

VIEWS_WAIT_S: Final = 60.0
"""How long the views of a running node may take to show what the log has."""
_PAUSE_S: Final = 0.05
_ATTACHED: Final = (
    "SELECT DISTINCT a.sha256 FROM attachments a JOIN repos r ON r.stream=a.stream WHERE a.redacted=0 AND r.deleted=0"
)


@final
@dataclass(frozen=True, slots=True)
class Repository:
    """A repository's refs, HEAD (a full ref) and whether it was deleted."""

    id: StreamId
    deleted: bool
    head: str
    refs: dict[str, str]


@final
@dataclass(frozen=True, slots=True)
class Snapshot:
    """One position, the id of the last event up to there, and what the log comes to up to it."""

    position: int
    last_event: str
    repositories: tuple[Repository, ...]
    streams: tuple[Stream, ...]
    attached: frozenset[bytes]
    """The SHA-256 of what is attached in repositories that are not deleted."""


def take_snapshot(folder: DataDir, progress: Callable[[int, int], None]) -> Snapshot:
    """Everything that was in the log when this was called is in it.

    Views of a stopped node are brought to the log's end first; those of a running one are waited for, and are
    `Unavailable` when that takes too long.
    """
    least = _last_position(folder)
    deadline = time.monotonic() + VIEWS_WAIT_S
    while True:
        with current_views(folder, progress) as views:
            views.execute("BEGIN")
            version, position = _facts(views)
            if version == FOLD_VERSION and position >= least:
                return _of(views, position)
        if time.monotonic() > deadline:
            raise Unavailable(
                f"the running node's views show {position} of {least} events",
                hint="wait until the node says that it is ready, or stop it: a stopped node can be backed up, too",
            )
        time.sleep(_PAUSE_S)


def _of(views: sqlite3.Connection, position: int) -> Snapshot:
    rows = views.execute("SELECT stream, deleted, default_branch FROM repos ORDER BY stream").fetchall()
    last = views.execute("SELECT id FROM events WHERE pos<=? ORDER BY pos DESC LIMIT 1", (position,)).fetchone()
    return Snapshot(
        position,
        last[0].hex() if last else "",
        tuple(
            Repository(StreamId(stream), bool(deleted), BRANCH_PREFIX + branch, refs_shown(views, stream))
            for stream, deleted, branch in rows
        ),
        tuple(Stream(*row) for row in stream_digests(views)),
        frozenset(digest for (digest,) in views.execute(_ATTACHED)),
    )


def _facts(views: sqlite3.Connection) -> tuple[int, int]:
    facts: dict[str, int] = dict(views.execute("SELECT name, value FROM meta").fetchall())
    return facts.get("version", 0), facts.get("position", 0)


def _last_position(folder: DataDir) -> int:
    with closing(sqlite3.connect(f"{folder.log.as_uri()}?mode=ro", uri=True)) as log:
        return int(log.execute("SELECT coalesce(max(rowid), 0) FROM stored_events").fetchone()[0])
