"""Taking in one stream of a bundle: the opening, the inbox and the customs that what a peer sends goes through.

Like a `Replicator` it does nothing itself: rows and reports come in, `Store` effects go out. What is different from a
peer is that nobody can be asked for anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

from domain import keys
from domain.envelope import SIGNATURE_TAG
from domain.ids import Did
from replication.bundle.parts import BundleFault
from replication.customs import Customs
from replication.effects import LinkId, Store
from replication.inbox import Inbox, Parcel
from replication.limits import Limits
from replication.opening import Opened, open_rows
from replication.room import Room

if TYPE_CHECKING:
    from collections.abc import Collection

    from domain.envelope import Event
    from domain.errors import Rejected
    from domain.ids import EventId, StreamId
    from domain.ports_replication import Index
    from replication.bundle.parts import Rows
    from replication.effects import Outcome, Token
    from replication.records import Follows, Identity

_NOBODY: Final = LinkId(0)
_FILE: Final = Did("")
"""What stands where a peer's name would."""


class _NoChance:
    """Nothing here is drawn."""

    def randbytes(self, n: int, /) -> bytes:
        raise AssertionError(n)

    def randrange(self, stop: int, /) -> int:
        raise AssertionError(stop)


@final
class Unpacking:
    """One stream on its way in. After each call, `stores` are to be carried out and reported, until there are none."""

    def __init__(
        self, stream: StreamId, identity: Identity, index: Index, follows: Follows, limits: Limits | None = None
    ) -> None:
        limits = limits or Limits()
        self.stream = stream
        self.events = 0
        """How many came."""
        self.declined = 0
        """How many are not taken for their own sake."""
        self._room = Room(identity, index, _NoChance(), follows, limits, keys.verify)
        self._inbox = Inbox(self._room, Customs(self._room))
        self._order: tuple[int, EventId] | None = None
        self._holes: list[EventId] = []
        self._aside: dict[EventId, Event] = {}
        """What was declined, as far as it is remembered: something that is wanted may build upon it."""

    def take(self, rows: Rows) -> None:
        """Open the events of one part; raises `BundleFault` for the first that is none."""
        room = self._room
        opened = open_rows(
            rows.rows,
            self.stream,
            self._inbox.holding(self.stream),
            room.verify,
            singly=False,
            own=room.identity.devices,
        )
        if opened.faults:
            raise BundleFault(_words(opened.faults[0]))
        for event in opened.events:
            if self._order is not None and event.order <= self._order:
                raise BundleFault(f"event {event.id.hex()} is out of order")
            self._order = event.order
        self.events += len(rows.rows)
        self._holes += [event.id for event in opened.events if event.payload is None]
        missing = self._put(opened, ())
        while names := missing & self._aside.keys():
            wanted = sorted((self._aside.pop(name) for name in names), key=lambda event: event.order)
            self.declined -= len(wanted)
            missing = self._put(Opened(wanted), {event.id for event in wanted})

    def _put(self, opened: Opened, asked: Collection[EventId]) -> set[EventId]:
        """Sort events; what they lack of their past."""
        taken = self._inbox.take(self.stream, opened, Parcel(_NOBODY, _FILE, 0, 0), asked=asked, news=False)
        if taken.faults:
            raise BundleFault(_words(taken.faults[0]))
        if taken.declined:
            out = [event for event in opened.events if event.device in taken.declined and not self._has(event.id)]
            # What was only vouched for may be taken later, without what vouched for it.
            verify = self._room.verify
            checked = [each for each in out if verify(each.device, each.signature, SIGNATURE_TAG + each.header)]
            self.declined += len(out)
            self._aside.update((event.id, event) for event in checked)
            for name in list(self._aside)[: max(0, len(self._aside) - self._room.limits.pending_events)]:
                del self._aside[name]
        return taken.missing

    def _has(self, name: EventId) -> bool:
        return self._inbox.held(name) or self._inbox.waits(name)

    def end(self) -> None:
        """No more rows come: what waits for a payload goes on without it, and whatever else waits is a fault."""
        for name in self._holes:
            self._inbox.give_up(name)

    def check_end(self) -> None:
        """Everything is stored: raise `BundleFault` if something still waits for what the file does not have."""
        waiting = len(self._inbox.pending)
        if waiting:
            raise BundleFault(f"{waiting:,} events lack something that is neither in the file nor on this node")

    def stores(self) -> list[Store]:
        """What is to be put into the log now."""
        return [effect for effect in self._room.flush() if isinstance(effect, Store)]

    def stored(self, token: Token, outcome: Outcome, held: Collection[EventId] = frozenset()) -> None:
        """What came of a store."""
        self._inbox.stored(token, outcome, held)


def _words(fault: Rejected) -> str:
    return f"an event is not what it must be: {fault}"
