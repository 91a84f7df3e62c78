"""From opened events to the log: each waits until its past is here, and every stream is stored batch by batch."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from domain.chain import Link, check_links
from domain.content.redacted import KIND as REDACTION
from domain.content.redacted import EventRedacted
from domain.errors import MissingParents, Rejected
from domain.fold.kind import PayloadFault, read_payload
from domain.ids import DeviceKey, EventId, StreamId
from domain.kinds import KINDS
from replication.effects import Outcome, Store, Token
from replication.pending import Pending, Waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from domain.envelope import Event
    from domain.ids import Did
    from replication.effects import LinkId
    from replication.opening import Opened
    from replication.room import Room

_MERGED_EVENTS: Final = 4_096
"""Batches of one stream that wait for the writer are stored together up to this."""

_FREE_STREAMS_MAX: Final = 64
"""Streams of whose feeds it is remembered where they end."""

_COVERED_MAX: Final = 64
"""Waiting redactions that are looked at again for one message."""


@dataclass(slots=True)
class Parcel:
    """Where events came from: one message of a link. `number` is its want's or ask's, 0 for news."""

    link: LinkId
    peer: Did
    number: int
    size: int
    events: int = 0
    """How many of them are stored with it."""


@dataclass(slots=True)
class Batch:
    """Events that can be stored together, and the messages that are done with once they are."""

    stream: StreamId
    events: list[Event]
    vouched: set[EventId]
    holes: set[EventId] = field(default_factory=set[EventId])
    parcels: list[Parcel] = field(default_factory=list[Parcel])
    out: list[Event] = field(default_factory=list["Event"])
    """Those that were kept out of the log."""
    behind: list[Parcel] = field(default_factory=list[Parcel])
    """Of batches after it that could not be stored for its sake."""
    size: int = 0
    news: bool = False
    """Whether other peers are sent these at once, rather than told that there is something."""


@dataclass(slots=True)
class Taken:
    """What became of a message's events that were not simply `queued` to be stored."""

    queued: bool = False
    missing: set[EventId] = field(default_factory=set[EventId])
    declined: set[DeviceKey] = field(default_factory=set[DeviceKey])
    faults: list[Rejected] = field(default_factory=list[Rejected])


class Customs(Protocol):
    """Decides what is not taken for its own sake."""

    def declines(self, event: Event, siblings: Sequence[EventId], forks: int, *, in_flight: bool) -> bool:
        """Whether to leave an event out unless something that is wanted comes after it (`replication/customs.py`)."""
        ...


class Inbox:
    """All events that are on their way into the log."""

    def __init__(self, room: Room, customs: Customs) -> None:
        self._room = room
        self._customs = customs
        self.pending = Pending(room.limits)
        self._flight: dict[EventId, Link] = {}
        self._next: dict[bytes, list[EventId]] = {}
        """Of what is in flight: by the event before them in their feed, those that follow."""
        self._forks: Counter[DeviceKey] = Counter()
        self._recent: dict[EventId, Link] = {}
        self._less_recent: dict[EventId, Link] = {}
        self._ends: dict[StreamId, dict[DeviceKey, int]] = {}
        """By feed, from where on nothing is in the log, where that was looked up."""
        self._queues: dict[StreamId, deque[Batch]] = {}
        self._storing: dict[Token, Batch] = {}
        self._busy: dict[StreamId, Token] = {}
        self._redactions: dict[EventId, StreamId] = {}
        """Those that wait."""
        self.storing_bytes = 0

    def held(self, name: EventId) -> bool:
        """Whether an event is in the log or on its way there."""
        return self.known(name) is not None

    def holding(self, stream: StreamId) -> Callable[[Event], bool]:
        """Like `held` for the events of one message, with one look into the log for each feed that only goes on."""
        flight, recent, earlier, slot = self._flight, self._recent, self._less_recent, self._room.index.slot
        free = self._ends.get(stream)
        if free is None:
            if len(self._ends) >= _FREE_STREAMS_MAX:
                self._ends.clear()
            free = self._ends[stream] = {}
        elif len(free) > self._room.limits.links_recent:
            free.clear()

        def held(event: Event) -> bool:
            name = event.id
            if name in flight or name in recent or name in earlier:
                return True
            # Feeds have no gaps: where nothing is in a place, nothing is in any later one.
            least = free.get(event.device)
            if least is not None and event.seq >= least:
                return False
            there = slot(stream, event.device, event.seq)
            if not there:
                free[event.device] = event.seq
            return name in there

        return held

    def known(self, name: EventId) -> Link | None:
        """An event's place, if it is in the log or on its way there."""
        link = self._flight.get(name) or self._recent.get(name) or self._less_recent.get(name)
        if link is None:
            link = self._room.index.link(name)
            # What is held as a stranger's is known, but not here: it is taken, and declined, whenever it comes.
            if link is not None and name in self._room.index.slot(link.stream, link.device, link.seq):
                self._remember(name, link)
        return link

    def waits(self, name: EventId) -> bool:
        """Whether an event is here and waits for another."""
        return self.pending.get(name) is not None

    def take(
        self, stream: StreamId, opened: Opened, parcel: Parcel, *, asked: Collection[EventId] = (), news: bool
    ) -> Taken:
        """Sort what a message brought. If anything is queued, `stored` gives its parcel back, later."""
        taken, batch = Taken(), Batch(stream, [], opened.vouched, parcels=[parcel], news=news)
        filled = False
        for event in opened.events:
            if not len(self.pending) and self._goes_on(event, batch):
                continue
            waiting = self.pending.get(event.id)
            if waiting is not None and waiting.hole and event.payload is not None:
                self.pending.remove(event.id)
            elif waiting is not None:
                # Nobody who was asked may have had it then, or it could not be stored.
                if waiting.asks_again(self._room.now, self._room.limits):
                    taken.missing |= waiting.missing
                continue
            elif event.id in self._flight or self._remembers(event.id):
                continue
            if event.id not in asked and self._declines(event):
                taken.declined.add(event.device)
                continue
            if not self._sort(event, event.id in opened.vouched, parcel.peer, taken, batch):
                filled |= self.waits(event.id)
                if self.pending.crowded(event, parcel.peer):
                    self._let_holes_go(batch, all_=True)
            elif len(self.pending):
                self._release(event.id, batch)
        if filled:
            self._cover_waiting(stream, batch)
        self._let_holes_go(batch)
        parcel.events = len(batch.events)
        taken.queued = bool(batch.events)
        if batch.events:
            self._put(batch)
        taken.missing = set(self.pending.still_missing(taken.missing))
        return taken

    def stored(self, token: Token, outcome: Outcome, out: Collection[EventId] = frozenset()) -> Batch | None:
        """A `Store` is done; its batch, or None for a token that is none of ours. What waited behind it follows.

        `out` was kept out of the log and is not in the batch any more.
        """
        batch = self._storing.pop(token, None)
        if batch is None:
            return None
        del self._busy[batch.stream]
        kept = outcome is Outcome.STORED
        lost = {name for name in out if self._room.index.link(name) is None}
        self._land(batch, kept=kept, out=out)
        if not kept:
            lost = {event.id for event in batch.events}
        if lost:
            for behind in self._queues.pop(batch.stream, ()):
                self._land(behind, kept=False)
                batch.behind.extend(behind.parcels)
                lost.update(event.id for event in behind.events)
            self.pending.drop_after(lost)
        else:
            self._store_next(batch.stream)
        return batch

    def appended(self, events: Iterable[Event]) -> None:
        """Events of this node's own writer are in the log: those that waited for them follow."""
        for event in events:
            self._remember(event.id, _link(event))
            self._ends.pop(event.stream, None)
            batch = Batch(event.stream, [], set())
            self._release(event.id, batch)
            if batch.events:
                self._put(batch)

    def forget(self, stream: StreamId) -> None:
        """What is remembered of a stream may be here no more, or be here anew."""
        for places in (self._recent, self._less_recent):
            for name in [name for name, link in places.items() if link.stream == stream]:
                del places[name]
        self._ends.pop(stream, None)

    def _sort(self, event: Event, vouched: bool, peer: Did, taken: Taken, batch: Batch) -> bool:
        """Whether an event can be stored now; else it waits, or is a fault."""
        hole = event.payload is None and not self._room.index.redacted(event.id)
        missing: set[EventId] = set()
        try:
            if hole and not _may_be_hole(event):
                raise Rejected("payload-missing", event.id.hex())
            check_links(event, self.known)
        except MissingParents as fault:
            missing.update(fault.missing)
        except Rejected as fault:
            taken.faults.append(fault)
            return False
        if not hole and not missing:
            self._ready(event, batch)
            return True
        now = self._room.now
        self.pending.add(Waiting(event, missing, hole, vouched, peer, now))
        taken.missing.update(missing)
        if hole:
            taken.missing.add(event.id)
        if event.kind == REDACTION.name:
            self._redactions[event.id] = event.stream
            self._cover(event, batch)
        return False

    def _goes_on(self, event: Event, batch: Batch) -> bool:
        """Whether an event could be taken in the quick way, as most can: it is whole, and alone at the end of its feed.

        What is asked of it is what `check_links` and the customs ask.
        """
        prev = event.prev
        before = self._flight.get(prev) if prev is not None else None
        if before is None or prev in self._next or event.payload is None or event.id in self._flight:
            return False
        if before.device != event.device or before.seq != event.seq - 1 or before.stream != event.stream:
            return False
        lamport = before.lamport
        for name in event.parents:
            link = self._flight.get(name) or self.known(name)
            if link is None or link.stream != event.stream:
                return False
            lamport = max(lamport, link.lamport)
        if event.lamport != lamport + 1 or event.author in self._room.follows.blocked:
            return False
        batch.events.append(event)
        self._flight[event.id] = Link(event.stream, event.device, event.seq, event.lamport)
        self._next[prev] = [event.id]  # type: ignore[index]  # there is something before it
        return True

    def _remembers(self, name: EventId) -> bool:
        return name in self._recent or name in self._less_recent

    def _declines(self, event: Event) -> bool:
        siblings = self._next.get(_place_before(event), ())
        forks = self._forks.get(event.device, 0)
        return self._customs.declines(event, siblings, forks, in_flight=event.prev in self._flight)

    def _ready(self, event: Event, batch: Batch) -> None:
        batch.events.append(event)
        self._flight[event.id] = _link(event)
        before = _place_before(event)
        if before in self._next:
            self._next[before].append(event.id)
            self._forks[event.device] += 1
        else:
            self._next[before] = [event.id]

    def _free(self, name: EventId, batch: Batch) -> list[Waiting]:
        """What waited for this event alone; its signature was looked at when it came."""
        freed = self.pending.arrived(name)
        batch.vouched.update(each.event.id for each in freed if each.vouched)
        return freed

    def _release(self, name: EventId, batch: Batch) -> None:
        todo = deque(self._free(name, batch))
        while todo:
            waiting = todo.popleft()
            if self._sort(waiting.event, waiting.vouched, waiting.peer, Taken(), batch):
                todo.extend(self._free(waiting.event.id, batch))

    def _cover_waiting(self, stream: StreamId, batch: Batch) -> None:
        """What has come to wait may have been the last that a redaction lacked, which came before it."""
        self._redactions = {name: of for name, of in self._redactions.items() if self.waits(name)}
        for name in [name for name, of in self._redactions.items() if of == stream][:_COVERED_MAX]:
            waiting = self.pending.get(name)
            if waiting is not None:
                self._cover(waiting.event, batch)

    def _cover(self, redaction: Event, batch: Batch) -> None:
        """If holes are all that keeps a redaction's past waiting, and it covers them, let them go together."""
        past = self.pending.past_of(redaction.id)
        names = {waiting.event.id for waiting in past}
        covered = {name for waiting in past for name in _targets(waiting.event)}
        if any(waiting.hole and waiting.event.id not in covered for waiting in past):
            return
        if any(name not in names and not self.held(name) for waiting in past for name in waiting.missing):
            return
        for waiting in sorted(past, key=lambda each: each.event.order):
            self.pending.remove(waiting.event.id)
            self._ready(waiting.event, batch)
            if waiting.hole:
                batch.holes.add(waiting.event.id)
            if waiting.vouched:
                batch.vouched.add(waiting.event.id)
        for waiting in past:
            self._release(waiting.event.id, batch)

    def give_up(self, name: EventId) -> None:
        """Nobody who was asked has an event's payload: what follows it need not wait for that."""
        waiting = self.pending.get(name)
        if waiting is not None and waiting.hole:
            waiting.given_up = True
            batch = Batch(waiting.event.stream, [], set())
            self._let_holes_go(batch)
            if batch.events:
                self._put(batch)

    def _let_holes_go(self, batch: Batch, *, all_: bool = False) -> None:
        """Store what waits for nothing but a redaction of itself, if that was given up, or (`all_`) too much waits.

        Or else whoever redacts something old would keep all who come later from everything after it.
        """
        while True:
            holes = [each for each in self.pending.holes(batch.stream) if all_ or each.given_up]
            if not holes or not self._let_go(holes, batch):
                return

    def _let_go(self, holes: Sequence[Waiting], batch: Batch) -> bool:
        """Whether there is room in the log for more that is not whole."""
        stream, most = batch.stream, self._room.limits.uncovered
        here = len(self._room.index.uncovered(stream, most)) + sum(len(each.holes) for each in self._under_way(stream))
        for waiting in holes[: max(0, most - here - len(batch.holes))]:
            if self.pending.get(waiting.event.id) is not waiting:
                continue  # a redaction that was freed with the one before has taken it along
            self.pending.remove(waiting.event.id)
            self._ready(waiting.event, batch)
            batch.holes.add(waiting.event.id)
            if waiting.vouched:
                batch.vouched.add(waiting.event.id)
            self._release(waiting.event.id, batch)
        return here + len(batch.holes) < most

    def _under_way(self, stream: StreamId) -> list[Batch]:
        token = self._busy.get(stream)
        return [*([self._storing[token]] if token is not None else []), *self._queues.get(stream, ())]

    def _put(self, batch: Batch) -> None:
        batch.size = _size(batch.events)
        self.storing_bytes += batch.size
        self._queues.setdefault(batch.stream, deque()).append(batch)
        if batch.stream not in self._busy:
            self._store_next(batch.stream)

    def _store_next(self, stream: StreamId) -> None:
        queue = self._queues.get(stream)
        if not queue:
            self._queues.pop(stream, None)
            return
        batch = queue.popleft()
        while queue and not batch.holes and not queue[0].holes and queue[0].news == batch.news:
            if len(batch.events) + len(queue[0].events) > _MERGED_EVENTS:
                break
            more = queue.popleft()
            batch.events += more.events
            batch.vouched |= more.vouched
            batch.parcels += more.parcels
            batch.size += more.size
        token = self._room.token()
        self._busy[stream], self._storing[token] = token, batch
        vouched = frozenset(event.id for event in batch.events if event.id in batch.vouched)
        self._room.emit(Store(token, stream, tuple(batch.events), vouched, frozenset(batch.holes)))

    def _land(self, batch: Batch, *, kept: bool, out: Collection[EventId] = frozenset()) -> None:
        self.storing_bytes -= batch.size
        flight, following, free = self._flight, self._next, self._ends.get(batch.stream, {})
        for event in batch.events:
            link = flight.pop(event.id, None)
            if event.seq >= free.get(event.device, event.seq + 1):
                free[event.device] = event.seq + 1
            if len(following.pop(event.prev or _place_before(event), ())) > 1:
                self._forks.pop(event.device, None)
            if kept and link is not None and event.id not in out:
                self._recent[event.id] = link
        self._forget_some()
        if out:
            batch.out = [event for event in batch.events if event.id in out]
            batch.events = [event for event in batch.events if event.id not in out]

    def _remember(self, name: EventId, link: Link) -> None:
        self._recent[name] = link
        self._forget_some()

    def _forget_some(self) -> None:
        """Two generations, as one dictionary from which the oldest goes each time is slow."""
        if 2 * len(self._recent) > self._room.limits.links_recent:
            # In place: whoever looks through them for a message holds on to both.
            self._less_recent.clear()
            self._less_recent.update(self._recent)
            self._recent.clear()


def _place_before(event: Event) -> bytes:
    return event.prev if event.prev is not None else event.stream + event.device


def _link(event: Event) -> Link:
    return Link(event.stream, event.device, event.seq, event.lamport)


def _size(events: Iterable[Event]) -> int:
    return sum([len(event.header) + len(event.payload or b"") for event in events])


def _may_be_hole(event: Event) -> bool:
    """Whether the payload of such an event can have been redacted, as far as is known here."""
    kind = KINDS.get(event.kind)
    return kind is None or kind.redactable


def _targets(event: Event) -> Iterable[EventId]:
    """What a redaction redacts; whether it may is judged when it is folded."""
    if event.kind != REDACTION.name or event.payload is None:
        return ()
    try:
        payload = read_payload(REDACTION, event.payload)
    except PayloadFault:
        return ()
    assert isinstance(payload, EventRedacted)
    return [EventId(name) for name in payload.events]
