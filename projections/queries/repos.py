"""Repositories by id, name and path, and the list of those an asker may see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.errors import Conflict
from domain.ids import is_hex_id
from domain.ports_views import RepoRow
from projections.queries.cursors import position_cursor, read_position
from projections.queries.people import did_of_name, name_of
from projections.queries.text import like, terms

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from domain.actor import Actor

_COLUMNS = "stream, name, owner, private, archived, default_branch, roots, doc, pos"


def repo(connection: sqlite3.Connection, selector: str) -> RepoRow | None:
    """By id, `owner~name`, or bare name where only one repository here has it."""
    if is_hex_id(selector):
        return _one(connection, "stream=?", (bytes.fromhex(selector),))
    owner, tilde, name = selector.partition("~")
    if tilde:
        return repo_at(connection, owner, name)
    rows = connection.execute(f"SELECT {_COLUMNS} FROM repos WHERE name=? AND deleted=0", (selector,)).fetchall()
    if len(rows) > 1:
        paths = ", ".join(f"{name_of(connection, row[2]) or row[2]}~{row[1]}" for row in rows[:5])
        raise Conflict(f"several repositories are named {selector}", hint=f"say which: {paths}")
    return _row(connection, rows[0]) if rows else None


def repo_at(connection: sqlite3.Connection, owner: str, name: str) -> RepoRow | None:
    """By owner (user name or did) and name."""
    did = did_of_name(connection, owner)
    return None if did is None else _one(connection, "name=? AND owner=?", (name, did))


def repos(
    connection: sqlite3.Connection, reader: Actor, text: str, after: str | None, limit: int
) -> tuple[Sequence[RepoRow], str | None, int]:
    """Newest first; private ones for the operator and for those among their roots."""
    conditions, values = ["deleted=0"], list[str]()
    if not reader.operator:
        conditions.append("(private=0 OR (? <> '' AND instr(roots, ?) > 0))")
        values += [reader.did or "", reader.did or ""]
    for term in terms(text):
        conditions.append("name LIKE ? ESCAPE '\\'")
        values.append(like(term))
    where = " AND ".join(conditions)
    total = connection.execute(f"SELECT count(*) FROM repos WHERE {where}", values).fetchone()[0]
    page: list[Any] = list(values)
    if after is not None:
        where += " AND pos < ?"
        page.append(read_position(after))
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM repos WHERE {where} ORDER BY pos DESC LIMIT ?",
        (*page, limit + 1),
    ).fetchall()
    cursor = position_cursor(rows[limit - 1][-1]) if len(rows) > limit else None
    return [_row(connection, row) for row in rows[:limit]], cursor, total


def _one(connection: sqlite3.Connection, condition: str, values: tuple[object, ...]) -> RepoRow | None:
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM repos WHERE {condition} AND deleted=0 ORDER BY pos LIMIT 1",
        values,
    ).fetchone()
    return None if row is None else _row(connection, row)


def _row(connection: sqlite3.Connection, row: Sequence[Any]) -> RepoRow:
    stream, name, owner, private, archived, default_branch, roots, doc, _ = row
    return RepoRow(
        id=stream,
        owner=name_of(connection, owner) or owner.replace(":", "-"),
        name=name,
        private=bool(private),
        archived=bool(archived),
        default_branch=default_branch,
        roots=tuple(roots.split()),
        doc=doc,
    )
