"""Agents, and what is said of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from domain.ids import Did
from domain.ports_agents import Attested
from projections.queries.cursors import name_cursor, read_name

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

# Private repositories have no part in it: a weight would tell who is in one.
_MEMBER: Final = (
    "EXISTS (SELECT 1 FROM roles JOIN repos USING (stream)"
    " WHERE roles.did=attestations.source AND roles.role > 0 AND repos.private=0 AND repos.deleted=0)"
)


def agents(connection: sqlite3.Connection, after: str | None, limit: int) -> tuple[Sequence[bytes], str | None, int]:
    """The documents of agents by did; of several identities of one did, the first by (lamport, id)."""
    rows = connection.execute(
        "SELECT did FROM identities WHERE agent=1 AND did > ? GROUP BY did ORDER BY did LIMIT ?",
        (read_name(after) if after is not None else "", limit + 1),
    ).fetchall()
    total = connection.execute("SELECT count(DISTINCT did) FROM identities WHERE agent=1").fetchone()[0]
    following = name_cursor(rows[limit - 1][0]) if len(rows) > limit else None
    first = "SELECT doc FROM identities WHERE did=? AND agent=1 ORDER BY lamport, stream LIMIT 1"
    return [connection.execute(first, row).fetchone()[0] for row in rows[:limit]], following, total


def attestations(connection: sqlite3.Connection, about: Did, most: int) -> Sequence[Attested]:
    """What is said of somebody now."""
    rows = connection.execute(
        f"SELECT source, value, {_MEMBER} AS member, doc FROM attestations WHERE target=?"
        " ORDER BY member DESC, lamport DESC, event DESC LIMIT ?",
        (about, 2 * most),
    )
    found: dict[str, Attested] = {}
    for source, value, member, doc in rows:
        found.setdefault(source, Attested(Did(source), value, bool(member), doc))
    return [*found.values()][:most]


def attested(connection: sqlite3.Connection, source: Did, about: Did) -> bytes | None:
    """What one says of another."""
    row = connection.execute(
        "SELECT doc FROM attestations WHERE target=? AND source=? ORDER BY lamport DESC, event DESC LIMIT 1",
        (about, source),
    ).fetchone()
    return None if row is None else bytes(row[0])
