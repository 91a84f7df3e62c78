"""What people and programs see of replication, and what they tell it: frozen records."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from domain.ids import DeviceKey, Did, StreamId
    from domain.ports_replication import GitObject


class Phase(StrEnum):
    """How one stream stands with one peer. The order is that of a first meeting."""

    KNOWN = "known"
    """Shared with the peer, and not yet compared."""
    COMPARING = "comparing"
    CATCHING_UP = "catching-up"
    """The peer has events that this node is getting from it."""
    EQUAL = "equal"
    PARTIAL = "partial"
    """Compared, and one side will not hold something that the other holds."""


class ObjectState(StrEnum):
    """How far a git object or blob is that an event needs."""

    ANNOUNCED = "announced"
    """An event needs it; nobody was found yet who has it, or his turn has not come."""
    FETCHING = "fetching"
    PRESENT = "present"


@dataclass(frozen=True, slots=True)
class Budget:
    """How much of one stream a node holds at most."""

    events_max: int
    bytes_max: int


@dataclass(frozen=True, slots=True)
class Follows:
    """What this node replicates, and what it will not; local, never spread.

    `everything` is all public streams that any peer offers; of `people` only their identities, for their names.
    `hidden` streams were removed here and do not come back by these. Events of `blocked` principals are taken only if
    an event that is wanted has them in its past.
    """

    everything: bool = False
    principals: frozenset[Did] = frozenset()
    people: frozenset[Did] = frozenset()
    streams: frozenset[StreamId] = frozenset()
    hidden: frozenset[StreamId] = frozenset()
    blocked: frozenset[Did] = frozenset()
    budgets: tuple[tuple[StreamId, Budget], ...] = ()

    @property
    def seeks(self) -> bool:
        """Whether streams are looked for whose ids are not known."""
        return bool(self.everything or self.principals or self.people)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who this node is on links, and the keys it writes with: it checks its own feeds event by event."""

    did: Did
    devices: frozenset[DeviceKey] = frozenset()


@dataclass(frozen=True, slots=True)
class SyncState:
    """How one stream stands with one peer.

    `missing_feeds` are feeds in which the peer is known to be ahead, `received` the events that came on this link.
    `equal_at_ms` is when both were last seen to hold the same (monotonic; None: not on this link).
    """

    peer: Did
    stream: StreamId
    phase: Phase
    missing_feeds: int
    received: int
    declined_here: int
    declined_there: bool
    equal_at_ms: int | None


@dataclass(frozen=True, slots=True)
class ObjectRecord:
    """How far one object is."""

    stream: StreamId
    object: GitObject
    state: ObjectState


@dataclass(frozen=True, slots=True)
class QueueSizes:
    """How full each bounded queue is; `Replicator.bounds` are the bounds, by the same names."""

    pending_events: int
    pending_bytes: int
    storing_bytes: int
    seen_ids: int
    serving: int
    objects: int
