"""Roles, protections, acts of authority, and what those undid here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from domain.authority.court import NO_EFFECT
from domain.ids import EventId
from domain.ports_authority import ActRow, Alarm
from projections.queries import events
from projections.queries.cursors import (
    name_cursor,
    order_cursor,
    position_cursor,
    read_name,
    read_order,
    read_position,
)
from projections.queries.sight import sight
from projections.show.form import encode_json

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from domain.actor import Actor
    from domain.ids import Did, StreamId
    from domain.ports_authority import AuditFilter

_GUEST: Final = 0
_LAST: Final = (2**62, b"")


def member(connection: sqlite3.Connection, stream: StreamId, did: Did) -> bytes | None:
    """Somebody's standing in a repository, if any act ever named them."""
    row = connection.execute("SELECT doc FROM roles WHERE stream=? AND did=?", (stream, did)).fetchone()
    return None if row is None else bytes(row[0])


def members(
    connection: sqlite3.Connection, stream: StreamId, after: str | None, limit: int, *, blocked: bool
) -> tuple[Sequence[bytes], str | None, int]:
    """Who has a role in a repository, the highest first, or who is blocked."""
    where = f"stream=? AND role {'<' if blocked else '>'} {_GUEST}"
    total = connection.execute(f"SELECT count(*) FROM roles WHERE {where}", (stream,)).fetchone()[0]
    role, _, did = read_name(after).partition(" ") if after is not None else ("99", "", "")
    least = int(role) if role.lstrip("-").isdecimal() else _GUEST
    rows = connection.execute(
        f"SELECT doc, role, did FROM roles WHERE {where} AND (role < ?2 OR (role = ?2 AND did > ?3))"
        " ORDER BY role DESC, did LIMIT ?4",
        (stream, least, did, limit + 1),
    ).fetchall()
    following = name_cursor(f"{rows[limit - 1][1]} {rows[limit - 1][2]}") if len(rows) > limit else None
    return [row[0] for row in rows[:limit]], following, total


def protection(connection: sqlite3.Connection, stream: StreamId, pattern: str) -> bytes | None:
    """The rules for a pattern, if there are any."""
    row = connection.execute("SELECT doc FROM protections WHERE stream=? AND pattern=?", (stream, pattern)).fetchone()
    return None if row is None else bytes(row[0])


def protections(
    connection: sqlite3.Connection, stream: StreamId, after: str | None, limit: int
) -> tuple[Sequence[bytes], str | None, int]:
    """All rules of a repository, by pattern."""
    rows = connection.execute(
        "SELECT doc, pattern FROM protections WHERE stream=? AND pattern > ? ORDER BY pattern LIMIT ?",
        (stream, read_name(after) if after is not None else "", limit + 1),
    ).fetchall()
    total = connection.execute("SELECT count(*) FROM protections WHERE stream=?", (stream,)).fetchone()[0]
    following = name_cursor(rows[limit - 1][1]) if len(rows) > limit else None
    return [row[0] for row in rows[:limit]], following, total


_ACTS: Final = (
    f"SELECT acts.level, {', '.join(f'events.{column}' for column in events.COLUMN_NAMES)}, {events.REDACTED}"
    " FROM acts JOIN events ON events.id=acts.event"
)


def acts(
    connection: sqlite3.Connection, stream: StreamId, after: str | None, limit: int
) -> tuple[Sequence[ActRow], str | None, int]:
    """The acts of authority of a repository, newest first by (lamport, id)."""
    before = read_order(after) if after is not None else _LAST
    rows = connection.execute(
        f"{_ACTS} WHERE acts.stream=? AND (events.lamport, events.id) < (?, ?)"
        " ORDER BY events.lamport DESC, events.id DESC LIMIT ?",
        (stream, *before, limit + 1),
    ).fetchall()
    total = connection.execute("SELECT count(*) FROM acts WHERE stream=?", (stream,)).fetchone()[0]
    found = [_act(row) for row in rows[:limit]]
    following = order_cursor(rows[limit - 1][9], rows[limit - 1][2]) if len(rows) > limit else None
    return found, following, total


_AUDIT_COLUMNS: Final = (
    f"acts.level, repos.name, {', '.join(f'events.{column}' for column in events.COLUMN_NAMES)}, {events.REDACTED}"
)
# In this order, so that a page comes from the index over positions instead of from sorting everything.
_AUDIT: Final = "FROM acts CROSS JOIN events ON events.pos=acts.pos CROSS JOIN repos ON repos.stream=acts.stream"


def audit(
    connection: sqlite3.Connection, reader: Actor, which: AuditFilter, after: str | None, limit: int
) -> tuple[Sequence[ActRow], str | None, int]:
    """The acts of authority of all repositories that a reader may see, newest arrival first."""
    tests, values = _audited(reader, which)
    where = " AND ".join(tests)
    # To count, SQLite chooses the order of tables, and needs events only where something is asked of them.
    counted = _AUDIT.replace("CROSS JOIN", "JOIN") if "events." in where else "FROM acts JOIN repos USING (stream)"
    total = connection.execute(f"SELECT count(*) {counted} WHERE {where}", values).fetchone()[0]
    if not total:
        return [], None, 0
    before = read_position(after) if after is not None else 2**62
    rows = connection.execute(
        f"SELECT {_AUDIT_COLUMNS} {_AUDIT} WHERE {where} AND acts.pos < ? ORDER BY acts.pos DESC LIMIT ?",
        (*values, before, limit + 1),
    ).fetchall()
    following = position_cursor(rows[limit - 1][2]) if len(rows) > limit else None
    return [_audited_act(row) for row in rows[:limit]], following, total


def act(connection: sqlite3.Connection, event: EventId) -> ActRow | None:
    """One act, as the audit lists it."""
    row = connection.execute(f"SELECT {_AUDIT_COLUMNS} {_AUDIT} WHERE acts.event=?", (event,)).fetchone()
    return None if row is None else _audited_act(row)


def _audited(reader: Actor, which: AuditFilter) -> tuple[list[str], list[object]]:
    """SQL conditions with their parameters: what the reader may see, and what was asked for."""
    seen = sight(reader)
    tests, values = [seen.sql], list[object](seen.values)
    for test, value in (
        ("acts.stream=?", which.stream),
        ("events.author=?", which.actor),
        ("events.kind GLOB ?", which.kind or None),
        ("events.standing=?", which.verdict or None),
        ("events.time>=?", which.since_ms),
        ("events.time<?", which.until_ms),
    ):
        if value is not None:
            tests.append(test)
            values.append(value)
    return tests, values


def _audited_act(row: Sequence[Any]) -> ActRow:
    level, repo_name, *event = row
    found = _act((level, *event))
    return replace(found, doc=encode_json({**events.fields_of(event), "repo_name": repo_name}))


def act_behind(connection: sqlite3.Connection, event: EventId) -> ActRow | None:
    """The act on which a void event's verdict rests: the one among what it waits for."""
    row = connection.execute(
        f"{_ACTS} JOIN awaiting ON awaiting.awaited=acts.event WHERE awaiting.event=? LIMIT 1", (event,)
    ).fetchone()
    return None if row is None else _act(row)


def alarms(
    connection: sqlite3.Connection, stream: StreamId, after: str | None, limit: int, shown: int
) -> tuple[Sequence[Alarm], str | None, int]:
    """Acts that voided what had counted on this node, newest first."""
    before = read_order(after) if after is not None else _LAST
    rows = connection.execute(
        f"{_ACTS} WHERE acts.event IN (SELECT act FROM alarms WHERE stream=?) AND (events.lamport, events.id) < (?, ?)"
        " ORDER BY events.lamport DESC, events.id DESC LIMIT ?",
        (stream, *before, limit + 1),
    ).fetchall()
    total = connection.execute("SELECT count(DISTINCT act) FROM alarms WHERE stream=?", (stream,)).fetchone()[0]
    following = order_cursor(rows[limit - 1][9], rows[limit - 1][2]) if len(rows) > limit else None
    return [_alarm(connection, _act(row), shown) for row in rows[:limit]], following, total


def overturned(connection: sqlite3.Connection, stream: StreamId, act: EventId) -> Sequence[EventId]:
    """The events that had counted here until this act, and still do not."""
    rows = connection.execute(
        "SELECT events.id FROM alarms JOIN events ON events.id=alarms.event"
        " WHERE alarms.act=? AND alarms.stream=? AND standing='void' ORDER BY events.lamport, events.id",
        (act, stream),
    )
    return [EventId(row[0]) for row in rows]


def _act(row: Sequence[Any]) -> ActRow:
    level, *event = row
    return ActRow(EventId(event[1]), event[0], None if level == NO_EFFECT else level, events.document(event))


def _alarm(connection: sqlite3.Connection, act: ActRow, shown: int) -> Alarm:
    total, void = connection.execute(
        "SELECT count(*), total(standing='void') FROM alarms JOIN events ON events.id=alarms.event WHERE act=?",
        (act.id,),
    ).fetchone()
    rows = connection.execute(
        "SELECT events.id FROM alarms JOIN events ON events.id=alarms.event WHERE act=?"
        " ORDER BY events.lamport, events.id LIMIT ?",
        (act.id, shown),
    )
    return Alarm(act, total, int(void), [EventId(row[0]) for row in rows])
