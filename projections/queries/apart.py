"""What grew apart: proofs of forked feeds, and refs that stand in several places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.ports_apart import ForkProof, Twin
from domain.ports_issues import Unsettled
from domain.sight import sees_all
from projections.queries.sight import sight

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from domain.actor import Actor

_TWINS = "FROM forks JOIN events AS low ON low.id=forks.low JOIN events AS high ON high.id=forks.high"
_COLUMNS = ", ".join(f"{twin}.{name}" for twin in ("low", "high") for name in ("id", "author", "kind", "time", "pos"))


def fork_proofs(connection: sqlite3.Connection, reader: Actor, limit: int) -> tuple[Sequence[ForkProof], int]:
    """The last proven one first. What belongs to no repository is for those who may see all."""
    where, values = "1", tuple[object, ...]()
    if not sees_all(reader):
        seen = sight(reader)
        where, values = f"forks.stream IN (SELECT stream FROM repos WHERE {seen.sql})", seen.values
    rows = connection.execute(
        f"SELECT forks.stream, forks.device, forks.seq, {_COLUMNS} {_TWINS} WHERE {where}"
        " ORDER BY max(low.pos, high.pos) DESC LIMIT ?",
        (*values, limit),
    ).fetchall()
    total = connection.execute(f"SELECT count(*) {_TWINS} WHERE {where}", values).fetchone()[0]
    return [
        ForkProof(stream, device, seq, (Twin(*twins[:5]), Twin(*twins[5:]))) for stream, device, seq, *twins in rows
    ], total


def diverged(connection: sqlite3.Connection, reader: Actor, limit: int) -> tuple[Sequence[Unsettled], int]:
    """By repository and name."""
    seen = sight(reader)
    of = f"FROM unsettled JOIN repos ON repos.stream=unsettled.stream WHERE unsettled.sort='ref' AND {seen.sql}"
    rows = connection.execute(
        f"SELECT unsettled.stream, unsettled.thing {of} ORDER BY repos.name, unsettled.stream, unsettled.thing LIMIT ?",
        (*seen.values, limit),
    ).fetchall()
    total = connection.execute(f"SELECT count(*) {of}", seen.values).fetchone()[0]
    return [Unsettled(stream, thing.decode(), 0, None) for stream, thing in rows], total
