"""What was really written, by whom and where: what the invariants compare the nodes with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.simulation.errors import Broken

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.envelope import Event
    from domain.ids import DeviceKey, EventId, StreamId


@dataclass(slots=True)
class Ledger:
    """Every event that somebody signed in this run."""

    events: dict[EventId, Event] = field(default_factory=dict["EventId", "Event"])
    by_strangers: set[EventId] = field(default_factory=set["EventId"])
    """What nobody may ever see the effect of."""
    private: set[StreamId] = field(default_factory=set["StreamId"])
    shared_keys: set[DeviceKey] = field(default_factory=set["DeviceKey"])
    """Devices that may fork: their keys are in two places."""
    cloned: set[DeviceKey] = field(default_factory=set["DeviceKey"])
    """Of these, the ones whose two holders do not know of each other."""
    furthest: dict[tuple[StreamId, DeviceKey], int] = field(default_factory=dict[tuple["StreamId", "DeviceKey"], int])
    """By feed, the greatest seq that was ever durable."""
    forks: int = 0
    on_fork: dict[DeviceKey, Callable[[], None]] = field(default_factory=dict["DeviceKey", "Callable[[], None]"])
    _slots: dict[tuple[StreamId, DeviceKey, int], EventId] = field(
        default_factory=dict[tuple["StreamId", "DeviceKey", int], "EventId"]
    )

    def sign(self, event: Event, *, stranger: bool = False) -> None:
        """Somebody signed an event; it may be lost before anybody sees it."""
        self.events[event.id] = event
        if stranger:
            self.by_strangers.add(event.id)

    def share(self, device: DeviceKey) -> None:
        """A device's key may be in two places from now on: it may fork."""
        self.shared_keys.add(device)

    def keep(self, event: Event) -> None:
        """An event has become durable somewhere; honest devices never sign two for one place of their feed."""
        place = (event.stream, event.device, event.seq)
        first = self._slots.setdefault(place, event.id)
        if first != event.id:
            if event.device not in self.shared_keys:
                raise Broken(
                    "no-fork-of-its-own",
                    f"{event.kind} {event.id.hex()[:8]} and {first.hex()[:8]} are both {event.seq}",
                )
            self.forks += 1
            self.on_fork.get(event.device, _nothing)()
        self.furthest[event.stream, event.device] = max(event.seq, self.furthest.get((event.stream, event.device), 0))


def _nothing() -> None:
    """Nobody counts them."""
