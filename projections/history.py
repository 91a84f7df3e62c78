"""The engine's history, kept in the views: events, who touches what, redactions, what awaits what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from domain.chain import Link
from domain.replay.engine import Member
from domain.replay.judge import Judgement, Known
from projections.graph import ViewGraph
from projections.tables import AWAITING, EVENTS, FORKS, MEMBERS, REDACTIONS, STREAMS
from projections.tips import Tips

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.envelope import Event
    from domain.ids import Did, EventId
    from domain.verdict import Verdict
    from projections.shelf import Shelf

_KNOWN_MAX = 50_000


class EventSource(Protocol):
    """Where whole events come from: the log, by position."""

    def events_at(self, positions: Sequence[int]) -> Sequence[Event]:
        """The events at these positions, in the order asked for."""
        ...

    def siblings(self, event: Event) -> Sequence[EventId]:
        """The ids of all stored events with the same stream, device, seq and prev as `event`."""
        ...


class ViewHistory(ViewGraph):
    """Implements `domain.replay.engine.History` over SQLite; `arrive` must precede what records an event."""

    def __init__(self, shelf: Shelf, source: EventSource) -> None:
        super().__init__(shelf, self.event)
        self._source = source
        self.tips = Tips(shelf)
        self._known: dict[bytes, Known] = {}
        self._positions: dict[bytes, int] = {}
        self._pending: dict[bytes, Event] = {}
        self._joining: dict[bytes, set[EventId]] = {}
        self._arriving: EventId | None = None
        self._rejudged = False
        self._roots: dict[bytes, tuple[Did, ...]] = {}
        self._load_awaited()

    def _load_awaited(self) -> None:
        rows = self._shelf.connection.execute("SELECT DISTINCT awaited FROM awaiting")
        self._awaited: set[bytes] = {row[0] for row in rows}
        rows = self._shelf.connection.execute("SELECT DISTINCT target FROM redactions")
        self._redacted: set[bytes] = {row[0] for row in rows}

    def arrive(self, event: Event, position: int) -> None:
        """Say where the event that is about to be applied is in the log."""
        self._positions[event.id] = position
        self._pending[event.id] = event
        self._arriving = event.id

    def settle(self) -> None:
        """The batch is durable: nothing of it needs to be held here any longer."""
        super().settle()
        self._forget_batch()
        if len(self._known) > _KNOWN_MAX:
            self._known.clear()
        if len(self._positions) > _KNOWN_MAX:
            self._positions.clear()

    def abandon(self) -> None:
        """The batch did not become durable."""
        super().abandon()
        self._known.clear()
        self._positions.clear()
        self._forget_batch()
        self._roots.clear()
        self.tips.abandon()
        self._load_awaited()

    def position(self, name: bytes) -> int:
        """The log position of a recorded event."""
        position = self._positions.get(name)
        if position is None:
            row = self._shelf.connection.execute("SELECT pos FROM events WHERE id=?", (name,)).fetchone()
            assert row is not None, "only recorded events are asked for"
            position = self._positions[name] = row[0]
        return position

    def known(self, name: EventId) -> Known | None:
        """An event by id, as other events' verdicts need it."""
        known = self._known.get(name)
        if known is not None:
            return known
        pending = self._pending.get(name)
        if pending is not None:
            # Recorded in this batch, and what is not accepted went into `_known` at once.
            known = self._known[name] = _known(pending, accepted=True)
            return known
        row = self._shelf.connection.execute(
            "SELECT kind, stream, entity, author, standing, lamport FROM events WHERE id=?", (name,)
        ).fetchone()
        if row is None:
            return None
        kind, stream, entity, author, standing, lamport = row
        roots = self._roots_of(stream) if stream == name else ()
        known = self._known[name] = Known(kind, stream, entity, author, standing == "accepted", lamport, roots)
        return known

    def link(self, name: EventId) -> Link | None:
        """What a descendant's check needs to know of an event."""
        pending = self._pending.get(name)
        if pending is not None:
            return Link(pending.stream, pending.device, pending.seq, pending.lamport)
        row = self._shelf.connection.execute(
            "SELECT stream, device, seq, lamport FROM events WHERE id=?", (name,)
        ).fetchone()
        return None if row is None else Link(*row)

    def has(self, event: Event) -> bool:
        """Whether an event is recorded: of one that is not, as nearly all that arrive, its feed tells that at once."""
        head = self.tips.tip(event.stream).feeds.get(event.device)
        return head is not None and event.seq <= head.seq and self.link(event.id) is not None

    def event(self, name: EventId) -> Event | None:
        """An event by id, whole."""
        pending = self._pending.get(name)
        if pending is not None:
            return pending
        if self.known(name) is None:
            return None
        return self._source.events_at([self.position(name)])[0]

    def members(self, key: bytes) -> Sequence[Member]:
        """The accepted and fold-voided events that touch an entity, in total order."""
        if self._rejudged:
            self._shelf.write()
            self._rejudged = False
        rows = self._shelf.connection.execute(
            "SELECT members.id, members.pos, standing FROM members JOIN events ON events.pos = members.pos WHERE key=?",
            (key,),
        ).fetchall()
        accepted = {name: standing == "accepted" for name, _, standing in rows}
        # Those of this batch need not be written to be found.
        for name in self._joining.get(key, ()):
            known = self.known(name)
            accepted[name] = known is not None and known.accepted
        stored = [pos for name, pos, _ in rows if name not in self._pending]
        events = [self._pending[name] for name in accepted if name in self._pending]
        events += self._source.events_at(stored) if stored else []
        events.sort(key=lambda event: event.order)
        return [Member(event, accepted[event.id]) for event in events]

    def redacted(self, name: EventId) -> bool:
        """Whether an accepted redaction covers an event's payload."""
        return name in self._redacted

    def awaiting(self, name: EventId) -> Sequence[EventId]:
        """Events whose verdict waits for this one; they are taken off the list."""
        if name not in self._awaited:
            return ()
        self._awaited.discard(name)
        self._shelf.write()
        rows = self._shelf.connection.execute("SELECT event FROM awaiting WHERE awaited=? ORDER BY event", (name,))
        waiting = [row[0] for row in rows]
        self._shelf.delete("DELETE FROM awaiting WHERE awaited=?", (name,))
        self._shelf.write()
        return waiting

    def record(self, event: Event, judgement: Judgement, keys: Sequence[bytes]) -> None:
        """Remember an event with its verdict, what it awaits, and the entities it touches."""
        position = self.position(event.id)
        verdict = judgement.verdict
        first = event.id == self._arriving
        self._arriving = None
        place = self.place(event.id)
        assert place is not None, "a place comes before a record"
        self._shelf.put(EVENTS, _event_row(event, position, verdict, place.branch, self.set_number(place.acts)))
        for key in keys:
            self._shelf.put(MEMBERS, (key, event.lamport, event.id, position))
            self._joining.setdefault(key, set()).add(event.id)
        for awaited in judgement.awaits:
            self._awaited.add(awaited)
            self._shelf.put(AWAITING, (awaited, event.id))
        if first:
            self._record_place(event, position, verdict)
        else:
            self._rejudged = True
        if not verdict.accepted or event.id in self._known:
            self._known[event.id] = _known(event, accepted=verdict.accepted)

    def leave(self, event: Event, keys: Sequence[bytes]) -> Sequence[bytes]:
        """An event touches these entities no longer: those it did touch."""
        self._shelf.write()
        left: list[bytes] = []
        for key in keys:
            place = (key, event.lamport, event.id)
            if self._shelf.connection.execute("DELETE FROM members WHERE key=? AND lamport=? AND id=?", place).rowcount:
                left.append(key)
            self._joining.get(key, set()).discard(event.id)
        return left

    def drop_redaction(self, targets: Sequence[bytes], by: EventId) -> None:
        """A redaction covers these events no longer."""
        self._shelf.write()
        for target in targets:
            self._shelf.connection.execute("DELETE FROM redactions WHERE target=? AND by=?", (target, by))
            rest = self._shelf.connection.execute("SELECT 1 FROM redactions WHERE target=?", (target,)).fetchone()
            if rest is None:
                self._redacted.discard(target)

    def standing(self, name: EventId) -> str:
        """The standing of a recorded event."""
        self._shelf.write()
        row = self._shelf.connection.execute("SELECT standing FROM events WHERE id=?", (name,)).fetchone()
        return str(row[0])

    def record_redaction(self, targets: Sequence[bytes], by: EventId) -> None:
        """Remember that an accepted redaction covers these events."""
        known = self._pending.get(by) or self.event(by)
        assert known is not None
        for target in targets:
            self._redacted.add(target)
            self._shelf.put(REDACTIONS, (target, by, known.stream))

    def record_verdict(self, name: EventId, verdict: Verdict) -> None:
        """Change the verdict of an event, found only by folding."""
        self._shelf.write()
        known = self.known(name)
        assert known is not None, "only recorded events get another verdict"
        self._known[name] = known._replace(accepted=verdict.accepted)
        self._shelf.connection.execute(
            "UPDATE events SET standing=?, reason=? WHERE id=?", (verdict.standing, verdict.reason, name)
        )

    def _forget_batch(self) -> None:
        self._pending.clear()
        self._joining.clear()
        self._rejudged = False

    def _record_place(self, event: Event, position: int, verdict: Verdict) -> None:
        """What does not change when an event is judged again: frontier, feed, fork proofs, the stream itself."""
        if event.genesis:
            self._roots[event.stream] = event.roots
            self._shelf.put(STREAMS, (event.stream, event.kind, position, " ".join(event.roots)))
        if not self.tips.extend(event, void=verdict.standing == "void"):
            twins = sorted({*self._source.siblings(event), *self._pending_siblings(event)})
            if len(twins) > 1:
                self._shelf.put(FORKS, (event.stream, event.device, event.seq, twins[0], twins[1]))

    def _pending_siblings(self, event: Event) -> list[EventId]:
        """Those of this batch, which the log need not have yet."""
        place = (event.stream, event.device, event.seq, event.prev)
        return [each.id for each in self._pending.values() if (each.stream, each.device, each.seq, each.prev) == place]

    def _roots_of(self, stream: bytes) -> tuple[Did, ...]:
        roots = self._roots.get(stream)
        if roots is None:
            row = self._shelf.connection.execute("SELECT roots FROM streams WHERE stream=?", (stream,)).fetchone()
            roots = self._roots[stream] = tuple(row[0].split()) if row else ()
        return roots


def _known(event: Event, *, accepted: bool) -> Known:
    return Known(event.kind, event.stream, event.entity, event.author, accepted, event.lamport, event.roots)


def _event_row(event: Event, position: int, verdict: Verdict, branch: int, seen: int) -> tuple[object, ...]:
    return (
        position,
        event.id,
        event.stream,
        event.kind,
        event.entity,
        event.author,
        event.device,
        event.seq,
        event.lamport,
        event.time,
        verdict.standing,
        verdict.reason,
        branch,
        seen,
    )
