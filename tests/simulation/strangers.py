"""Who is a stranger to a node of the simulation: nobody let him in by a role, and nothing of his counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.authority.roles import Role
from domain.envelope import is_signed
from domain.keys import key_of

if TYPE_CHECKING:
    from domain.envelope import Event
    from domain.ids import EventId
    from tests.simulation.node import SimulatedNode


class StrangersDoor:
    """`Door` of a node that holds strangers' events."""

    def __init__(self, node: SimulatedNode) -> None:
        self._node = node

    def keeps_out(self, event: Event) -> bool:
        """Whether its author is a stranger here, as things are."""
        replica = self._node.replica
        own = any(writer.did == event.author for writer in self._node.writers)
        here = replica.of_stream.get(event.stream)
        if own or not here or event.id in replica.history.events:
            return False
        court = replica.engine.court(event.stream)
        role = court.now(event.author, key_of(event.author))
        counts = (each.author == event.author and replica.verdict(each).accepted for each in here)
        return role <= Role.GUEST and not any(counts)

    def here(self, name: EventId) -> bool:
        """Whether an event is in the log."""
        return name in self._node.replica.history.events

    def held(self, name: EventId) -> Event | None:
        """A stranger's event that was kept out."""
        return self._node.held.get(name)

    def hold(self, event: Event) -> None:
        """Keep it beside the log."""
        self._node.held[event.id] = event

    def follower(self, event: Event) -> Event | None:
        """One that was kept out and comes next in the same feed."""
        return next((each for each in self._node.held.values() if each.prev == event.id), None)

    def spoiled(self, name: EventId) -> bool:
        """Whether an event is in the log with a wrong signature."""
        event = self._node.replica.history.events.get(name)
        return event is not None and not is_signed(event)

    def forget(self, name: EventId) -> None:
        """Hold it no longer."""
        self._node.held.pop(name, None)

    def take(self, event: Event) -> None:
        """Put an event into the log; if it was held, its signature may be looked at only there."""
        if event.id in self._node.held and not is_signed(event):
            self._node.vouched.add(event.id)
        self._node.take(event)
