"""What of the events that a peer sent goes into the log: those of strangers only if what others wrote builds on them.

Pure: who is a stranger, where held events are and what taking one in means is the door's business. Nodes and the
simulator sort by the same rule, so that two honest nodes differ by no more than strangers' last words.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
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

    def here(self, name: EventId) -> bool:
        """Whether an event is in the log."""
        ...

    def held(self, name: EventId) -> Event | None:
        """A stranger's event that has been kept out before and is still here."""
        ...

    def hold(self, event: Event) -> None:
        """Keep a stranger's event outside, if there is room for it and nothing against it."""
        ...

    def follower(self, event: Event) -> Event | None:
        """One that is held and comes next in the same feed."""
        ...

    def forget(self, name: EventId) -> None:
        """Hold an event no longer: what is before it has gone."""
        ...

    def spoiled(self, name: EventId) -> bool:
        """Whether an event is in the log with a wrong signature: the next of its feed says whose it is, and no more."""
        ...

    def take(self, event: Event) -> None:
        """Put an event into the log and fold it; its past is there."""
        ...


@dataclass(frozen=True, slots=True)
class Arrived:
    """What is not in the log after all: strangers' events, held or not, and those whose past was held and has gone.

    The latter are no fault of anybody's; they can be taken when all of their past has come again.
    """

    outside: list[Event] = field(default_factory=list["Event"])
    early: list[Event] = field(default_factory=list["Event"])


def let_in(events: Iterable[Event], door: Door) -> Arrived:
    """Take in events of one stream that come after their past; those that stay outside, in order.

    What is held has all of its past in the log or held, as it is taken in with it. Events may be forgotten one by one,
    so this is looked at again when they are needed. Nobody else would take an event with a wrong signature without
    what vouches for it, so that is taken in, too.
    """
    aside: dict[EventId, Event] = {}
    early: dict[EventId, Event] = {}
    arriving, vouchers = iter(events), deque["Event"]()
    while (event := vouchers.popleft() if vouchers else next(arriving, None)) is not None:
        stranger = door.keeps_out(event)
        if stranger and not (event.prev is not None and door.spoiled(event.prev)):
            aside[event.id] = event
            continue
        sound, gaps = _needed(event, aside, door)
        if gaps:
            early[event.id] = event
            for name in gaps:
                door.forget(name)
            continue
        for each in (*sound, event):
            aside.pop(each.id, None)
            door.take(each)
        if sound or stranger:
            vouchers += _vouchers((*sound, event) if stranger else sound, aside, door)
    for event in aside.values():
        if all(door.here(name) or door.held(name) is not None for name in past_of(event)):
            door.hold(event)
    return Arrived([*aside.values()], [*early.values()])


def _vouchers(taken: Iterable[Event], aside: Mapping[EventId, Event], door: Door) -> list[Event]:
    """What vouches for strangers' events that were taken in with wrong signatures, as far as it can follow at once."""
    spoiled = [event for event in taken if door.spoiled(event.id)]
    names = {event.id for event in spoiled}
    found = [event for event in aside.values() if event.prev in names]
    found += [after for event in spoiled if (after := door.follower(event)) is not None and after.id not in aside]
    return [event for event in found if all(door.here(name) for name in past_of(event))]


def _needed(event: Event, aside: Mapping[EventId, Event], door: Door) -> tuple[list[Event], set[EventId]]:
    """What of an event's past is outside, the first first; and those of it, itself too, that cannot be taken in."""
    past = past_of(event)
    found: dict[EventId, Event] = {}
    todo = [*past]
    while todo:
        name = todo.pop()
        outside = aside.get(name) or door.held(name)
        if outside is not None and name not in found:
            found[name] = outside
            todo.extend(past_of(outside))
    if not found:  # as of nearly all
        return [], set() if all(map(door.here, past)) else {event.id}
    sound: dict[EventId, Event] = {}
    gaps: set[EventId] = set()
    for each in [*sorted(found.values(), key=lambda each: each.order), event]:
        if all(name in sound or door.here(name) for name in past_of(each)):
            sound[each.id] = each
        else:
            gaps.add(each.id)
    sound.pop(event.id, None)
    return [*sound.values()], gaps
