"""What the core asks of a simulated node, answered from what it has folded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from domain.authority.roles import Role
from domain.chain import Link
from domain.fold.kind import read_payload
from domain.kinds import KINDS
from domain.ports_replication import GitObject, Held, Tip
from replication.digests import log_digest
from replication.effects import After, ReadFeeds, ReadIds, ReadVouched, Row, Rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from domain.envelope import Event
    from domain.ids import DeviceKey, Did, EventId, StreamId
    from tests.simulation.replica import Replica


class ReplicaIndex:
    """`Index` over a replica, and the reads that the core asks for; `present` are the objects this node has."""

    def __init__(
        self, replica: Replica, present: set[GitObject], vouched: set[EventId], held: Mapping[EventId, Event]
    ) -> None:
        self.replica = replica
        self._held_events = held
        self._present = present
        self._vouched = vouched
        self._held: dict[StreamId, tuple[int, Held]] = {}
        self._readers: dict[StreamId, tuple[int, dict[Did, Role]]] = {}

    # --- the port --------------------------------------------------------------------------------

    def streams(self) -> Iterable[StreamId]:
        return list(self.replica.of_stream)

    def held(self, stream: StreamId) -> Held | None:
        events = self.replica.of_stream.get(stream)
        if not events:
            return None
        found = self._held.get(stream)
        if found is None or found[0] != len(self.replica.arrived):
            size = self.replica.sizes[stream]
            digest = log_digest(self.replica.heads[stream])
            feeds = len(self.replica.tips[stream])
            held = Held(digest, len(events), size, self.public(stream), events[0].roots, feeds)
            found = self._held[stream] = (len(self.replica.arrived), held)
        return found[1]

    def tips(self, stream: StreamId) -> Sequence[Tip]:
        return [Tip(event.device, event.seq, event.id) for event in self.replica.tips.get(stream, {}).values()]

    def link(self, name: EventId) -> Link | None:
        held = self._held_events.get(name)
        if held is not None:
            return Link(held.stream, held.device, held.seq, held.lamport)
        return self.replica.link(name)

    def forget(self) -> None:
        """The replica is another one."""
        self._held.clear()
        self._readers.clear()

    def slot(self, stream: StreamId, device: DeviceKey, seq: int) -> Sequence[EventId]:
        return self.replica.slots.get((stream, device, seq), [])

    def redacted(self, name: EventId) -> bool:
        return self.replica.history.redacted(name)

    def uncovered(self, stream: StreamId, limit: int) -> Sequence[EventId]:
        return self.replica.uncovered(stream)[:limit]

    def may_read(self, stream: StreamId, peer: Did) -> bool:
        return self.is_reader(stream, peer)

    def objects(self, event: Event) -> Sequence[GitObject]:
        return objects_of(event)

    def lacking(self, stream: StreamId, limit: int) -> Sequence[GitObject]:
        needed = {thing for event in self.replica.of_stream.get(stream, []) for thing in objects_of(event)}
        return sorted(needed - self._present)[:limit]

    def have(self, stream: StreamId, wanted: GitObject) -> bool:
        return wanted in self._present

    # --- reads -----------------------------------------------------------------------------------

    def read(self, query: ReadFeeds | ReadIds | ReadVouched) -> Rows:
        """Rows in the order of their arrival, in which each comes after its past."""
        events = self.replica.of_stream.get(query.stream, [])
        if isinstance(query, ReadVouched):
            left = [place for place, event in enumerate(events) if place >= query.cursor and event.id in self._vouched]
            some = left[: query.events_max]
            return Rows(tuple(self._row(events[place]) for place in some), some[-1] + 1 if left != some else 0)
        if isinstance(query, ReadIds):
            wanted = set(query.ids)
            return Rows(tuple(self._row(event) for event in events if event.id in wanted))
        return self._read_feeds(query, events)

    def _read_feeds(self, query: ReadFeeds, events: Sequence[Event]) -> Rows:
        known = {after.device: self._known(after) for after in query.feeds}
        rows: list[Row] = []
        size = 0
        for number, event in enumerate(events[query.cursor :], query.cursor):
            passed = known.get(event.device)
            if passed is None or event.id in passed:
                continue
            if size >= query.bytes_max or len(rows) >= query.events_max:
                return Rows(tuple(rows), number)
            rows.append(self._row(event))
            size += len(event.header) + len(event.signature) + event.payload_size
        return Rows(tuple(rows))

    def _known(self, after: After) -> set[EventId]:
        """A feed's events at and before the known ones."""
        known: set[EventId] = set()
        for _, name in after.known:
            event = self.replica.history.events.get(name)
            while event is not None and event.id not in known:
                known.add(event.id)
                event = self.replica.history.events.get(event.prev) if event.prev is not None else None
        return known

    def _row(self, event: Event) -> Row:
        raw = event.raw
        if self.redacted(event.id):
            raw = type(raw)(raw.header, raw.signature, None)
        return Row(event.id, event.device, raw, event.id in self._vouched)

    # --- who may have it -------------------------------------------------------------------------

    def public(self, stream: StreamId) -> bool:
        """Whether anybody may have a stream."""
        state: Any = self.replica.engine.state(stream)
        return state is not None and not state.hidden

    def is_reader(self, stream: StreamId, peer: Did) -> bool:
        """Whether the stream is public, or somebody has a role there."""
        return self.public(stream) or self._roles(stream).get(peer, Role.GUEST) >= Role.VIEWER

    def _roles(self, stream: StreamId) -> dict[Did, Role]:
        found = self._readers.get(stream)
        if found is None or found[0] != len(self.replica.arrived):
            found = self._readers[stream] = (
                len(self.replica.arrived),
                self.replica.engine.court(stream).everybody(),
            )
        return found[1]


def objects_of(event: Event) -> list[GitObject]:
    """The commits that a push moves refs to."""
    if event.kind != "refs.moved.v1" or event.payload is None:
        return []
    found = _objects.get(event.id)
    if found is None:
        if len(_objects) > _OBJECTS_REMEMBERED_MAX:
            _objects.clear()
        payload: Any = read_payload(KINDS[event.kind], event.payload)
        found = _objects[event.id] = [GitObject(move.new) for move in payload.moves if move.new is not None]
    return found


_OBJECTS_REMEMBERED_MAX: Final = 10_000
_objects: dict[EventId, list[GitObject]] = {}
