"""What of the events that a peer sent goes into the log: those of strangers only if what others wrote builds on them.

Pure: who is a stranger, where held events are and what taking one in means is the door's business. Nodes and the
simulator sort by the same rule, so that two honest nodes differ by no more than strangers' last words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from domain.authority.ancestry import past_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from domain.envelope import Event
    from domain.ids import EventId


class Door(Protocol):
    """The log of one node, as what arrives at it."""

    def keeps_out(self, event: Event) -> bool:
        """Whether its author is a stranger in its stream, as the log is now, and strangers are not taken in."""
        ...

    def held(self, name: EventId) -> Event | None:
        """A stranger's event that has been kept out before and is still here."""
        ...

    def take(self, event: Event) -> None:
        """Put an event into the log and fold it; its past is there."""
        ...


def let_in(events: Iterable[Event], door: Door) -> list[Event]:
    """Take in events of one stream that come after their past; those that stay outside, in order."""
    aside: dict[EventId, Event] = {}
    for event in events:
        if door.keeps_out(event):
            aside[event.id] = event
            continue
        for each in _needed(event, aside, door):
            aside.pop(each.id, None)
            door.take(each)
        door.take(event)
    return list(aside.values())


def _needed(event: Event, aside: Mapping[EventId, Event], door: Door) -> list[Event]:
    """What of an event's past is outside, the first first."""
    found: dict[EventId, Event] = {}
    todo = [*past_of(event)]
    while todo:
        name = todo.pop()
        outside = aside.get(name) or door.held(name)
        if outside is not None and name not in found:
            found[name] = outside
            todo.extend(past_of(outside))
    return sorted(found.values(), key=lambda each: each.order)
