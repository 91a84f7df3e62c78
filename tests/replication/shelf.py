"""A log for tests of the protocol alone: events by id, without a fold. Privacy and redactions are what a test says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from domain.chain import Link
from domain.envelope import is_signed
from domain.ports_replication import GitObject, Held, Tip
from replication.digests import log_digest
from replication.effects import ReadFeeds, ReadIds, ReadVouched, Row, Rows

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from domain.envelope import Event
    from domain.ids import DeviceKey, Did, EventId, StreamId


class Shelf:
    """`Index` and the reads. `rest` stands for events of which only the place is kept, to make big logs cheaply."""

    def __init__(self) -> None:
        self.events: dict[StreamId, list[Event]] = {}
        self.by_id: dict[EventId, Event] = {}
        self.readers: dict[StreamId, set[Did]] = {}
        """Of the streams that are private."""
        self.redactions: set[EventId] = set()
        self.needs: dict[EventId, list[GitObject]] = {}
        self.present: set[GitObject] = set()
        self.vouched: set[EventId] = set()
        self.beside: dict[EventId, Event] = {}
        """Strangers' events that are kept out of the log."""
        self._links: dict[EventId, Link] = {}
        self._tips: dict[StreamId, dict[EventId, Tip]] = {}
        self._heads: dict[StreamId, set[EventId]] = {}
        self._slots: dict[tuple[StreamId, DeviceKey, int], list[EventId]] = {}
        self._digests: dict[StreamId, bytes] = {}

    def put(self, event: Event) -> None:
        """Keep an event whose past is here."""
        if event.id in self._links:
            return
        past = [*event.parents, *([event.prev] if event.prev else [])]
        assert all(name in self._links for name in past), "the core let an event through before its past"
        self.events.setdefault(event.stream, []).append(event)
        self.by_id[event.id] = event
        self.rest(Tip(event.device, event.seq, event.id), place_of(event))
        for name in past:
            self._heads[event.stream].discard(name)
        if event.prev is not None:
            self._tips[event.stream].pop(event.prev, None)

    def rest(self, tip: Tip, link: Link) -> None:
        """Note a place in a stream as taken, and as the end of its feed."""
        stream = link.stream
        self._links[tip.id] = link
        self._tips.setdefault(stream, {})[tip.id] = tip
        self._heads.setdefault(stream, set()).add(tip.id)
        self._slots.setdefault((stream, tip.device, tip.seq), []).append(tip.id)
        self._digests.pop(stream, None)

    def names(self, stream: StreamId) -> set[EventId]:
        """The ids of all events of a stream."""
        return {event.id for event in self.events.get(stream, [])}

    # --- the port -----------------------------------------------------------------------------------

    def streams(self) -> Iterable[StreamId]:
        return list(self._tips)

    def held(self, stream: StreamId) -> Held | None:
        if stream not in self._tips:
            return None
        digest = self._digests.get(stream)
        if digest is None:
            digest = self._digests[stream] = log_digest(self._heads[stream])
        events = self.events.get(stream, [])
        roots = events[0].roots if events else ()
        return Held(digest, len(events), 0, stream not in self.readers, roots, len(self._tips[stream]))

    def tips(self, stream: StreamId) -> Sequence[Tip]:
        return list(self._tips.get(stream, {}).values())

    def link(self, name: EventId) -> Link | None:
        beside = self.beside.get(name)
        return self._links.get(name) if beside is None else place_of(beside)

    def slot(self, stream: StreamId, device: DeviceKey, seq: int) -> Sequence[EventId]:
        return self._slots.get((stream, device, seq), [])

    def redacted(self, name: EventId) -> bool:
        return name in self.redactions

    def uncovered(self, stream: StreamId, limit: int) -> Sequence[EventId]:
        holes = (event.id for event in self.events.get(stream, []) if event.payload is None)
        return [name for name in holes if name not in self.redactions][:limit]

    def may_read(self, stream: StreamId, peer: Did) -> bool:
        return stream not in self.readers or peer in self.readers[stream]

    def objects(self, event: Event) -> Sequence[GitObject]:
        return self.needs.get(event.id, []) if event.payload is not None else []

    def lacking(self, stream: StreamId, limit: int) -> Sequence[GitObject]:
        wanted = [each for event in self.events.get(stream, []) for each in self.objects(event)]
        return [each for each in wanted if each not in self.present][:limit]

    def have(self, stream: StreamId, wanted: GitObject) -> bool:
        return wanted in self.present

    # --- reads --------------------------------------------------------------------------------------

    def mend(self, events: Iterable[Event]) -> None:
        """Put better bytes in place of what is here."""
        for event in events:
            old = self.by_id[event.id]
            self.by_id[event.id] = event if event.payload is not None else structs.replace(event, payload=old.payload)
            here = self.events[event.stream]
            here[here.index(old)] = self.by_id[event.id]
            self.vouched.discard(event.id)

    def read(self, query: ReadFeeds | ReadIds | ReadVouched) -> Rows:
        """Rows in order of arrival."""
        events = self.events.get(query.stream, [])
        if isinstance(query, ReadVouched):
            vouched = [(place, event) for place, event in enumerate(events, 1) if event.id in self.vouched]
            left = [(place, event) for place, event in vouched if place > query.cursor]
            some = left[: query.events_max]
            cursor = some[-1][0] if len(left) > len(some) else 0
            return Rows(tuple(self._row(event) for _, event in some), cursor)
        if isinstance(query, ReadIds):
            asked = [self.by_id[name] for name in query.ids if name in self.by_id]
            return Rows(tuple(self._row(event) for event in asked if event.stream == query.stream))
        known = {after.device: self._before(after.known) for after in query.feeds}
        rows: list[Row] = []
        size = 0
        for place, event in enumerate(events[query.cursor :], query.cursor):
            if event.device not in known or event.id in known[event.device]:
                continue
            if rows and (size >= query.bytes_max or len(rows) >= query.events_max):
                return Rows(tuple(rows), place)
            rows.append(self._row(event))
            size += len(event.header) + len(event.payload or b"")
        return Rows(tuple(rows))

    def _before(self, known: Sequence[tuple[int, EventId]]) -> set[EventId]:
        found: set[EventId] = set()
        for _, name in known:
            event = self.by_id.get(name)
            while event is not None and event.id not in found:
                found.add(event.id)
                event = self.by_id.get(event.prev) if event.prev else None
        return found

    def _row(self, event: Event) -> Row:
        raw = event.raw
        if event.id in self.redactions:
            raw = type(raw)(raw.header, raw.signature, None)
        return Row(event.id, event.device, raw, event.id in self.vouched)


def place_of(event: Event) -> Link:
    """What an event's descendants are checked against."""
    return Link(event.stream, event.device, event.seq, event.lamport)


class Porch:
    """`Door` of a shelf that keeps out what strangers wrote."""

    def __init__(self, shelf: Shelf, strangers: Collection[Did], came: Iterable[Event]) -> None:
        self._shelf = shelf
        self._strangers = strangers
        self._came = {event.id for event in came}

    def keeps_out(self, event: Event) -> bool:
        return event.author in self._strangers

    def here(self, name: EventId) -> bool:
        return self._shelf.link(name) is not None and name not in self._shelf.beside

    def held(self, name: EventId) -> Event | None:
        return self._shelf.beside.get(name)

    def hold(self, event: Event) -> None:
        self._shelf.beside[event.id] = event

    def follower(self, event: Event) -> Event | None:
        return next((each for each in self._shelf.beside.values() if each.prev == event.id), None)

    def spoiled(self, name: EventId) -> bool:
        event = self._shelf.by_id.get(name)
        return event is not None and not is_signed(event)

    def forget(self, name: EventId) -> None:
        self._shelf.beside.pop(name, None)

    def take(self, event: Event) -> None:
        self._shelf.beside.pop(event.id, None)
        self._shelf.put(event)
        if event.id not in self._came and not is_signed(event):
            self._shelf.vouched.add(event.id)
