"""Taking a bundle into a node, running or not, or only looking whether it could be."""

from __future__ import annotations

import shutil
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import IO, TYPE_CHECKING, Final, final

from domain.errors import Unavailable
from domain.ids import Did, StreamId
from domain.keys import SigningKey
from gitant.bundles.checking import Checker, Findings
from gitant.bundles.files import Twice, opened, parts_of
from gitant.bundles.taking import Taken, Taker
from gitant.current import current_views
from gitant.hand import writer_of
from gitant.network.asking import Network
from gitant.network.index import ViewsIndex
from projections.database import open_readonly
from replication.bundle.filing import BundleReader
from replication.records import Follows, Identity
from storage import keys
from storage.blobs import DiskBlobs
from storage.git.engine.keeping import KeptTables
from storage.git.store import DiskGitStore
from storage.held import SqliteHeld
from storage.log.eventlog import SQLiteEventLog
from storage.peers import SqlitePeerBook

if TYPE_CHECKING:
    from collections.abc import Generator

    from gitant.backup.take import Tickers
    from gitant.settings import Settings
    from storage.datadir import DataDir

DOOR: Final = "bundle"
"""The door that the audit names for what comes this way."""


@final
@dataclass(frozen=True, slots=True)
class Outcome:
    """What a bundle holds, and (None: it was only looked at) what has come of it. `digest` is what it is known by."""

    digest: str
    found: Findings
    taken: Taken | None


def apply(folder: DataDir, settings: Settings, name: str, tickers: Tickers) -> Outcome:
    """Take in the bundle `name`; raises a `LocalFault` for one that cannot be, of which nothing is kept then."""
    with (
        opened(name, folder.cache, folder.free_bytes) as file,
        tickers("events into the views") as ticker,
        writer_of(folder, settings, DOOR, ticker) as hand,
        _room(folder, settings) as room,
    ):
        begin, twice = file.tell(), Twice()
        with ExitStack() as held:
            digest, found = _checked(file, room, held, tickers, twice)
            file.seek(begin)
            gained = partial(_say_gained, folder)
            taker = Taker(hand, room.index, room.blobs, room.identity, room.follows, found.objects, gained)
            held.callback(taker.discard)
            with tickers("bytes taken in") as ticker:
                for part in parts_of(file, BundleReader(), ticker, twice.again):
                    taker.see(part)
        return Outcome(digest, found, taker.taken)


def _say_gained(folder: DataDir, stream: StreamId) -> None:
    """The process that talks with peers cannot see it; where there is none, nobody waits to hear it."""
    with suppress(Unavailable):
        Network(folder).ask_now("gained", stream=stream.hex())


def look(folder: DataDir, settings: Settings, name: str, tickers: Tickers) -> Outcome:
    """Check the bundle `name` as `apply` does, and take nothing."""
    with tickers("events into the views") as ticker, current_views(folder, ticker):
        pass
    with opened(name, folder.cache, folder.free_bytes) as file, _room(folder, settings) as room, ExitStack() as held:
        digest, found = _checked(file, room, held, tickers, Twice())
        return Outcome(digest, found, None)


@final
@dataclass(slots=True)
class _Room:
    """What is asked of this node."""

    index: ViewsIndex
    store: DiskGitStore
    blobs: DiskBlobs
    identity: Identity
    follows: Follows
    blob_bytes_max: int


@contextmanager
def _room(folder: DataDir, settings: Settings) -> Generator[_Room]:
    with ExitStack() as held:
        log = held.enter_context(closing(SQLiteEventLog(folder.log, create=False)))
        views = held.enter_context(closing(open_readonly(folder.views)))
        waiting = held.enter_context(closing(SqliteHeld(folder.local)))
        book = held.enter_context(closing(SqlitePeerBook(folder.local)))
        git = shutil.which("git") or "git"
        store = DiskGitStore(folder.repos, settings.caps, git=git, tables=KeptTables())
        blobs = DiskBlobs(folder.blobs)
        key = SigningKey(keys.load_or_create(folder.identity_key))
        yield _Room(
            ViewsIndex(views, log, waiting, store, blobs),
            store,
            blobs,
            Identity(key.did, frozenset({key.device})),
            Follows(
                everything=True,  # whoever takes in a bundle wants what is in it
                hidden=frozenset(StreamId(bytes.fromhex(name)) for name in book.shunned("repo")),
                blocked=frozenset(Did(did) for did in book.shunned("principal")),
            ),
            settings.attachment_max,
        )


def _checked(file: IO[bytes], room: _Room, held: ExitStack, tickers: Tickers, twice: Twice) -> tuple[str, Findings]:
    reader = BundleReader()
    checker = Checker(room.index, room.store, room.identity, room.follows, room.blob_bytes_max)
    held.callback(checker.discard)
    with tickers("bytes checked") as ticker:
        for part in parts_of(file, reader, ticker, twice.first):
            checker.see(part)
    return reader.digest.hex(), checker.found
