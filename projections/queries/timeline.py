"""What happened to an issue, event by event, and what else is shown beside it: reactions, pins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from domain.authority.roles import Role
from domain.limits import LAMPORT_MAX
from domain.ports_issues import Moment, Moments, Place, Source, Unsettled
from projections.queries.cursors import order_cursor, read_order
from projections.queries.sight import sight
from projections.show.form import iso

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from domain.actor import Actor
    from domain.ids import Did, EventId, StreamId

PINNED_SHOWN_MAX: Final = 3
_REDACTED: Final = "EXISTS (SELECT 1 FROM redactions WHERE target=events.id)"
_COLUMNS: Final = f"events.lamport, events.id, events.pos, events.kind, events.author, events.time, {_REDACTED}"
_ITS_OWN: Final = (
    "FROM members JOIN events ON events.pos=members.pos"
    " WHERE members.key=:issue AND events.stream=:stream AND events.standing='accepted'"
)
_ATTACHED: Final = (
    "FROM attachments JOIN events ON events.id=attachments.id"
    " WHERE attachments.target=:issue AND events.stream=:stream AND events.standing='accepted'"
)
_ELSEWHERE: Final = (
    "FROM links JOIN events ON events.id=links.event JOIN repos ON repos.stream=links.stream"
    " JOIN issues ON issues.id=links.issue"
    " WHERE links.target=:issue AND events.standing='accepted'"
)
_UNSPOKEN: Final = (
    "events.kind NOT IN ('issue.opened.v1', 'comment.added.v1', 'reaction.added.v1', 'reaction.removed.v1')"
)
_SOURCE: Final = "repos.stream, repos.name, issues.id, issues.number, issues.title, links.entity"


def timeline(
    connection: sqlite3.Connection,
    stream: StreamId,
    issue: EventId,
    reader: Actor,
    after: str | None,
    limit: int,
) -> Moments:
    """Each part is read off an index, only as far as this page goes."""
    seen, seeing = sight(reader).named()
    lamport, name = read_order(after) if after is not None else (-1, b"")
    values: dict[str, Any] = {
        "issue": issue,
        "stream": stream,
        "lamport": lamport,
        "name": name,
        "limit": limit + 1,
        **seeing,
    }
    own = connection.execute(
        f"SELECT {_COLUMNS} {_ITS_OWN} AND (members.lamport, members.id) > (:lamport, :name)"
        " ORDER BY members.lamport, members.id LIMIT :limit",
        values,
    ).fetchall()
    attached = connection.execute(
        f"SELECT {_COLUMNS} {_ATTACHED} AND (attachments.lamport, attachments.id) > (:lamport, :name)"
        " ORDER BY attachments.lamport, attachments.id LIMIT :limit",
        values,
    ).fetchall()
    elsewhere = connection.execute(
        f"SELECT {_COLUMNS}, {_SOURCE} {_ELSEWHERE} AND {seen} AND (links.lamport, links.event) > (:lamport, :name)"
        " ORDER BY links.lamport, links.event LIMIT :limit",
        values,
    ).fetchall()
    rows = sorted([*own, *attached, *elsewhere], key=lambda row: (row[0], row[1]))
    parts = (_ITS_OWN, _ATTACHED, f"{_ELSEWHERE} AND {seen}")
    total = sum(connection.execute(f"SELECT count(*) {part}", values).fetchone()[0] for part in parts)
    cursor = order_cursor(*rows[limit - 1][:2]) if len(rows) > limit else None
    return Moments([_moment(row) for row in rows[:limit]], cursor, total)


def happenings(
    connection: sqlite3.Connection,
    stream: StreamId,
    issue: EventId,
    reader: Actor,
    after: str | None,
    until: str | None,
    limit: int,
) -> Sequence[Moment]:
    """Read off the same indexes, between the two cursors only."""
    seen, seeing = sight(reader).named()
    lamport, name = read_order(after) if after is not None else (-1, b"")
    last, last_name = read_order(until) if until is not None else (LAMPORT_MAX, b"")
    values: dict[str, Any] = {"issue": issue, "stream": stream, "limit": limit, **seeing}
    values |= {"lamport": lamport, "name": name, "last": last, "last_name": last_name}
    rows: list[Sequence[Any]] = []
    for columns, part, order in (
        (_COLUMNS, f"{_ITS_OWN} AND {_UNSPOKEN}", "(members.lamport, members.id)"),
        (_COLUMNS, _ATTACHED, "(attachments.lamport, attachments.id)"),
        (f"{_COLUMNS}, {_SOURCE}", f"{_ELSEWHERE} AND {seen}", "(links.lamport, links.event)"),
    ):
        rows += connection.execute(
            f"SELECT {columns} {part} AND {order} > (:lamport, :name) AND {order} <= (:last, :last_name)"
            f" ORDER BY {order[1:-1]} LIMIT :limit",
            values,
        )
    return [_moment(row) for row in sorted(rows, key=lambda row: (row[0], row[1]))[:limit]]


def _moment(row: Sequence[Any]) -> Moment:
    lamport, name, position, kind, author, time, redacted, *source = row
    return Moment(
        name, position, kind, author, iso(time), lamport, bool(redacted), _source(*source) if source else None
    )


def _source(repo: StreamId, repo_name: str, issue: EventId, number: int, title: str, entity: EventId) -> Source:
    return Source(repo, repo_name, issue, number, title, entity if entity != issue else None)


def writings(connection: sqlite3.Connection, stream: StreamId, thing: EventId, limit: int) -> Sequence[Moment]:
    """In the order in which they count."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} {_ITS_OWN} AND (events.id=:issue OR events.kind IN ('body.edited.v1', 'body.reset.v1'))"
        " ORDER BY members.lamport, members.id LIMIT :limit",
        {"issue": thing, "stream": stream, "limit": limit},
    )
    return [_moment(row) for row in rows]


def places(connection: sqlite3.Connection, stream: StreamId, names: Sequence[bytes]) -> Mapping[bytes, Place]:
    """By id; none of another stream, for its repository may be closed to whoever asks."""
    marks = ", ".join("?" * len(names))
    rows = connection.execute(
        f"SELECT id, pos, kind, {_REDACTED} FROM events WHERE stream=? AND standing='accepted' AND id IN ({marks})",
        (stream, *names),
    )
    return {name: Place(position, kind, bool(redacted)) for name, position, kind, redacted in rows}


def label_names(connection: sqlite3.Connection, stream: StreamId, labels: Sequence[bytes]) -> Mapping[bytes, str]:
    """By id."""
    marks = ", ".join("?" * len(labels))
    rows = connection.execute(f"SELECT id, name FROM labels WHERE stream=? AND id IN ({marks})", (stream, *labels))
    return dict(rows.fetchall())


def reactions_of(connection: sqlite3.Connection, did: Did, entities: Sequence[bytes]) -> Mapping[bytes, Sequence[str]]:
    """By thing, sorted."""
    marks = ", ".join("?" * len(entities))
    rows = connection.execute(
        f"SELECT entity, content FROM reactions WHERE did=? AND entity IN ({marks}) ORDER BY content", (did, *entities)
    )
    found: dict[bytes, list[str]] = {}
    for entity, content in rows:
        found.setdefault(entity, []).append(content)
    return found


def unsettled(connection: sqlite3.Connection, did: Did, limit: int) -> tuple[Sequence[Unsettled], int]:
    """By repository; what is gone with its repository is nobody's to settle."""
    values = {"did": did, "role": int(Role.DEVELOPER), "limit": limit}
    # Where nobody ever gave or took a role there are only roots.
    role = f"COALESCE((SELECT role FROM roles WHERE stream=repos.stream AND did=:did), {int(Role.ROOT)})"
    of = (
        "FROM unsettled WHERE stream IN (SELECT stream FROM repos WHERE stream IN (SELECT stream FROM unsettled)"
        f" AND NOT deleted AND instr(roots, :did) > 0 AND {role} >= :role)"
    )
    rows = connection.execute(
        "SELECT repo, sort, found.thing, issues.number, issues.title, comments.id FROM"
        f" (SELECT stream AS repo, sort, thing {of} ORDER BY stream, sort, thing LIMIT :limit) AS found"
        " LEFT JOIN comments ON sort='comment' AND comments.id=thing"
        " LEFT JOIN issues ON issues.id=CASE sort WHEN 'issue' THEN thing WHEN 'comment' THEN comments.issue END",
        values,
    ).fetchall()
    total = connection.execute(f"SELECT count(*) {of}", values).fetchone()[0]
    return [
        Unsettled(repo, thing.decode(), 0, None) if sort == "ref" else Unsettled(repo, title, number, comment)
        for repo, sort, thing, number, title, comment in rows
    ], total


def pinned(connection: sqlite3.Connection, stream: StreamId) -> Sequence[bytes]:
    """The last pinned one first."""
    rows = connection.execute(
        "SELECT doc FROM pins JOIN issues ON issues.id=pins.issue WHERE pins.stream=?"
        " ORDER BY pins.lamport DESC, pins.event DESC LIMIT ?",
        (stream, PINNED_SHOWN_MAX),
    )
    return [row[0] for row in rows]
