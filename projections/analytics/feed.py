"""Bringing the analytics up to the views' position: events in batches, then what the changed streams came to.

Each transaction appends a batch of events with its position, and writes again the facts of every stream that ends
in the batch. So at any position, a crash included, the streams that end before it are whole, and going on from there
gives the same rows as beginning from nothing.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import duckdb

from projections.analytics.schema import COMMENTS, EVENTS, ISSUES, PUSHES, REPOSITORIES, VERSION, Table, create_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from projections.analytics.source import Fact, Source

    Progress = Callable[[int, int], None]
    """Called with (events read, events in all)."""

BATCH_ROWS: Final = 5_000
BATCH_BYTES_MAX: Final = 4 << 20


def catch_up(db: duckdb.DuckDBPyConnection, source: Source, progress: Progress | None = None) -> None:
    """Read what is new from `source`; everything, if what is here does not belong to it."""
    if unfit(db, source):
        create_tables(db)
    position = _position(db)
    ends = source.last_positions(position)
    while position < source.position:
        batch = source.batch(position, BATCH_ROWS)
        finished = [stream for stream, end in ends.items() if end <= batch.position]
        db.execute("BEGIN")
        try:
            _append(db, EVENTS, batch.events)
            _append(db, PUSHES, batch.pushes)
            _refresh(db, source, finished)
            db.execute("UPDATE feed SET position = $1, last = $2", [batch.position, batch.last])
            db.execute("COMMIT")
        except BaseException:
            db.execute("ROLLBACK")
            raise
        for stream in finished:
            del ends[stream]
        position = batch.position
        if progress:
            progress(position, source.position)


def unfit(db: duckdb.DuckDBPyConnection, source: Source) -> str:
    """Why the rows here cannot be built upon, or nothing."""
    try:
        rows = db.execute("SELECT version, position, last FROM feed").fetchall()
        counted = db.execute("SELECT count(*), coalesce(max(position), 0) FROM events").fetchall()
    except (duckdb.CatalogException, duckdb.BinderException):
        return "it lacks tables or columns"
    if len(rows) != 1 or rows[0][0] != VERSION:
        return "another version wrote it"
    _, position, last = rows[0]
    if counted != [(source.count_at(position), position)]:
        return "its position is not that of its events"
    if last != source.id_at(position):
        return "it was made from another log"
    return ""


def _position(db: duckdb.DuckDBPyConnection) -> int:
    row = db.execute("SELECT position FROM feed").fetchone()
    assert row is not None
    return int(row[0])


def _refresh(db: duckdb.DuckDBPyConnection, source: Source, streams: Sequence[bytes]) -> None:
    """Bring verdicts and facts of whole streams in step with the views, whatever changed them."""
    if not streams:
        return
    _refresh_verdicts(db, source, streams)
    for table, owner, facts in (
        (REPOSITORIES, "id", source.repositories),
        (ISSUES, "repository", source.issues),
        (COMMENTS, "repository", source.comments),
    ):
        _refresh_table(db, table, owner, streams, (fact for stream in streams for fact in facts(stream)))


def _refresh_verdicts(db: duckdb.DuckDBPyConnection, source: Source, streams: Sequence[bytes]) -> None:
    """An event that arrives late, or a redaction, can change how earlier events stand."""
    now = {name: standing for stream in streams for name, standing in source.standings(stream).items()}
    rows = db.execute(
        "SELECT id, verdict, reason FROM events WHERE verdict <> 'accepted' "
        "AND stream IN (SELECT unnest($1::VARCHAR[]))",
        [_hex(streams)],
    ).fetchall()
    before = {name: (verdict, reason) for name, verdict, reason in rows}
    changed = [name for name in now.keys() | before.keys() if now.get(name) != before.get(name)]
    if not changed:
        return
    verdicts = [now[name].verdict if name in now else "accepted" for name in changed]
    reasons = [now[name].reason if name in now else "" for name in changed]
    db.execute(
        "UPDATE events SET verdict = c.verdict, reason = c.reason FROM (SELECT unnest($1::VARCHAR[]) AS id, "
        "unnest($2::VARCHAR[]) AS verdict, unnest($3::VARCHAR[]) AS reason) AS c WHERE events.id = c.id",
        [changed, verdicts, reasons],
    )
    db.execute("DELETE FROM pushes WHERE event IN (SELECT unnest($1::VARCHAR[]))", [changed])
    _append(db, PUSHES, source.pushes_of(changed))


def _refresh_table(
    db: duckdb.DuckDBPyConnection, table: Table, owner: str, streams: Sequence[bytes], facts: Iterable[Fact]
) -> None:
    rows = db.execute(
        f"SELECT id, fingerprint FROM {table.name} WHERE {owner} IN (SELECT unnest($1::VARCHAR[]))",
        [_hex(streams)],
    ).fetchall()
    before: dict[str, int] = dict(rows)
    stale: list[str] = []
    fresh = _changed(facts, before, stale)
    for batch in _bounded(fresh):
        _remove(db, table, stale)
        stale.clear()
        _append(db, table, batch)
    _remove(db, table, [*stale, *before])


def _changed(facts: Iterable[Fact], before: dict[str, int], stale: list[str]) -> Iterator[str]:
    """Rows to write; `before` is left with the ids that are gone, `stale` gets those to be replaced."""
    for name, doc in facts:
        fingerprint = int.from_bytes(hashlib.blake2b(doc, digest_size=8).digest(), "big")
        known = before.pop(name, None)
        if known == fingerprint:
            continue
        if known is not None:
            stale.append(name)
        yield f'{doc.decode()},"fingerprint":{fingerprint}}}'


def _bounded(rows: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for row in rows:
        batch.append(row)
        size += len(row)
        if len(batch) >= BATCH_ROWS or size >= BATCH_BYTES_MAX:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _append(db: duckdb.DuckDBPyConnection, table: Table, rows: Sequence[str]) -> None:
    if rows:
        db.execute(table.insert, [rows])


def _remove(db: duckdb.DuckDBPyConnection, table: Table, names: Sequence[str]) -> None:
    if names:
        db.execute(f"DELETE FROM {table.name} WHERE id IN (SELECT unnest($1::VARCHAR[]))", [names])


def _hex(streams: Sequence[bytes]) -> list[str]:
    return [stream.hex() for stream in streams]
