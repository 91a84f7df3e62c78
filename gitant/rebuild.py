"""Rebuilding the views from the log, in place or beside the live ones to compare."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitant.indexer import check_code, index_all
from gitant.writer.catchup import build_anew, catch_up
from projections.database import open_readonly, open_writable, remove
from projections.projector import Projector
from projections.source import LogSource
from projections.tables import CODE_FILES, CODE_STATE, LANGUAGES, TABLES, Table
from storage.git.reader import DulwichReader
from storage.log.eventlog import SQLiteEventLog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from storage.datadir import DataDir

_FROM_GIT = (CODE_STATE, CODE_FILES, LANGUAGES)
"""Read from git objects and not from the log: the code index checks these."""


def rebuild(folder: DataDir, progress: Callable[[int, int], None] = lambda _done, _all: None) -> int:
    """Build the views anew from the log and put them in place; how many events that was. Hold the folder's lock."""

    def index_code(fresh: Path) -> None:
        with closing(DulwichReader(folder.repos)) as reader:
            index_all(fresh, reader)

    return rebuild_views(folder, progress, index_code)


def rebuild_views(
    folder: DataDir, progress: Callable[[int, int], None], finish: Callable[[Path], None] = lambda _: None
) -> int:
    """Like `rebuild`, without the code index, which a node's start brings up in the background.

    `finish` gets the new views before they are put in place.
    """
    fresh = folder.views.with_name("views.sqlite.new")
    remove(fresh)
    log = SQLiteEventLog(folder.log, create=False)
    try:
        count = build_anew(fresh, log, progress)
    finally:
        log.close()
    finish(fresh)
    remove(folder.views)
    fresh.rename(folder.views)
    return count


def check(folder: DataDir, progress: Callable[[int, int], None] = lambda _done, _all: None) -> list[str]:
    """Build the views beside the live ones and say where they differ: a line for each table that does."""
    log = SQLiteEventLog(folder.log, create=False)
    with tempfile.TemporaryDirectory(prefix="rebuild-", dir=folder.cache) as scratch:
        fresh = Path(scratch) / "views.sqlite"
        try:
            build_anew(fresh, log, progress)
        finally:
            log.close()
        try:
            with closing(DulwichReader(folder.repos)) as reader:
                differences = _compare(open_readonly(folder.views), open_readonly(fresh))
                return differences + check_code(folder.views, reader, folder.cache)
        except sqlite3.DatabaseError as fault:
            return [f"views.sqlite cannot be read: {fault}"]


def caught_up(folder: DataDir, progress: Callable[[int, int], None] = lambda _done, _all: None) -> None:
    """Bring the live views to the end of the log. Hold the folder's lock."""
    log = SQLiteEventLog(folder.log, create=False)
    try:
        projector = Projector(open_writable(folder.views), LogSource(log))
        catch_up(projector, log, progress)
        projector.shelf.connection.close()
    finally:
        log.close()


def _compare(live: sqlite3.Connection, fresh: sqlite3.Connection) -> list[str]:
    differences = list[str]()
    for name in ("meta",):
        rows = [list(each.execute(f"SELECT * FROM {name} ORDER BY 1")) for each in (live, fresh)]  # noqa: S608
        if rows[0] != rows[1]:
            differences.append(f"{name}: holds {rows[0]}, should hold {rows[1]}")
    for table in TABLES:
        if table not in _FROM_GIT:
            differences += _compare_table(table, live, fresh)
    return differences


def _compare_table(table: Table, live: sqlite3.Connection, fresh: sqlite3.Connection) -> list[str]:
    for held, wanted in zip_longest(_rows(table, live), _rows(table, fresh)):
        if held != wanted:
            return [f"{table.name}: {_difference(table, held, wanted)}"]
    return []


def _rows(table: Table, connection: sqlite3.Connection) -> Iterator[tuple[Any, ...]]:
    yield from connection.execute(
        f"SELECT {', '.join(table.columns)} FROM {table.name} ORDER BY {', '.join(table.key)}"  # noqa: S608  # declared names
    )


def _difference(table: Table, held: tuple[Any, ...] | None, wanted: tuple[Any, ...] | None) -> str:
    if held is None or wanted is None:
        row = held or wanted or ("",)
        return f"a row is {'missing' if held is None else 'too many'}: {_shown(row[0])}"
    names = [name for name, a, b in zip(table.columns, held, wanted, strict=True) if a != b]
    index = list(table.columns).index(names[0])
    return f"row {_shown(held[0])}: {names[0]} is {_shown(held[index])}, should be {_shown(wanted[index])}"


def _shown(value: Any) -> str:
    text = value.hex() if isinstance(value, bytes) and len(value) == 32 else repr(value)
    return text if len(text) <= 120 else text[:119] + "…"
