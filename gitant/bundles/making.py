"""Making a bundle of a node's data folder into a file, or standard output."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, final

from domain.errors import Conflict, Unavailable
from gitant.bundles.base import read_base
from gitant.bundles.choice import chosen, left_out
from gitant.bundles.create import Maker
from gitant.bundles.files import STANDARD
from gitant.current import current_views
from storage.blobs import DiskBlobs
from storage.files import flush_folder
from storage.git.engine.keeping import KeptTables
from storage.git.engine.serving import EngineServing
from storage.git.engine.shelf import Shelf
from storage.git.store import DiskGitStore
from storage.log.eventlog import SQLiteEventLog

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Generator, Mapping, Sequence

    from gitant.backup.take import Tickers
    from gitant.bundles.base import Held
    from gitant.bundles.create import Made
    from storage.datadir import DataDir


@final
@dataclass(frozen=True, slots=True)
class Order:
    """What a bundle is to hold: the repositories named (none: all), from `since` on, or only how far they go."""

    repos: Sequence[str] = ()
    since: str = ""
    private: bool = False
    frontier: bool = False


@final
@dataclass(frozen=True, slots=True)
class Told:
    """What was made. `private` are the names of repositories in it that not everybody may read."""

    made: Made
    private: tuple[str, ...]
    left_out: int
    """How many private ones are not in it."""


def make(folder: DataDir, out: str, order: Order, tickers: Tickers) -> Told:
    """Write a bundle to `out`; raises a `LocalFault` and leaves nothing there, or all of it."""
    base: Mapping[bytes, Held] = read_base(order.since) if order.since else {}
    with (
        tickers("events into the views") as ticker,
        current_views(folder, ticker) as views,
        closing(SQLiteEventLog(folder.log, create=False)) as log,
        _serving(folder) as (serving, store),
    ):
        views.execute("BEGIN")
        streams = chosen(views, order.repos, private=order.private)
        private = tuple(each.name for each in streams if each.private)
        maker = Maker(views, log, serving, DiskBlobs(folder.blobs), store.holds)
        with _sink(out, for_owner=bool(private)) as sink, tickers("events") as ticker:
            made = maker.make(sink, streams, base, ticker, frontier=order.frontier)
        return Told(made, private, _left_out(views, order))


def _left_out(views: sqlite3.Connection, order: Order) -> int:
    return 0 if order.repos or order.private else left_out(views)


@contextmanager
def _serving(folder: DataDir) -> Generator[tuple[EngineServing, DiskGitStore]]:
    tables = KeptTables()
    store = DiskGitStore(folder.repos, git=shutil.which("git") or "git", tables=tables)
    with closing(EngineServing(store, tables, Shelf(folder.cache / "packs"))) as serving:
        yield serving, store


@contextmanager
def _sink(out: str, *, for_owner: bool) -> Generator[IO[bytes]]:
    """A file under another name until it is whole, or standard output."""
    if out == STANDARD:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    target = Path(out)
    if target.exists():
        raise Conflict(f"{target} is there already", hint="choose another name, or remove it")
    draft = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        draft.unlink(missing_ok=True)
        file = os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if for_owner else 0o666), "wb")
    except OSError as fault:
        raise Unavailable(f"{target} cannot be written: {fault.strerror}") from fault
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.rename(target)
        flush_folder(target.absolute().parent)
    finally:
        draft.unlink(missing_ok=True)
