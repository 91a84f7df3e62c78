"""Views that are at the end of the log, for commands that read them: those of a stopped node may be behind."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from domain.errors import Conflict, Unavailable
from projections.database import open_readonly
from projections.tables import FOLD_VERSION
from storage.log.eventlog import SQLiteEventLog

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from storage.datadir import DataDir


@contextmanager
def current_views(folder: DataDir, progress: Callable[[int, int], None]) -> Generator[sqlite3.Connection]:
    """A connection to the views, brought to the end of the log first unless a node is running and does that itself."""
    try:
        with folder.lock():
            if not folder.views.exists() or lags(folder) or not _is_of_this_version(folder):
                from gitant.rebuild import caught_up  # slow to import, and seldom needed

                caught_up(folder, progress)
    except Conflict:
        pass  # the node keeps them current
    try:
        with closing(open_readonly(folder.views)) as connection:
            yield connection
    except sqlite3.DatabaseError as fault:
        raise Unavailable(
            f"{folder.views} cannot be read: {fault}",
            hint="stop the node and make it again from the log: gitant rebuild",
        ) from fault


def lags(folder: DataDir) -> bool:
    """Whether the views are sound as far as they go, and the log goes on: after a kill, say."""
    try:
        with closing(open_readonly(folder.views)) as views:
            facts = dict(views.execute("SELECT name, value FROM meta").fetchall())
            reached = views.execute("SELECT coalesce(max(pos), 0) FROM events").fetchone()[0]
    except sqlite3.DatabaseError:
        return False
    with closing(SQLiteEventLog(folder.log, create=False)) as log:
        return facts == {"version": FOLD_VERSION, "position": reached} and reached < log.last_position()


def seen_beyond(folder: DataDir, log: SQLiteEventLog) -> int:
    """How many more events the views have seen than the log has; 0 where there are no views to tell."""
    if not folder.views.exists():
        return 0
    try:
        with closing(open_readonly(folder.views)) as views:
            row = views.execute("SELECT value FROM meta WHERE name='position'").fetchone()
    except sqlite3.DatabaseError:
        return 0
    # The views are asked first: while a node runs, both go on, and the log goes before.
    return max(0, row[0] - log.last_position()) if row and isinstance(row[0], int) else 0


def _is_of_this_version(folder: DataDir) -> bool:
    try:
        with closing(open_readonly(folder.views)) as views:
            row = views.execute("SELECT value FROM meta WHERE name='version'").fetchone()
    except sqlite3.DatabaseError:
        return True  # damaged, which is for the reader to complain about
    return bool(row == (FOLD_VERSION,))
