"""What is not taken for its own sake: the blocked, further branches of forked feeds, streams that nobody sought.

An event that something wanted has in its past is taken all the same (it is asked for by id), or else one blocked person
could keep the words of others from this node.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from domain.envelope import Event
    from replication.room import Room

_PROOF: Final = 2
"""The two lowest ids in one place of a feed prove its fork; they are taken whatever else is here."""


@final
class Customs:
    """This node's own choices, and the one rule about forks that all nodes share."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def declines(self, event: Event, *, in_flight: bool) -> bool:
        """Whether to leave an event out; `in_flight` says that it follows one that is being stored."""
        follows = self._room.follows
        if event.author in follows.blocked:
            return True
        if event.genesis:
            sought = follows.everything or event.stream in follows.streams
            return not (sought or follows.principals.intersection(event.roots))
        return not in_flight and self._branches_too_much(event)

    def _branches_too_much(self, event: Event) -> bool:
        index = self._room.index
        rivals = index.slot(event.stream, event.device, event.seq)
        if not rivals or event.id < sorted(rivals)[min(_PROOF, len(rivals)) - 1]:
            return False
        tips = [tip.id for tip in index.tips(event.stream) if tip.device == event.device]
        return event.prev not in tips and len(tips) >= self._room.limits.feed_branches
