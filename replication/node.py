"""All links of one node: bytes, reports and the time come in, effects go out.

A `Replicator` holds no socket, file, clock or randomness of its own; `now` is monotonic milliseconds. It is called from
one thread at a time, and its effects are carried out in order (`effects.py` says how).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from domain import keys
from replication.desk import Desk
from replication.effects import Close, Outcome
from replication.inbox import Batch
from replication.limits import Limits
from replication.link import Link
from replication.records import QueueSizes
from replication.room import Room

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from domain.envelope import Event
    from domain.ids import DeviceKey, Did, EventId, StreamId
    from domain.ports_replication import GitObject, Index
    from replication.effects import Effect, LinkId, Rows, Token
    from replication.records import Follows, Identity, ObjectRecord, SyncState
    from replication.room import Chance

_SWEEP_MS: Final = 30_000


class Replicator:
    """What one node says to its peers, and makes of what they say."""

    def __init__(
        self,
        identity: Identity,
        index: Index,
        rng: Chance,
        follows: Follows,
        limits: Limits | None = None,
        verify: Callable[[DeviceKey, bytes, bytes], bool] = keys.verify,
    ) -> None:
        """`rng` must not be guessable by peers in a real node (`random.SystemRandom`).

        `verify(key, signature, message)` may remember what it found by all three.
        """
        self.limits = limits or Limits()
        self._room = Room(identity, index, rng, follows, self.limits, verify)
        self._links: dict[LinkId, Link] = {}
        self._desk = Desk(self._room, self._links, lambda link: self._links.pop(link).end())

    @property
    def follows(self) -> Follows:
        """What is replicated."""
        return self._room.follows

    def connected(self, link: LinkId, peer: Did, now: int) -> list[Effect]:
        """A link with the node of that key is open in both directions."""
        self._room.now = now
        assert link not in self._links
        if self._desk.scores.banned(peer, now):
            self._room.emit(Close(link, "banned: the peer has misbehaved"))
            return self._room.flush()
        opened = self._links[link] = Link(self._desk, link, peer)
        opened.open()
        self._arm_sweep()
        return self._room.flush()

    def received(self, link: LinkId, data: bytes, now: int) -> list[Effect]:
        """Bytes came on a link, cut anywhere; on a link that was closed meanwhile they are nothing."""
        self._room.now = now
        found = self._links.get(link)
        if found is not None:
            found.received(data)
        return self._room.flush()

    def disconnected(self, link: LinkId, now: int) -> list[Effect]:
        """A link is gone; what it had asked for is asked of others."""
        self._room.now = now
        found = self._links.get(link)
        if found is not None:
            self._desk.gone(link)
        return self._room.flush()

    def close(self, link: LinkId, reason: str, now: int) -> list[Effect]:
        """End a link in good order."""
        self._room.now = now
        found = self._links.get(link)
        if found is not None:
            found.goodbye(reason)
        return self._room.flush()

    def woke(self, now: int) -> list[Effect]:
        """The time of the latest `WakeAt` has come, or any other."""
        self._room.now = now
        self._room.woken()
        self._room.alarms.due(now)
        return self._room.flush()

    def appended(self, events: Sequence[Event], now: int, vouched: Collection[EventId] = frozenset()) -> list[Effect]:
        """This node's own writer made events durable, or let them in; signatures of `vouched` were not checked."""
        self._room.now = now
        self._desk.inbox.appended(events)
        self._desk.objects.gained(events)
        streams: dict[StreamId, list[Event]] = {}
        for event in events:
            streams.setdefault(event.stream, []).append(event)
        for stream, written in streams.items():
            for talk in self._desk.talks(stream):
                talk.take_back({event.device for event in written})
            self._desk.acted(stream, written)
            batch = Batch(stream, written, {event.id for event in written if event.id in vouched}, news=True)
            self._desk.spread(batch)
            self._desk.mends.stored(batch)
        return self._room.flush()

    def stored(
        self, token: Token, outcome: Outcome, now: int, held: Collection[EventId] = frozenset(), why: str = ""
    ) -> list[Effect]:
        """What came of a `Store` or a `Mend`; `held` are those of its events that were kept out of the log.

        `why` it failed, in a sentence, is told to whoever sent the events.
        """
        self._room.now = now
        self._desk.stored(token, outcome, held, why)
        return self._room.flush()

    def read(self, token: Token, rows: Rows, now: int) -> list[Effect]:
        """What came of a `Read`."""
        self._room.now = now
        self._desk.came(token, rows)
        return self._room.flush()

    def fetched(self, token: Token, ok: bool, now: int) -> list[Effect]:
        """Whether all objects of a `Fetch` are here now."""
        self._room.now = now
        self._desk.objects.fetched(token, ok=ok)
        return self._room.flush()

    def gained(self, stream: StreamId, objects: Sequence[GitObject], now: int) -> list[Effect]:
        """Objects of a stream can be served from now on that no peer has brought (a bundle has, say)."""
        self._room.now = now
        self._desk.objects.came(stream, objects)
        return self._room.flush()

    def follow(self, follows: Follows, now: int) -> list[Effect]:
        """Replicate other things from now on."""
        self._room.now = now
        for stream in self._room.follows.hidden ^ follows.hidden:
            self._desk.inbox.forget(stream)
            self._desk.objects.forget(stream)
        self._room.follows = follows
        for link in list(self._links.values()):
            link.offer_anew()
            for talk in list(link.talks.values()):
                talk.take_back()
        return self._room.flush()

    def introduce(self, link: LinkId, addresses: Sequence[str], now: int) -> list[Effect]:
        """Tell a peer where other nodes can be dialled; one that takes no such message is told nothing."""
        self._room.now = now
        found = self._links.get(link)
        if found is not None:
            found.introduce(addresses)
        return self._room.flush()

    def compare(self, now: int, *, thorough: bool = False) -> list[Effect]:
        """Compare with all peers now; `thorough` compares every feed of streams that look the same, too."""
        self._room.now = now
        for link in list(self._links.values()):
            link.compare_now(thorough=thorough)
        return self._room.flush()

    def states(self) -> tuple[SyncState, ...]:
        """How each shared stream stands with each connected peer."""
        return tuple(talk.state for link in list(self._links.values()) for talk in link.talks.values())

    def objects(self) -> tuple[ObjectRecord, ...]:
        """Objects that are not here yet."""
        return self._desk.objects.records()

    def sizes(self) -> QueueSizes:
        """How full the queues are; each has its bound in `limits`."""
        links = list(self._links.values())
        inbox = self._desk.inbox
        return QueueSizes(
            pending_events=len(inbox.pending),
            pending_bytes=inbox.pending.bytes,
            storing_bytes=inbox.storing_bytes,
            seen_ids=max((link.seen_ids for link in links), default=0),
            serving=max((link.serving for link in links), default=0),
            objects=len(self._desk.objects),
        )

    def _arm_sweep(self) -> None:
        self._room.alarms.sooner("sweep", self._room.now + _SWEEP_MS, self._sweep)

    def _sweep(self, now: int) -> None:
        """Forget what has waited too long."""
        for waiting in self._desk.inbox.pending.expired(now):
            event = waiting.event
            self._room.note("event-expired", "an event's past never came", stream=event.stream, event=event.id)
        if self._links or len(self._desk.inbox.pending):
            self._arm_sweep()
