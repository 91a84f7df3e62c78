"""Repositories by id, name and path, and the list of those an asker may see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from domain.errors import Conflict
from domain.ids import is_hex_id
from domain.ports_views import RepoFilter, RepoRow
from projections.queries.cursors import (
    name_cursor,
    order_cursor,
    position_cursor,
    read_name,
    read_order,
    read_position,
)
from projections.queries.people import did_of_name, name_of
from projections.queries.sight import sight
from projections.queries.text import like, terms

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

    from domain.actor import Actor
    from domain.ids import StreamId

_COLUMNS = "stream, name, owner, private, archived, successor, default_branch, roots, doc, pos, updated, stars"
_AT: Final = {name: place for place, name in enumerate(_COLUMNS.split(", "))}
CLAIMANTS_MAX: Final = 5
"""How many of one bare name are told of."""


class _Order(NamedTuple):
    """How a list is sorted: the columns, the sign that leads on, and the cursor of a row both ways."""

    by: str
    beyond: str
    cursor: Callable[[Sequence[Any]], str]
    read: Callable[[str], tuple[object, ...]]


def _read_position(cursor: str) -> tuple[object, ...]:
    return (read_position(cursor),)


def _read_named(cursor: str) -> tuple[object, ...]:
    name, _, stream = read_name(cursor).partition("/")
    return name, bytes.fromhex(stream) if is_hex_id(stream) else b""


def _by_position(row: Sequence[Any]) -> str:
    return position_cursor(row[_AT["pos"]])


def _by_update(row: Sequence[Any]) -> str:
    return order_cursor(row[_AT["updated"]], row[_AT["stream"]])


def _by_stars(row: Sequence[Any]) -> str:
    return order_cursor(row[_AT["stars"]], row[_AT["stream"]])


def _by_name(row: Sequence[Any]) -> str:
    return name_cursor(f"{row[_AT['name']]}/{row[_AT['stream']].hex()}")


_ORDERS: Final = {
    "created": _Order("pos DESC", "pos < ?", _by_position, _read_position),
    "updated": _Order("updated DESC, stream DESC", "(updated, stream) < (?, ?)", _by_update, read_order),
    "stars": _Order("stars DESC, stream DESC", "(stars, stream) < (?, ?)", _by_stars, read_order),
    "name": _Order("name, stream", "(name, stream) > (?, ?)", _by_name, _read_named),
}


def repo(connection: sqlite3.Connection, selector: str) -> RepoRow | None:
    """By id, `owner~name`, or bare name where only one repository here has it, whoever asks."""
    if is_hex_id(selector):
        return _one(connection, "stream=?", (bytes.fromhex(selector),))
    owner, tilde, name = selector.partition("~")
    if tilde:
        return repo_at(connection, owner, name)
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM repos WHERE name=? AND deleted=0 LIMIT 2", (selector,)
    ).fetchall()
    return _row(connection, rows[0]) if len(rows) == 1 else None


def visible(connection: sqlite3.Connection, reader: Actor, selector: str, *, deleted: bool = False) -> RepoRow | None:
    """What a selector means to somebody: of all that they may see. Nothing else has a part in the answer."""
    owner, tilde, name = selector.partition("~")
    values: tuple[object, ...]
    if is_hex_id(selector):
        test, values = "stream=?", (bytes.fromhex(selector),)
    elif tilde:
        test, values = "name=? AND owner=?", (name, did_of_name(connection, owner))
    else:
        test, values = "name=?", (selector,)
    seen = sight(reader, deleted=deleted)
    # Of those deleted, the last: that is the one somebody wants back.
    order = "placed DESC" if deleted else "placed"
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM repos WHERE {test} AND {seen.sql} ORDER BY {order} LIMIT ?",
        (*values, *seen.values, 1 if tilde else CLAIMANTS_MAX),
    ).fetchall()
    if len(rows) > 1:
        paths = ", ".join(f"{name_of(connection, row[2]) or row[2]}~{row[1]}" for row in rows)
        hint = f"say which, by id: {', '.join(row[0].hex() for row in rows)}" if deleted else f"say which: {paths}"
        raise Conflict(f"several repositories are named {selector}", hint=hint)
    return _row(connection, rows[0]) if rows else None


def visible_formerly(connection: sqlite3.Connection, reader: Actor, selector: str) -> RepoRow | None:
    """The same of what was found there before: who left `owner~name` last, or the only one ever called `name`."""
    owner, tilde, name = selector.partition("~")
    seen = sight(reader)
    values: tuple[object, ...] = (name, did_of_name(connection, owner)) if tilde else (selector,)
    rows = connection.execute(
        "SELECT repos.stream FROM former_places JOIN repos USING (stream) WHERE former_places.name=?"
        f"{' AND former_places.owner=?' if tilde else ''} AND {seen.sql}"
        " GROUP BY repos.stream ORDER BY max(former_places.pos) DESC LIMIT 2",
        (*values, *seen.values),
    ).fetchall()
    return _one(connection, "stream=?", rows[0]) if len(rows) == 1 or (rows and tilde) else None


def repo_at(connection: sqlite3.Connection, owner: str, name: str) -> RepoRow | None:
    """By owner (user name or did) and name; of several that claim the place, the one that came to it first here."""
    did = did_of_name(connection, owner)
    return None if did is None else _one(connection, "name=? AND owner=?", (name, did))


def repos(
    connection: sqlite3.Connection, reader: Actor, which: RepoFilter, after: str | None, limit: int
) -> tuple[Sequence[RepoRow], str | None, int]:
    """Those that match and that the reader may see, sorted as asked."""
    conditions, values = _conditions(reader, which)
    where = " AND ".join(conditions)
    total = connection.execute(f"SELECT count(*) FROM repos WHERE {where}", values).fetchone()[0]
    order = _ORDERS[which.sort]
    page: list[object] = list(values)
    if after is not None:
        where += f" AND {order.beyond}"
        page += order.read(after)
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM repos WHERE {where} ORDER BY {order.by} LIMIT ?",
        (*page, limit + 1),
    ).fetchall()
    cursor = order.cursor(rows[limit - 1]) if len(rows) > limit else None
    return [_row(connection, row) for row in rows[:limit]], cursor, total


def fork_count(connection: sqlite3.Connection, reader: Actor, stream: StreamId) -> int:
    """How many forks of a repository there are here that the reader may see."""
    conditions, values = _conditions(reader, RepoFilter(fork_of=stream))
    return int(connection.execute(f"SELECT count(*) FROM repos WHERE {' AND '.join(conditions)}", values).fetchone()[0])


def _conditions(reader: Actor, which: RepoFilter) -> tuple[list[str], list[object]]:
    """SQL conditions with their parameters: what the reader may see, and what was asked for."""
    seen = sight(reader, deleted=which.deleted)
    conditions, values = [seen.sql], list[object](seen.values)
    for term in terms(which.text):
        conditions.append("name LIKE ? ESCAPE '\\'")
        values.append(like(term))
    if which.topic:
        conditions.append("stream IN (SELECT stream FROM repo_topics WHERE topic=?)")
        values.append(which.topic)
    if which.starred_by:
        conditions.append("stream IN (SELECT stream FROM followers WHERE did=? AND starred=1)")
        values.append(which.starred_by)
    if which.fork_of is not None:
        conditions.append("stream IN (SELECT stream FROM repo_forks WHERE origin=?)")
        values.append(which.fork_of)
    if which.owner:
        conditions.append("owner=?")
        values.append(which.owner)
    if which.archived is not None:
        conditions.append("archived=?")
        values.append(int(which.archived))
    return conditions, values


def _one(connection: sqlite3.Connection, condition: str, values: tuple[object, ...]) -> RepoRow | None:
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM repos WHERE {condition} AND deleted=0 ORDER BY placed LIMIT 1", values
    ).fetchone()
    return None if row is None else _row(connection, row)


def _row(connection: sqlite3.Connection, row: Sequence[Any]) -> RepoRow:
    stream, name, owner, private, archived, successor, default_branch, roots, doc, *_ = row
    return RepoRow(
        id=stream,
        owner=name_of(connection, owner) or owner.replace(":", "-"),
        name=name,
        private=bool(private),
        archived=bool(archived),
        successor=successor,
        default_branch=default_branch,
        readers=tuple(roots.split()),
        doc=doc,
    )
