"""What a node makes of its log: the real engine over it, and what a writer needs to know to write the next event."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING

from domain.chain import check_held, check_links
from domain.errors import PeerFault
from domain.kinds import KINDS
from tests.laws.laws import state_of
from tests.making import Node
from tests.simulation.errors import Broken

if TYPE_CHECKING:
    from domain.envelope import Event
    from domain.ids import DeviceKey, EventId, StreamId


class Replica(Node):
    """The fold of one node."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.arrived: list[Event] = []
        self.heads: dict[StreamId, dict[EventId, Event]] = {}
        self.things: dict[tuple[StreamId, str], list[Event]] = {}
        """By stream and sort, the events that create one."""
        self.feeds: dict[tuple[StreamId, DeviceKey], Event] = {}
        """The event with the greatest seq that each device has here."""
        self.of_stream: dict[StreamId, list[Event]] = {}
        self.tips: dict[StreamId, dict[EventId, Event]] = {}
        """By stream, the last events of all branches of all feeds."""
        self.slots: dict[tuple[StreamId, DeviceKey, int], list[EventId]] = {}
        self.holes: dict[StreamId, list[EventId]] = {}
        """What came without its payload."""
        self.sizes: Counter[StreamId] = Counter()
        """By stream, the bytes of all its events."""
        self.print = 0
        """The sum of all ids that are here: equal for equal sets, and for practical purposes for no others."""

    def take(self, event: Event) -> None:
        """Fold an event that has become durable. The core may let nothing through that does not fit its past."""
        if event.id in self.history.events:
            return
        try:
            check_links(event, self.link)
            kind = KINDS.get(event.kind)
            check_held(event, redacted=kind is None or kind.redactable)
        except PeerFault as fault:
            raise Broken("log-sound", f"{self.name} stored {event.kind} {event.id.hex()[:8]}: {fault}") from fault
        self.apply(event)
        self.arrived.append(event)
        self.print += int.from_bytes(event.id, "big")
        self._place(event)
        if event.payload is None:
            self.holes.setdefault(event.stream, []).append(event.id)

    def uncovered(self, stream: StreamId) -> list[EventId]:
        """What is here without its payload and not redacted: what this node shows may not be all of it."""
        return [name for name in self.holes.get(stream, ()) if not self.history.redacted(name)]

    def _place(self, event: Event) -> None:
        """Note what it ends, follows and begins."""
        self.of_stream.setdefault(event.stream, []).append(event)
        self.sizes[event.stream] += len(event.header) + len(event.signature) + event.payload_size
        self.slots.setdefault((event.stream, event.device, event.seq), []).append(event.id)
        heads, tips = self.heads.setdefault(event.stream, {}), self.tips.setdefault(event.stream, {})
        for name in (*event.parents, event.prev):
            if name is not None:
                heads.pop(name, None)
        if event.prev is not None:
            tips.pop(event.prev, None)
        heads[event.id] = tips[event.id] = event
        last = self.feeds.get((event.stream, event.device))
        if last is None or event.seq > last.seq:
            self.feeds[event.stream, event.device] = event
        kind = KINDS.get(event.kind)
        if kind is not None and kind.creates is not None:
            self.things.setdefault((event.stream, kind.creates), []).append(event)

    def frontier(self, stream: StreamId) -> list[Event]:
        """What a new event names as its parents: what is not void and nothing cites that is not, as in a real node."""
        counts = [event for event in self.of_stream.get(stream, []) if self.verdict(event).accepted]
        cited = {name for event in counts for name in (*event.parents, event.prev)}
        return sorted((event for event in counts if event.id not in cited), key=lambda event: event.order)[-20:]

    def names(self, stream: StreamId) -> frozenset[EventId]:
        """The ids of the events of a stream that are here."""
        return frozenset(event.id for event in self.of_stream.get(stream, []))

    def shown(self) -> bytes:
        """A digest of all that two nodes with the same events must agree on."""
        states, verdicts, redacted = state_of(self)
        everything = (states, sorted(verdicts.items()), sorted(redacted))  # the states come sorted
        return hashlib.sha256(repr(everything).encode()).digest()
