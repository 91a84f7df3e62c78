"""What is not taken for its own sake: the blocked, further branches of forked feeds, streams that nobody sought.

An event that something wanted has in its past is taken all the same (it is asked for by id), or else one blocked person
could keep the words of others from this node.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.envelope import Event
    from domain.ids import EventId
    from replication.room import Room

_PROOF: Final = 2
"""The two lowest ids in one place of a feed prove its fork; they are taken whatever else is here."""


@final
class Customs:
    """This node's own choices, and the one rule about forks that all nodes share."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def declines(self, event: Event, siblings: Sequence[EventId], forks: int, *, in_flight: bool) -> bool:
        """Whether to leave an event out.

        Of what is being stored: `siblings` are at its place in its feed, `forks` is how many branches the feed is
        getting, and `in_flight` says that the event before it is there.
        """
        follows = self._room.follows
        if event.author in follows.blocked:
            return True
        if in_flight and not siblings:
            return False
        if event.genesis:
            sought = follows.everything or event.stream in follows.streams
            return not (sought or (follows.principals | follows.people).intersection(event.roots))
        rivals = sorted({*siblings, *self._room.index.slot(event.stream, event.device, event.seq)})
        if len(rivals) < _PROOF or event.id < rivals[_PROOF - 1]:
            return False
        tips = [tip.id for tip in self._room.index.tips(event.stream) if tip.device == event.device]
        goes_on = event.prev in tips and not siblings
        return not goes_on and max(1, len(tips)) + forks >= self._room.limits.feed_branches
