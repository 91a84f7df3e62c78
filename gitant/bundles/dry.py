"""An index that takes in what is stored without any of it being kept: for reading a bundle before it is believed."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, final

from domain.chain import Link
from domain.content.redacted import KIND as REDACTION
from domain.content.redacted import EventRedacted
from domain.fold.kind import PayloadFault, read_payload
from domain.ids import EventId
from domain.ports_replication import Tip

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from domain.envelope import Event
    from domain.ids import DeviceKey, Did, StreamId
    from domain.ports_replication import GitObject, Held, Index

_TABLE = "CREATE TABLE events (id BLOB PRIMARY KEY, device BLOB, seq INTEGER, lamport INTEGER) WITHOUT ROWID"


@final
class DryIndex:
    """`Index` of one stream: what `index` has of it, and what `keep` was given. In a file that nobody can find."""

    def __init__(self, index: Index, stream: StreamId) -> None:
        self._index = index
        self._stream = stream
        self._tips = {tip.id: tip for tip in index.tips(stream)}
        self._holes: dict[EventId, None] = {}
        # What does not fit into its cache goes to a file of the system's, which is gone with the connection.
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute("PRAGMA journal_mode=OFF")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.execute(_TABLE)
        self._db.execute("CREATE INDEX slots ON events (device, seq)")

    def keep(self, events: Sequence[Event], holes: Collection[EventId]) -> None:
        """Have these events as if they were in the log."""
        rows = [(event.id, event.device, event.seq, event.lamport) for event in events]
        self._db.execute("BEGIN")
        self._db.executemany("INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?)", rows)
        self._db.execute("COMMIT")
        self._holes.update(dict.fromkeys(holes))
        for event in events:
            if event.prev is not None:
                self._tips.pop(event.prev, None)
            self._tips[event.id] = Tip(event.device, event.seq, event.id)
            if self._holes and event.kind == REDACTION.name and event.payload is not None:
                self._uncover(event.payload)

    def close(self) -> None:
        """Forget all of it."""
        self._db.close()

    def _uncover(self, payload: bytes) -> None:
        try:
            redacted = read_payload(REDACTION, payload)
        except PayloadFault:
            return
        assert isinstance(redacted, EventRedacted)
        for name in redacted.events:
            self._holes.pop(EventId(name), None)

    # --- the port ---------------------------------------------------------------------------------

    def streams(self) -> Iterable[StreamId]:
        return [self._stream]

    def held(self, stream: StreamId) -> Held | None:
        return self._index.held(stream)

    def tips(self, stream: StreamId) -> Sequence[Tip]:
        return list(self._tips.values()) if stream == self._stream else ()

    def link(self, name: EventId) -> Link | None:
        row = self._db.execute("SELECT device, seq, lamport FROM events WHERE id=?", (name,)).fetchone()
        return self._index.link(name) if row is None else Link(self._stream, *row)

    def slot(self, stream: StreamId, device: DeviceKey, seq: int) -> Sequence[EventId]:
        rows = self._db.execute("SELECT id FROM events WHERE device=? AND seq=?", (device, seq)).fetchall()
        return [*self._index.slot(stream, device, seq), *(EventId(row[0]) for row in rows)]

    def redacted(self, name: EventId) -> bool:
        return self._index.redacted(name)

    def uncovered(self, stream: StreamId, limit: int) -> Sequence[EventId]:
        return [*self._index.uncovered(stream, limit), *self._holes][:limit]

    def may_read(self, stream: StreamId, peer: Did) -> bool:
        return self._index.may_read(stream, peer)

    def objects(self, event: Event) -> Sequence[GitObject]:
        return self._index.objects(event)

    def lacking(self, stream: StreamId, limit: int) -> Sequence[GitObject]:
        return self._index.lacking(stream, limit)

    def have(self, stream: StreamId, wanted: GitObject) -> bool:
        return self._index.have(stream, wanted)
