"""Opening the writer on a data directory: log, views brought up to date, keys, repositories healed."""

from __future__ import annotations

import shutil
from functools import partial
from typing import TYPE_CHECKING, Final

from domain.keys import SigningKey
from domain.moderation.desk import ANYWHERE, Desk
from gitant.custody import Custody, Vault
from gitant.writer.core import WriterCore, now_ms
from gitant.writer.effects import heal
from gitant.writer.graves import Graves
from gitant.writer.orphans import Orphans
from gitant.writer.purge import Housekeeper
from gitant.writer.removing import Remover
from gitant.writer.views import open_views
from storage import keys
from storage.accounts.devices import SqliteDevices
from storage.accounts.known import SqliteKnown, SqliteNames
from storage.accounts.shelf import Glance, make_accounts
from storage.audit.journal import SqliteJournal, make_audit
from storage.blobs import DiskBlobs
from storage.git.engine.shelf import Shelf
from storage.git.store import DiskGitStore
from storage.held import SqliteHeld
from storage.kept import KeptFile
from storage.local import LocalStore
from storage.log.eventlog import SQLiteEventLog
from storage.restored import RestoredFeeds
from storage.schema.folder import refuse_later_folder

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from domain.ids import StreamId
    from domain.moderation.desk import DeskRules
    from domain.ports_git import PackCaps
    from storage.datadir import DataDir

PEOPLE_KNOWN: Final = "people-known"
"""The fact that those with an identity were noted as known."""


def open_core(
    folder: DataDir,
    caps: PackCaps | None = None,
    *,
    redaction_delay_days: int = 30,
    delete_grace_days: int = 30,
    audit_days: int = 0,
    rules: DeskRules | None = None,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
    on_code_change: Callable[[StreamId], None] = lambda _: None,
) -> WriterCore:
    """The writer of a data directory whose lock the caller holds. Views are caught up and git healed on return.

    Without `rules`, nothing of strangers is taken in or held.
    """
    refuse_later_folder(folder)
    log = SQLiteEventLog(folder.log)
    key = SigningKey(keys.load_or_create(folder.identity_key))
    try:
        projector = open_views(folder, log, progress)
    except BaseException:
        log.close()
        raise
    make_accounts(folder.accounts)
    make_audit(folder.audit)
    journal = SqliteJournal(folder.audit, keep_days=audit_days, quick=True)
    journal.prune(projector.position)
    glance = Glance(folder.accounts)
    store = DiskGitStore(folder.repos, caps, git=shutil.which("git") or "git")
    views, local = projector.shelf.connection, LocalStore(folder.local)
    graves = Graves(views, store, local, grace_days=delete_grace_days)
    blobs, caution = DiskBlobs(folder.blobs), RestoredFeeds(local)
    orphans = Orphans(views, blobs, store, local, delay_days=redaction_delay_days)
    desk = None
    if rules is not None:
        desk = Desk(SqliteHeld(folder.local), now_ms, rules)
        _know_people(desk, views, local)
    made = partial(_drop_made, folder)
    remover = Remover(log, projector, store, blobs, local, desk=desk, caution=caution, drop_made=made)
    remover.finish()
    heal(projector, store)
    housekeeper = Housekeeper(
        views, log, local, delay_days=redaction_delay_days, graves=graves, orphans=orphans, desk=desk
    )
    return WriterCore(
        log,
        projector,
        key,
        store,
        blobs,
        on_code_change=on_code_change,
        housekeeper=housekeeper,
        caution=caution,
        now_ms=now_ms,
        desk=desk,
        pens=custody_of(folder, glance),
        names=SqliteNames(glance),
        journal=journal,
        remover=remover,
        at_close=partial(_close, glance, journal),
    )


def _drop_made(folder: DataDir, repo: StreamId) -> None:
    """Packs that are kept for clients, and the analytics, which have all events in them and are made anew."""
    Shelf(folder.cache / "packs").drop_all(repo)
    for path in (folder.analytics, folder.analytics.with_name(f"{folder.analytics.name}.wal")):
        path.unlink(missing_ok=True)


def _close(glance: Glance, journal: SqliteJournal) -> None:
    glance.close()
    journal.close()


def custody_of(folder: DataDir, glance: Glance) -> Custody:
    """The keys that the node in this folder keeps for others."""
    devices = SqliteDevices(KeptFile(folder.accounts), glance)
    return Custody(devices, SqliteKnown(glance), Vault(keys.load_or_create(folder.identity_key)))


def _know_people(desk: Desk, views: sqlite3.Connection, local: LocalStore) -> None:
    """Before there was a desk, whoever has an identity here was let in by the operator: note that, once."""
    if local.get(PEOPLE_KNOWN) is None:
        for (did,) in views.execute("SELECT DISTINCT did FROM identities"):
            desk.know(ANYWHERE, did)
        desk.settle()
        local.put(PEOPLE_KNOWN, b"1")
