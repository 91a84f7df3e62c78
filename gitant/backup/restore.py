"""Making a node's folder of a backup: copied, checked, its views made from the log, its feeds marked."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from domain.errors import InvalidInput, Unavailable
from domain.ids import parse_stream_id
from domain.keys import SigningKey
from gitant.backup.draft import Draft
from gitant.backup.manifest import MANIFEST, read_manifest, read_sums
from gitant.backup.take import silent
from gitant.digests import stream_digests
from gitant.rebuild import rebuild_views
from gitant.writer.effects import heal
from projections.database import open_readonly, open_writable
from projections.projector import Projector
from projections.source import LogSource
from projections.tables import FOLD_VERSION
from storage import keys
from storage.accounts.devices import kept_devices
from storage.datadir import DataDir
from storage.git.store import DiskGitStore
from storage.local import LocalStore
from storage.log.eventlog import SQLiteEventLog
from storage.restored import RestoredFeeds
from storage.schema.versions import ACCOUNTS, AUDIT, LOCAL, LOG, refuse_later

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    from gitant.backup.manifest import Manifest
    from gitant.backup.take import Progress, Tickers


def restore(backup: Path, target: Path, *, alone: bool = False, tickers: Tickers = silent) -> Manifest:
    """Make of a backup the data folder `target`, which is not there yet or empty; what was in the backup.

    No event is appended. Unless `alone`, the node's feeds are marked and it signs nothing until they are cleared.
    A backup in which anything is not as it was written is `InvalidInput`, and then nothing is left behind.
    """
    manifest, sums = read_manifest(backup), read_sums(backup)
    _refuse_later(backup, manifest)
    if target.absolute().parent.resolve().is_relative_to(backup.resolve()):
        raise InvalidInput(f"{target} is inside the backup", hint="name a folder elsewhere")
    with Draft(target) as draft:
        with tickers("files") as ticker:
            _copy(backup, draft, sums, ticker)
        folder = DataDir(draft.path)
        folder.create()
        with tickers("events into the views") as ticker:
            _make_views(folder, manifest, ticker)
        if not alone:
            _mark(folder)
        draft.finish(keep_lock=True)
    return manifest


def differences(views: sqlite3.Connection, manifest: Manifest) -> list[str]:
    """How the digests of views that were made from a backup's log differ from the manifest's: a line for each stream.

    Digests of views are compared where the same fold version made both.
    """
    held = {row.id: row for row in stream_digests(views)}
    wanted = {stream.id: stream for stream in manifest.streams}
    found = [f"stream {name} is too many" for name in held.keys() - wanted.keys()]
    for name, stream in wanted.items():
        row = held.get(name)
        if row is None:
            found.append(f"stream {name} is missing")
            continue
        parts = [("log", row.log, stream.log), ("refs", row.refs, stream.refs)]
        if manifest.fold_version == FOLD_VERSION:
            parts.append(("views", row.view, stream.view))
        found += [f"stream {name}: its {part} are others" for part, here, there in parts if here != there]
    return sorted(found)


def _refuse_later(backup: Path, manifest: Manifest) -> None:
    for name, schema in (
        *(("log.sqlite", LOG), ("local.sqlite", LOCAL)),
        *(("accounts.sqlite", ACCOUNTS), ("audit.sqlite", AUDIT)),
    ):
        refuse_later(backup / name, manifest.schemas.get(name, 0), schema)


def _copy(backup: Path, draft: Draft, sums: dict[str, str], ticker: Progress) -> None:
    for number, (name, digest) in enumerate(sums.items(), 1):
        if name != MANIFEST:
            source = backup / name
            if source.is_symlink() or not source.is_file():
                raise InvalidInput(f"{source} is missing", hint="use another backup; gitant backup --verify checks one")
            draft.copy(source, name)
            if draft.sums[name] != digest:
                raise InvalidInput(
                    f"{source} is not what it was when the backup was made",
                    hint="use another backup; gitant backup --verify says all that is wrong with this one",
                )
        ticker(number, len(sums))


def _make_views(folder: DataDir, manifest: Manifest, ticker: Progress) -> None:
    SQLiteEventLog(folder.log).close()  # migrates what an earlier version backed up
    rebuild_views(folder, ticker)
    with closing(SQLiteEventLog(folder.log, create=False)) as log:
        projector = Projector(open_writable(folder.views), LogSource(log))
        with closing(projector.shelf.connection) as views:
            store = DiskGitStore(folder.repos)
            for path in folder.repos.glob("*.git"):  # folders that hold no file are not in a backup
                store.create(parse_stream_id(path.name.removesuffix(".git")))
            heal(projector, store)
            found = differences(views, manifest)
    if found:
        raise Unavailable(
            f"the log in the backup does not come to what the backup says: {found[0]}",
            hint="use another backup; gitant backup --verify says all that is wrong with this one",
        )


def _mark(folder: DataDir) -> None:
    device = SigningKey(keys.load_or_create(folder.identity_key)).device
    with closing(open_readonly(folder.views)) as views:
        # Those of accounts first: a stream has one mark, and there the node's own feed is the one to compare.
        feeds = [
            feed
            for each in (*kept_devices(folder.accounts), device)
            for feed in views.execute("SELECT stream, seq, id FROM feeds WHERE device=?", (each,)).fetchall()
        ]
    with closing(LocalStore(folder.local)) as local:
        RestoredFeeds(local).mark(feeds)
