"""Checks on what is made from the log: views and analytics."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final

from domain.envelope import event_id
from domain.errors import GitantError
from gitant.doctor.finding import failed, ok, warning
from gitant.doctor.log import LAST_POSITION, asked
from projections.database import open_readonly
from projections.tables import FOLD_VERSION

if TYPE_CHECKING:
    from gitant.doctor.finding import Finding, Patient

_NOT_YET: Final = "the log is not there yet"
_REBUILD: Final = "stop the node and make them again: gitant rebuild"
ANALYTICS_EVENTS_MAX: Final = 100_000
"""How far the analytics may be behind before a query takes noticeably long."""


def views(patient: Patient) -> Finding:
    """At the log's end, or on the way there."""
    folder = patient.folder
    if not folder.log.exists():
        return ok("views", _NOT_YET)
    if not folder.views.exists():
        return warning("views", "views.sqlite is missing", "start the node, or run: gitant rebuild")
    try:
        with closing(open_readonly(folder.views)) as connection:
            facts: dict[str, int] = dict(connection.execute("SELECT name, value FROM meta").fetchall())
        last = asked(folder.log, LAST_POSITION)
    except (sqlite3.Error, GitantError) as fault:
        return failed("views", str(fault), _REBUILD)
    position = facts.get("position", 0)
    if facts.get("version") != FOLD_VERSION:
        return warning("views", "another version wrote them", "start the node, which makes them again")
    if position > last:
        return failed("views", f"at {position}, but the log ends at {last}", "stop the node and run: gitant rebuild")
    if position < last and patient.running is None:
        return warning("views", f"at {position} of {last}", "start the node, which goes on from there")
    return ok("views", f"at {position} of {last}")


def views_content(patient: Patient) -> Finding:
    """Whether the views hold as many events as they say, and the last one is the log's. `rebuild --check` reads all."""
    folder = patient.folder
    if not folder.views.exists() or not folder.log.exists():
        return ok("views and log", "there are none yet")
    with closing(open_readonly(folder.views)) as connection:
        connection.execute("BEGIN")
        position = connection.execute("SELECT value FROM meta WHERE name='position'").fetchone()
        count = connection.execute("SELECT count(*) FROM events").fetchone()[0]
        last = connection.execute("SELECT pos, id FROM events ORDER BY pos DESC LIMIT 1").fetchone()
    if position is None or count != position[0]:
        return failed("views and log", f"{count} events at position {position and position[0]}", _REBUILD)
    if last is not None and _id_at(patient, last[0]) != last[1]:
        return failed("views and log", f"event {last[0]} is another in the log", _REBUILD)
    return ok("views and log", f"the same up to event {count}")


def analytics(patient: Patient) -> Finding:
    """They follow when somebody asks, so being behind costs the next query time and nothing else."""
    folder = patient.folder
    if not folder.analytics.exists():
        return ok("analytics", "none are made yet")
    import duckdb

    try:
        with duckdb.connect(str(folder.analytics), read_only=True) as db:
            row = db.execute("SELECT position FROM feed").fetchone()
    except duckdb.IOException:
        return ok("analytics", "a query is at work in them")
    except duckdb.Error as fault:
        return warning("analytics", str(fault).splitlines()[0], f"remove {folder.analytics}: a query makes it again")
    behind = asked(folder.log, LAST_POSITION) - (row[0] if row else 0)
    if behind > ANALYTICS_EVENTS_MAX:
        return warning("analytics", f"{behind:,} events behind", 'bring them up to date: gitant query "SELECT 1"')
    return ok("analytics", f"{behind:,} events behind, which the next query reads")


def bring_up_views(patient: Patient) -> str:
    """Make or go on with the views, while no node is at work."""
    from gitant.rebuild import caught_up

    with patient.folder.lock():
        caught_up(patient.folder)
    return "brought up to the end of the log"


def make_views_again(patient: Patient) -> str:
    """Make the views from the log, while no node is at work."""
    from gitant.rebuild import rebuild

    with patient.folder.lock():
        count = rebuild(patient.folder)
    return f"made again from {count} events"


def _id_at(patient: Patient, position: int) -> bytes | None:
    from storage.log.eventlog import SQLiteEventLog

    with closing(SQLiteEventLog(patient.folder.log, create=False)) as log:
        row = log.get(position)
    return None if row is None else event_id(row.header)
