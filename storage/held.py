"""What is held of strangers, in `local.sqlite`: their events as they came, and whom this node has let in."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple, final

from domain.envelope import RawEvent
from domain.ids import DeviceKey, Did, EventId, StreamId
from domain.ports_held import HeldEvent, HeldThere, Sum
from storage.faults import unavailable_on_fault
from storage.schema.versions import LOCAL, bring_up
from storage.sqlite import connect_durably

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

DROPPED_EVENTS_MAX: Final = 100_000
"""Ids of dropped events that are remembered, the newest."""
_ROWS_WHERE: Final = (
    "SELECT event, stream, author, device, seq, lamport, origin, held_ms, header, signature, payload FROM held WHERE "
)
_SUM: Final = "SELECT count(*), coalesce(sum(bytes), 0) FROM held"
_STREAMS: Final = (
    "SELECT stream, count(*), sum(bytes), (SELECT min(held_ms) FROM held AS one WHERE one.stream = held.stream)"
    " FROM held GROUP BY stream ORDER BY count(*) DESC, stream LIMIT ?"
)
"""Two indexes answer it, without a look at the events' bytes."""
_NOTE_DROPPED: Final = "INSERT OR REPLACE INTO dropped SELECT event, ? FROM held"
_DELETE: Final = "DELETE FROM held"
_SCHEMA_WITH_HELD: Final = 2


@final
class SqliteHeld:
    """`HeldEvents` for the writer's thread. A transaction begins with the first change and ends with `settle`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        bring_up(path, LOCAL)
        with unavailable_on_fault(path):
            self._db = connect_durably(path)

    def get(self, name: EventId) -> HeldEvent | None:
        """One that is held."""
        rows = self._rows(_ROWS_WHERE + "event = ?", name)
        return rows[0] if rows else None

    def at(self, stream: StreamId, device: DeviceKey, seq: int) -> HeldEvent | None:
        """The one at a place of a feed."""
        rows = self._rows(_ROWS_WHERE + "stream = ? AND device = ? AND seq = ?", stream, device, seq)
        return rows[0] if rows else None

    def of(self, stream: StreamId, author: Did) -> Sequence[HeldEvent]:
        """All of one author in a stream, in total order."""
        return self._rows(_ROWS_WHERE + "stream = ? AND author = ? ORDER BY lamport, event", stream, author)

    def page(self, stream: StreamId, after: tuple[int, bytes], limit: int) -> Sequence[HeldEvent]:
        """Those of a stream that came after (held_ms, id), the oldest first."""
        where = "stream = ? AND (held_ms, event) > (?, ?) ORDER BY held_ms, event LIMIT ?"
        return self._rows(_ROWS_WHERE + where, stream, *after, limit)

    def sum(self, *, stream: StreamId | None = None, author: Did | None = None, origin: str | None = None) -> Sum:
        """How much is held, of what is named."""
        where, values = _where(stream=stream, author=author, origin=origin)
        with unavailable_on_fault(self._path):
            row = self._db.execute(_SUM + where, values).fetchone()
        return Sum(*row)

    def streams(self, limit: int) -> Sequence[HeldThere]:
        """Where something is held, those with the most events first."""
        with unavailable_on_fault(self._path):
            rows = self._db.execute(_STREAMS, (limit,)).fetchall()
        return [HeldThere(StreamId(stream), *rest) for stream, *rest in rows]

    def put(self, event: HeldEvent) -> None:
        """Hold one; what is held already stays as it is."""
        raw = event.raw
        row = (
            *(event.id, event.stream, event.author, event.device, event.seq, event.lamport),
            *(event.origin, event.held_ms, event.bytes),
            *(raw.header, raw.signature, raw.payload),
        )
        with self._changing() as db:
            db.execute("INSERT OR IGNORE INTO held VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)

    def remove(self, name: EventId) -> None:
        """Hold one no longer."""
        with self._changing() as db:
            db.execute("DELETE FROM held WHERE event = ?", (name,))

    def drop_stream(self, stream: StreamId) -> None:
        """Know nothing of a stream any more."""
        with self._changing() as db:
            for table in ("held", "known", "rules"):
                db.execute(f"DELETE FROM {table} WHERE stream = ?", (stream,))  # noqa: S608  # ours

    def drop(self, stream: StreamId, *, author: Did | None, origin: str | None, now_ms: int) -> int:
        """Hold these no longer and remember their ids; how many there were."""
        where, values = _where(stream=stream, author=author, origin=origin)
        with self._changing() as db:
            db.execute(_NOTE_DROPPED + where, (now_ms, *values))
            count = db.execute(_DELETE + where, values).rowcount
            db.execute(
                "DELETE FROM dropped WHERE event IN "
                "(SELECT event FROM dropped ORDER BY dropped_ms DESC LIMIT -1 OFFSET ?)",
                (DROPPED_EVENTS_MAX,),
            )
        return count

    def was_dropped(self, name: EventId) -> bool:
        """Whether one was dropped that somebody sends again."""
        return self._is_there("SELECT 1 FROM dropped WHERE event = ?", name)

    def forget(self, before_ms: int) -> int:
        """Forget what was held, and dropped, before a time; how many were held."""
        with self._changing() as db:
            db.execute("DELETE FROM dropped WHERE dropped_ms < ?", (before_ms,))
            return db.execute("DELETE FROM held WHERE held_ms < ?", (before_ms,)).rowcount

    def know(self, stream: StreamId, author: Did, now_ms: int) -> None:
        """From now on, this author is no stranger there."""
        with self._changing() as db:
            db.execute("INSERT OR IGNORE INTO known VALUES (?, ?, ?)", (stream, author, now_ms))

    def knows(self, stream: StreamId, author: Did) -> bool:
        """Whether somebody was let in there."""
        return self._is_there("SELECT 1 FROM known WHERE stream = ? AND author = ?", stream, author)

    def rule(self, stream: StreamId) -> str | None:
        """What was chosen for strangers to a stream."""
        with unavailable_on_fault(self._path):
            row = self._db.execute("SELECT strangers FROM rules WHERE stream = ?", (stream,)).fetchone()
        return None if row is None else str(row[0])

    def choose(self, stream: StreamId, rule: str | None) -> None:
        """Choose what becomes of strangers to a stream; None: what holds on the node."""
        with self._changing() as db:
            db.execute("DELETE FROM rules WHERE stream = ?", (stream,))
            if rule is not None:
                db.execute("INSERT INTO rules VALUES (?, ?)", (stream, rule))

    def settle(self) -> None:
        """Make durable what was changed."""
        self._end("COMMIT")

    def abandon(self) -> None:
        """Take back what was changed since the last `settle`."""
        self._end("ROLLBACK")

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @contextmanager
    def _changing(self) -> Generator[sqlite3.Connection]:
        with unavailable_on_fault(self._path):
            if not self._db.in_transaction:
                self._db.execute("BEGIN IMMEDIATE")
            yield self._db

    def _end(self, statement: str) -> None:
        if self._db.in_transaction:
            with unavailable_on_fault(self._path):
                self._db.execute(statement)

    def _is_there(self, query: str, *values: object) -> bool:
        with unavailable_on_fault(self._path):
            return self._db.execute(query, values).fetchone() is not None

    def _rows(self, query: str, *values: object) -> list[HeldEvent]:
        with unavailable_on_fault(self._path):
            return [_event(row) for row in self._db.execute(query, values).fetchall()]


class Waiting(NamedTuple):
    """How much is held on a node, and since when, in milliseconds since 1970 (0: nothing is)."""

    events: int
    bytes: int
    oldest_ms: int


def waiting(path: Path) -> Waiting:
    """How much is held, for those who only look. Nothing where there is no database of this version yet."""
    if not path.exists():
        return Waiting(0, 0, 0)
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
        if db.execute("PRAGMA user_version").fetchone()[0] < _SCHEMA_WITH_HELD:
            return Waiting(0, 0, 0)
        query = "SELECT count(*), coalesce(sum(bytes), 0), coalesce(min(held_ms), 0) FROM held"
        return Waiting(*db.execute(query).fetchone())


def _where(**named: object) -> tuple[str, tuple[object, ...]]:
    given = {name: value for name, value in named.items() if value is not None}
    return (" WHERE " + " AND ".join(f"{name} = ?" for name in given) if given else ""), tuple(given.values())


def _event(row: Sequence[Any]) -> HeldEvent:
    name, stream, author, device, seq, lamport, origin, held_ms, header, signature, payload = row
    raw = RawEvent(bytes(header), bytes(signature), bytes(payload))
    return HeldEvent(
        EventId(name), StreamId(stream), Did(author), DeviceKey(device), seq, lamport, origin, held_ms, raw
    )
