"""Opening the writer on a data directory: log, views brought up to date, keys, repositories healed."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from domain.keys import SigningKey
from domain.policy import RootPolicy
from gitant.writer.catchup import catch_up
from gitant.writer.core import WriterCore
from gitant.writer.effects import heal
from gitant.writer.purge import Housekeeper
from projections.database import open_writable, remove
from projections.projector import Projector
from projections.source import LogSource
from storage import keys
from storage.git.store import DiskGitStore
from storage.local import LocalStore
from storage.log.eventlog import SQLiteEventLog

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.ids import StreamId
    from domain.ports_git import PackCaps
    from storage.datadir import DataDir


def open_core(
    folder: DataDir,
    caps: PackCaps | None = None,
    *,
    redaction_delay_days: int = 30,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
    on_code_change: Callable[[StreamId], None] = lambda _: None,
) -> WriterCore:
    """The writer of a data directory whose lock the caller holds. Views are caught up and git healed on return."""
    log = SQLiteEventLog(folder.log)
    key = SigningKey(keys.load_or_create(folder.identity_key))
    policy = RootPolicy()
    projector = Projector(open_writable(folder.views), LogSource(log), policy)
    if projector.position > log.last_position():
        projector = _restart(folder, projector, log)
    catch_up(projector, log, progress)
    store = DiskGitStore(folder.repos, caps, git=shutil.which("git") or "git")
    heal(projector, store)
    housekeeper = Housekeeper(
        projector.shelf.connection, log, LocalStore(folder.local), delay_days=redaction_delay_days
    )
    return WriterCore(log, projector, key, store, policy, on_code_change=on_code_change, housekeeper=housekeeper)


def _restart(folder: DataDir, ahead: Projector, log: SQLiteEventLog) -> Projector:
    """Views that know more than the log belong to another log (one restored from a backup): begin anew."""
    ahead.shelf.connection.close()
    remove(folder.views)
    return Projector(open_writable(folder.views), LogSource(log), RootPolicy())
