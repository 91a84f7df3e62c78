"""Where each stream ends: its heads, the heads a new event may cite, and the last event of each feed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from domain.ids import DeviceKey, EventId
from projections.tables import FEEDS, FRONTIER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.envelope import Event
    from domain.ids import StreamId
    from projections.shelf import Shelf

_STREAMS_MAX: Final = 4_096
"""Streams whose ends are held in memory."""


class FeedHead(NamedTuple):
    """The last event of one device's feed."""

    seq: int
    id: EventId
    lamport: int


@dataclass(slots=True)
class Tip:
    """One stream's end: `heads` nobody cites, `citable` those among what is not void; with Lamport times."""

    heads: dict[EventId, int] = field(default_factory=dict[EventId, int])
    citable: dict[EventId, int] = field(default_factory=dict[EventId, int])
    feeds: dict[DeviceKey, FeedHead] = field(default_factory=dict[DeviceKey, FeedHead])


class Tips:
    """The tips of all streams, loaded when asked for; what changed is written with `save`."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._tips: dict[StreamId, Tip] = {}
        self._changed: dict[StreamId, set[DeviceKey]] = {}
        """By stream, the feeds that grew: a stream may have very many, and few of them grow at a time."""

    def tip(self, stream: StreamId) -> Tip:
        """The end of a stream; an empty one for a stream not seen yet."""
        tip = self._tips.get(stream)
        if tip is None:
            tip = self._tips[stream] = self._load(stream)
        return tip

    def extend(self, event: Event, *, void: bool) -> bool:
        """Take one event in; False when it does not simply continue its device's feed (perhaps a fork)."""
        tip = self.tip(event.stream)
        changed = self._changed.setdefault(event.stream, set())
        past = event.parents if event.prev is None else (*event.parents, event.prev)
        for name in past:
            tip.heads.pop(name, None)
        tip.heads[event.id] = event.lamport
        if not void:
            for name in past:
                tip.citable.pop(name, None)
            tip.citable[event.id] = event.lamport
        head = tip.feeds.get(event.device)
        if head is None or event.seq > head.seq:
            tip.feeds[event.device] = FeedHead(event.seq, event.id, event.lamport)
            changed.add(event.device)
        return (event.prev is None) if head is None else (event.prev == head.id)

    def retract(self, event: Event, before: Sequence[Event]) -> None:
        """An event has become void: cite in its stead what of its past is not."""
        tip = self.tip(event.stream)
        if tip.citable.pop(event.id, None) is not None:
            self._changed.setdefault(event.stream, set())
            tip.citable.update({each.id: each.lamport for each in before})

    def restore(self, event: Event) -> None:
        """An event is void no longer: cite it if nothing follows it."""
        tip = self.tip(event.stream)
        if event.id in tip.heads:
            self._changed.setdefault(event.stream, set())
            for name in (*event.parents, event.prev):
                tip.citable.pop(name, None)  # type: ignore[arg-type]  # None is never in it
            tip.citable[event.id] = event.lamport

    def save(self) -> None:
        """Put changed tips on the shelf."""
        for stream, devices in self._changed.items():
            tip = self._tips[stream]
            self._shelf.delete("DELETE FROM frontier WHERE stream=?", (stream,))
            for name in tip.heads.keys() | tip.citable.keys():
                lamport = tip.heads.get(name) or tip.citable[name]
                self._shelf.put(FRONTIER, (stream, name, lamport, int(name in tip.heads), int(name in tip.citable)))
            for device in devices:
                head = tip.feeds[device]
                self._shelf.put(FEEDS, (stream, device, head.seq, head.id, head.lamport))
        self._changed.clear()
        if len(self._tips) > _STREAMS_MAX:
            self._tips.clear()

    def abandon(self) -> None:
        """Forget what was not committed."""
        self._tips.clear()
        self._changed.clear()

    def _load(self, stream: StreamId) -> Tip:
        tip = Tip()
        execute = self._shelf.connection.execute
        for name, lamport, head, citable in execute(
            "SELECT id, lamport, head, citable FROM frontier WHERE stream=?", (stream,)
        ):
            if head:
                tip.heads[name] = lamport
            if citable:
                tip.citable[name] = lamport
        for device, *head in execute("SELECT device, seq, id, lamport FROM feeds WHERE stream=?", (stream,)):
            tip.feeds[device] = FeedHead(*head)
        return tip
