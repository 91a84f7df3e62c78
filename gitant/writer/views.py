"""The views as the writer opens them: those there are if they fit the log, else made again from it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from domain.envelope import event_id
from domain.errors import Unavailable
from domain.ports_log import DamagedRow
from gitant.log import get_logger
from gitant.writer.catchup import build_anew, catch_up
from projections.database import is_current, open_readonly, open_writable, remove
from projections.projector import Projector
from projections.source import LogSource

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.ports_log import EventLog
    from storage.datadir import DataDir

_log = get_logger(__name__)


def open_views(folder: DataDir, log: EventLog, progress: Callable[[int, int], None]) -> Projector:
    """The writing side of a folder's views, at the end of the log. The caller holds the folder's lock.

    Raises `Unavailable` where the log is empty and the views tell that it was not: a lost log is not begun anew
    unasked.
    """
    seen, held = _seen(folder), log.last_position()
    if seen and not held:
        raise Unavailable(
            f"{folder.log} is empty, and {folder.views} has {seen} events of it",
            hint="restore the log from a backup, or move the folder away to begin a new node",
        )
    if held and (why := _why_not(folder, log, seen, held)):
        _log.warning("the views are made again from the log", because=why, events=held)
        fresh = folder.views.with_name(folder.views.name + ".new")
        remove(fresh)
        build_anew(fresh, log, progress)
        remove(folder.views)
        fresh.rename(folder.views)
    projector = Projector(open_writable(folder.views), LogSource(log))
    catch_up(projector, log, progress)
    return projector


def _why_not(folder: DataDir, log: EventLog, seen: int, held: int) -> str:
    """Why the views cannot be built upon, or nothing. A log that was restored from a backup is another one."""
    if not folder.views.exists():
        return "there are none"
    if not is_current(folder.views):
        return "another version wrote them, or they are damaged"
    if seen > held:
        _log.warning("the log ends before what was seen of it", events=held, seen=seen, missing=seen - held)
        return "they have seen more than the log holds"
    if not seen:
        return ""
    with closing(open_readonly(folder.views)) as views:
        shown = views.execute("SELECT id FROM events WHERE pos=?", (seen,)).fetchone()
    try:
        row = log.get(seen)
    except DamagedRow:
        return ""  # whatever it was; `gitant verify` tells of it
    same = row is not None and shown is not None and event_id(row.header) == shown[0]
    return "" if same else "they were made from another log"


def _seen(folder: DataDir) -> int:
    """The position that the views have reached, whichever version wrote them; 0 where they cannot tell."""
    if not folder.views.exists():
        return 0
    try:
        with closing(open_readonly(folder.views)) as views:
            row = views.execute("SELECT value FROM meta WHERE name='position'").fetchone()
    except sqlite3.DatabaseError:
        return 0
    return row[0] if row and isinstance(row[0], int) else 0
