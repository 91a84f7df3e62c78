"""Events that wait for what they name: for parents that are not here, or (holes) for a redaction of themselves.

Bounded in events and bytes, for each peer and for each device; whoever has most of it makes room.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from domain.envelope import Event
    from domain.ids import DeviceKey, Did, EventId, StreamId
    from replication.limits import Limits

_Key = TypeVar("_Key")

ROW_BYTES = 512
"""What an event weighs beside its own bytes, about."""


@dataclass(slots=True)
class Waiting:
    """One event, what of its past is missing, and who sent it. A hole also waits for a redaction."""

    event: Event
    missing: set[EventId]
    hole: bool
    vouched: bool
    peer: Did
    since_ms: int
    given_up: bool = False
    """Whether nobody who was asked has the payload."""
    again_ms: int = 0
    """Not before is anything asked for again because this came again."""

    @property
    def size(self) -> int:
        """What it takes of the table."""
        return ROW_BYTES + len(self.event.header) + len(self.event.payload or b"")

    def asks_again(self, now: int, limits: Limits) -> bool:
        """Whether to ask once more for what is missing, as it has come again: after pauses that grow, however often."""
        if now < self.again_ms:
            return False
        self.again_ms = now + min(now - self.since_ms, limits.compare_ms)
        return True


class Pending:
    """The table; the first to come is the first to go."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._waiting: dict[EventId, Waiting] = {}
        self._for: dict[EventId, set[EventId]] = {}
        self._peers: dict[Did, dict[EventId, None]] = {}
        self._devices: dict[DeviceKey, dict[EventId, None]] = {}
        self._holes: dict[EventId, None] = {}
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def get(self, name: EventId) -> Waiting | None:
        """The event with this id, if it waits here."""
        return self._waiting.get(name)

    def add(self, waiting: Waiting) -> list[Waiting]:
        """Take an event in; what had to go for it."""
        limits, name = self._limits, waiting.event.id
        assert name not in self._waiting
        self._waiting[name] = waiting
        of_peer = self._peers.setdefault(waiting.peer, {})
        of_device = self._devices.setdefault(waiting.event.device, {})
        of_peer[name] = of_device[name] = None
        if waiting.hole:
            self._holes[name] = None
        self.bytes += waiting.size
        for each in waiting.missing:
            self._for.setdefault(each, set()).add(name)
        gone: list[Waiting] = []
        while len(of_device) > limits.pending_per_device:
            gone.append(self.remove(next(iter(of_device))))
        while len(of_peer) > limits.pending_per_peer:
            gone.append(self.remove(next(iter(of_peer))))
        while len(self) > limits.pending_events or self.bytes > limits.pending_bytes:
            heaviest = max(self._peers.values(), key=len)
            gone.append(self.remove(next(iter(heaviest))))
        return gone

    def crowded(self, event: Event, peer: Did) -> bool:
        """Whether half of what may wait is used up: in all, or of a peer's, or of a device's."""
        limits = self._limits
        return (
            2 * len(self) > limits.pending_events
            or 2 * self.bytes > limits.pending_bytes
            or 2 * len(self._peers.get(peer, ())) > limits.pending_per_peer
            or 2 * len(self._devices.get(event.device, ())) > limits.pending_per_device
        )

    def holes(self, stream: StreamId) -> list[Waiting]:
        """What of a stream waits for nothing but a redaction of itself, in order."""
        waiting = (self._waiting[name] for name in self._holes)
        ready = [each for each in waiting if not each.missing and each.event.stream == stream]
        return sorted(ready, key=lambda each: each.event.order)

    def arrived(self, name: EventId) -> list[Waiting]:
        """An event is here: those that waited for it alone, taken out, holes apart."""
        ready: list[Waiting] = []
        for descendant in sorted(self._for.pop(name, ())):
            waiting = self._waiting[descendant]
            waiting.missing.discard(name)
            if not waiting.missing and not waiting.hole:
                ready.append(self.remove(descendant))
        return ready

    def remove(self, name: EventId) -> Waiting:
        """Take an event out."""
        waiting = self._waiting.pop(name)
        self._holes.pop(name, None)
        for each in waiting.missing:
            others = self._for.get(each)
            if others is not None:
                others.discard(name)
                if not others:
                    del self._for[each]
        _leave(self._peers, waiting.peer, name)
        _leave(self._devices, waiting.event.device, name)
        self.bytes -= waiting.size
        return waiting

    def past_of(self, name: EventId) -> list[Waiting]:
        """A waiting event and all that waits and is before it."""
        found: dict[EventId, Waiting] = {}
        todo = [name]
        while todo:
            waiting = self._waiting.get(each := todo.pop())
            if waiting is not None and each not in found:
                found[each] = waiting
                todo.extend(waiting.missing)
        return list(found.values())

    def still_missing(self, names: Iterable[EventId]) -> list[EventId]:
        """Of these ids, those for which something still waits and that do not wait themselves, or as holes."""
        return [
            name
            for name in names
            if (name in self._for and name not in self._waiting) or (name in self._waiting and self._waiting[name].hole)
        ]

    def drop_after(self, lost: Collection[EventId]) -> None:
        """Events that were here a moment ago could not be kept: what followed them directly has to come again, too."""
        resting = [
            name
            for name, waiting in self._waiting.items()
            if any(past in lost for past in (*waiting.event.parents, waiting.event.prev))
        ]
        for name in resting:
            self.remove(name)

    def expired(self, now: int) -> list[Waiting]:
        """Take out what has waited too long."""
        before = now - self._limits.pending_ms
        old = [name for name, waiting in self._waiting.items() if waiting.since_ms <= before]
        return [self.remove(name) for name in old]


def _leave(groups: dict[_Key, dict[EventId, None]], key: _Key, name: EventId) -> None:
    group = groups[key]
    del group[name]
    if not group:
        del groups[key]
