"""What the analytics are made from: the views as one snapshot, and the log for what the views leave out.

Verdicts and documents come from the views, so that the two read models cannot disagree on what an event meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, final

import msgspec

from domain.envelope import Event, read_own
from domain.errors import Unavailable
from domain.fold.kind import read_payload
from domain.kinds import KINDS
from domain.refs.moved import KIND as REFS_MOVED
from domain.refs.moved import RefsMoved

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    from domain.ports_log import EventLog, StoredRow

_encode = msgspec.json.Encoder().encode


class Fact(NamedTuple):
    """One row to be: the hex id, and its JSON object up to the last brace."""

    id: str
    doc: bytes


class Standing(NamedTuple):
    """How an event that is not accepted stands."""

    verdict: str
    reason: str


class Batch(NamedTuple):
    """Rows of events that follow one another, their pushes, and where they end."""

    events: list[str]
    pushes: list[str]
    position: int
    last: str


@final
class Source:
    """Reads of one moment: `views` stays in one read transaction until `close`."""

    def __init__(self, views: sqlite3.Connection, log: EventLog) -> None:
        self._views = views
        self._log = log
        views.execute("BEGIN")
        self.position: int = views.execute("SELECT coalesce(max(pos), 0) FROM events").fetchone()[0]
        """Of the last event; the views may be further, past what was removed from the log."""

    def close(self) -> None:
        """End the snapshot."""
        self._views.execute("ROLLBACK")

    def id_at(self, position: int) -> str:
        """The hex id of the event at a position, empty if there is none."""
        row = self._views.execute("SELECT id FROM events WHERE pos=?", (position,)).fetchone()
        return row[0].hex() if row else ""

    def count_at(self, position: int) -> int:
        """How many events there are up to a position."""
        count: int = self._views.execute("SELECT count(*) FROM events WHERE pos <= ?", (position,)).fetchone()[0]
        return count

    def last_positions(self, after: int) -> dict[bytes, int]:
        """By stream with events after a position, where its last one is."""
        rows = self._views.execute("SELECT stream, max(pos) FROM events WHERE pos > ? GROUP BY stream", (after,))
        return dict(rows.fetchall())

    def batch(self, after: int, rows: int) -> Batch:
        """The next events, at most `rows` of them."""
        stored = [row for row in self._log.read(after, rows) if row.position <= self.position]
        end = stored[-1].position if stored else after
        judged = self._views.execute(
            "SELECT pos, id, kind, standing, reason FROM events WHERE pos > ? AND pos <= ? ORDER BY pos", (after, end)
        ).fetchall()
        events: list[str] = []
        pushes: list[str] = []
        if not stored or [row[0] for row in judged] != [row.position for row in stored]:
            raise _views_differ()
        for row, (_, name, kind, verdict, reason) in zip(stored, judged, strict=True):
            event = read_own(row.header, row.signature, row.payload)
            if event.id != name:
                raise _views_differ()
            events.append(_event_row(event, row.position, verdict, reason))
            if kind == REFS_MOVED.name and verdict == "accepted":
                pushes.extend(_push_rows(event))
        return Batch(events, pushes, end, judged[-1][1].hex())

    def pushes_of(self, names: Sequence[str]) -> list[str]:
        """The rows of pushes for those of the events that are accepted moves of refs."""
        rows: list[str] = []
        for name in names:
            found = self._views.execute(
                "SELECT pos FROM events WHERE id=? AND kind=? AND standing='accepted'",
                (bytes.fromhex(name), REFS_MOVED.name),
            ).fetchone()
            stored: list[StoredRow] = self._log.by_positions([found[0]]) if found else []
            for row in stored:
                rows.extend(_push_rows(read_own(row.header, row.signature, row.payload)))
        return rows

    def standings(self, stream: bytes) -> dict[str, Standing]:
        """The events of a stream that are not accepted, by hex id."""
        rows = self._views.execute(
            "SELECT id, standing, reason FROM events WHERE stream=? AND standing<>'accepted'", (stream,)
        )
        return {name.hex(): Standing(verdict, reason) for name, verdict, reason in rows}

    def repositories(self, stream: bytes) -> Iterator[Fact]:
        """The stream's repository, if it is one."""
        rows = self._views.execute("SELECT owner, deleted, doc FROM repos WHERE stream=?", (stream,))
        for author, deleted, doc in rows:
            extra = b',"author":%s,"deleted":%s' % (_encode(author), b"true" if deleted else b"false")
            yield Fact(stream.hex(), b'{"doc":' + doc + extra)

    def issues(self, stream: bytes) -> Iterator[Fact]:
        """The stream's issues, each with the claimed time of the closing that shows."""
        closings = self._views.execute(
            "SELECT entity, time FROM events WHERE stream=? AND kind='issue.closed.v1' AND standing='accepted'"
            " ORDER BY lamport, id",
            (stream,),
        )
        # The last in the total order is the one that shows, wherever the issue is closed at all.
        closed: dict[bytes, int] = dict(closings.fetchall())
        for name, is_open, doc in self._views.execute("SELECT id, open, doc FROM issues WHERE stream=?", (stream,)):
            time = b"null" if is_open or name not in closed else b"%d" % closed[name]
            yield Fact(name.hex(), b'{"doc":%s,"closed":%s' % (doc, time))

    def comments(self, stream: bytes) -> Iterator[Fact]:
        """The stream's comments."""
        for name, doc in self._views.execute("SELECT id, doc FROM comments WHERE stream=?", (stream,)):
            yield Fact(name.hex(), b'{"doc":%s,"stream":"%s"' % (doc, stream.hex().encode()))


def _event_row(event: Event, position: int, verdict: str, reason: str) -> str:
    row = {
        "position": position,
        "id": event.id.hex(),
        "stream": event.stream.hex(),
        "kind": event.kind,
        "entity": event.entity.hex() if event.entity is not None else None,
        "author": event.author,
        "device": event.device.hex(),
        "seq": event.seq,
        "lamport": event.lamport,
        "time": event.time,
        "verdict": verdict,
        "reason": reason,
        "payload_size": event.payload_size,
    }
    return _encode(row).decode()


def _push_rows(event: Event) -> Iterator[str]:
    assert event.payload is not None, "ref payloads cannot be redacted"
    payload = read_payload(KINDS[event.kind], event.payload, own=True)
    assert isinstance(payload, RefsMoved)
    for move in payload.moves:
        row = {
            "event": event.id.hex(),
            "repository": event.stream.hex(),
            "ref": move.ref,
            "old": move.old.hex() if move.old is not None else None,
            "new": move.new.hex() if move.new is not None else None,
            "author": event.author,
            "time": event.time,
            "lamport": event.lamport,
        }
        yield _encode(row).decode()


def _views_differ() -> Unavailable:
    return Unavailable("the views do not match the log", hint="stop the node and run: gitant rebuild")
