"""Opening the writer on a data directory: log, views brought up to date, keys, repositories healed."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import structlog

from domain.envelope import event_id
from domain.errors import Unavailable
from domain.keys import SigningKey
from domain.policy import RootPolicy
from domain.ports_log import DamagedRow
from gitant.writer.catchup import catch_up
from gitant.writer.core import WriterCore
from gitant.writer.effects import heal
from gitant.writer.graves import Graves
from gitant.writer.orphans import Orphans
from gitant.writer.purge import Housekeeper
from projections.database import open_writable, remove
from projections.projector import Projector
from projections.source import LogSource
from storage import keys
from storage.blobs import DiskBlobs
from storage.git.store import DiskGitStore
from storage.local import LocalStore
from storage.log.eventlog import SQLiteEventLog
from storage.restored import RestoredFeeds

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.ids import StreamId
    from domain.ports_git import PackCaps
    from storage.datadir import DataDir

_log = structlog.get_logger(__name__)


def open_core(
    folder: DataDir,
    caps: PackCaps | None = None,
    *,
    redaction_delay_days: int = 30,
    delete_grace_days: int = 30,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
    on_code_change: Callable[[StreamId], None] = lambda _: None,
) -> WriterCore:
    """The writer of a data directory whose lock the caller holds. Views are caught up and git healed on return."""
    log = SQLiteEventLog(folder.log)
    key = SigningKey(keys.load_or_create(folder.identity_key))
    policy = RootPolicy()
    projector = Projector(open_writable(folder.views), LogSource(log), policy)
    if not _is_of_this_log(folder, projector, log):
        projector = _restart(folder, projector, log)
    catch_up(projector, log, progress)
    store = DiskGitStore(folder.repos, caps, git=shutil.which("git") or "git")
    heal(projector, store)
    views, local = projector.shelf.connection, LocalStore(folder.local)
    graves = Graves(views, store, local, grace_days=delete_grace_days)
    blobs = DiskBlobs(folder.blobs)
    orphans = Orphans(views, blobs, store, local, delay_days=redaction_delay_days)
    housekeeper = Housekeeper(views, log, local, delay_days=redaction_delay_days, graves=graves, orphans=orphans)
    return WriterCore(
        log,
        projector,
        key,
        store,
        blobs,
        policy,
        on_code_change=on_code_change,
        housekeeper=housekeeper,
        may_sign=RestoredFeeds(local).check,
    )


def _is_of_this_log(folder: DataDir, projector: Projector, log: SQLiteEventLog) -> bool:
    """Whether the views were made from this log, as their last event tells; raises `Unavailable` if there is none left.

    A log that was restored from a backup is another one; an empty one was lost, and is not to be begun anew unasked.
    """
    seen, held = projector.position, log.last_position()
    if seen == 0:
        return True
    if held == 0:
        projector.shelf.connection.close()
        log.close()
        raise Unavailable(
            f"{folder.log} is empty, and {folder.views} has {seen} events of it",
            hint="restore the log from a backup, or move the folder away to begin a new node",
        )
    if seen > held:
        _log.warning("the log ends before what was seen of it", events=held, seen=seen, missing=seen - held)
        return False
    shown = projector.shelf.connection.execute("SELECT id FROM events WHERE pos=?", (seen,)).fetchone()
    try:
        row = log.get(seen)
    except DamagedRow:
        return True  # whatever it was; `gitant verify` tells of it
    return row is not None and shown is not None and event_id(row.header) == shown[0]


def _restart(folder: DataDir, ahead: Projector, log: SQLiteEventLog) -> Projector:
    """Views of another log are of no use: begin anew."""
    ahead.shelf.connection.close()
    remove(folder.views)
    return Projector(open_writable(folder.views), LogSource(log), RootPolicy())
