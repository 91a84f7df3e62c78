"""What the links of one node share: the inbox, what each stream may be told to whom, and who catches up with whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from domain.kinds import KINDS
from replication.asks import Asks
from replication.customs import Customs
from replication.digests import log_digest
from replication.effects import Outcome, Read
from replication.inbox import Inbox, Parcel
from replication.mends import Mends
from replication.objects import Objects
from replication.opening import open_rows
from replication.score import Buckets, Scores

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from domain.envelope import Event
    from domain.ids import Did, EventId, StreamId
    from replication.effects import LinkId, ReadFeeds, ReadIds, ReadVouched, Rows, Token
    from replication.inbox import Batch
    from replication.messages import Events, Seek
    from replication.opening import Opened
    from replication.room import Room
    from replication.seams import Claimant, Line

_NOTHING: Final = log_digest(())
REMOVALS: Final = frozenset(
    {
        "member.revoked.v1",
        "member.demoted.v1",
        "member.blocked.v1",
        "device.revoked.v1",
        "custodian.revoked.v1",
        "repository.visibility_set.v1",
        "repository.deleted.v1",
    }
)
"""What a reader who is removed is still sent, so that it learns why nothing follows."""

_ACTS: Final = frozenset(name for name, kind in KINDS.items() if kind.deed is not None)


class Desk:
    """Where the links of one node meet."""

    def __init__(self, room: Room, links: Mapping[LinkId, Line], forget: Callable[[LinkId], None]) -> None:
        """`links` are the links as they are at any time; `forget` ends one of them."""
        limits = room.limits
        self.room = room
        self._links = links
        self._forget = forget
        self.scores = Scores(limits)
        self.inbox = Inbox(room, Customs(room))
        self.objects = Objects(self)
        self.asks = Asks(self)
        self.mends = Mends(self)
        self.compares = Buckets(limits.compared_feeds_burst, limits.compared_feeds_per_s, limits.peers_remembered)
        self._flood_bytes = Buckets(limits.flood_bytes_burst, limits.flood_bytes_per_s, limits.peers_remembered)
        self._flood_events = Buckets(
            limits.flood_events_per_principal, limits.flood_events_per_s, limits.principals_tracked
        )
        self._taken_bytes = Buckets(limits.peer_stream_bytes, limits.peer_stream_bytes_per_s, limits.peers_remembered)
        """By peer and stream."""
        self._reads: dict[Token, Callable[[Rows], None]] = {}
        self._claims: dict[StreamId, Claimant] = {}
        self._waiting: dict[tuple[LinkId, StreamId], Claimant] = {}
        self._sought: dict[StreamId, None] = {}
        self._kept_out: set[tuple[StreamId, Did]] = set()
        """In which streams whose events were kept out of the log."""

    # --- streams --------------------------------------------------------------------------------------

    def digest(self, stream: StreamId) -> bytes:
        """The log digest of a stream; that of nothing for one that is not here."""
        held = self.room.index.held(stream)
        return held.digest if held is not None else _NOTHING

    def feeds(self, stream: StreamId) -> int:
        """How many feeds a stream has here, about."""
        held = self.room.index.held(stream)
        return held.feeds if held is not None else 0

    def holds(self, stream: StreamId) -> bool:
        """Whether anything of a stream is here."""
        return self.room.index.held(stream) is not None

    def full(self, stream: StreamId) -> bool:
        """Whether a stream has reached its budget here."""
        held = self.room.index.held(stream)
        if held is None:
            return False
        limits = self.room.limits
        budget = dict(self.room.follows.budgets).get(stream)
        events_max = budget.events_max if budget else limits.stream_events
        bytes_max = budget.bytes_max if budget else limits.stream_bytes
        return held.events >= events_max or held.bytes >= bytes_max

    def may_offer(self, stream: StreamId, peer: Did) -> bool:
        """Whether a peer may hear that a stream is here, or wanted here."""
        follows, held = self.room.follows, self.room.index.held(stream)
        if stream in follows.hidden:
            return False
        if held is None:
            return stream in follows.streams or stream in self._sought
        return held.public or self.room.index.may_read(stream, peer)

    def for_peer(self, peer: Did) -> list[StreamId]:
        """All streams that may be offered to a peer."""
        follows = self.room.follows
        streams = {*self.room.index.streams(), *follows.streams, *self._sought}
        return sorted(stream for stream in streams if self.may_offer(stream, peer))

    def offered_to(self, peer: Did) -> list[tuple[StreamId, bytes]]:
        """What is here of the streams that may be offered to a peer."""
        return [(stream, self.digest(stream)) for stream in self.for_peer(peer) if self.holds(stream)]

    def matches(self, stream: StreamId, seeks: Seek) -> bool:
        """Whether a stream is public and one that somebody seeks."""
        held = self.room.index.held(stream)
        if held is None or not held.public:
            return False
        sought = {*seeks.principals, *(seeks.people if held.identity else ())}
        return seeks.everything or not sought.isdisjoint(held.roots)

    def found(self, stream: StreamId) -> bool:
        """A stream that is sought is at a peer's; False if there is no room for it now."""
        if self.holds(stream) or stream in self._sought or stream in self.room.follows.hidden:
            return True
        if len(self._sought) >= self.room.limits.streams_sought:
            return False
        self._sought[stream] = None
        for link in list(self._links.values()):
            link.add(stream)
        return True

    def link(self, name: LinkId) -> Line | None:
        """A link, if it is there."""
        return self._links.get(name)

    def talks(self, stream: StreamId) -> list[Claimant]:
        """What is said of a stream on all links that share it."""
        found = (link.talk(stream) for link in self._links.values())
        return [talk for talk in found if talk is not None]

    # --- who catches up with whom ---------------------------------------------------------------------

    def claim(self, talk: Claimant) -> bool:
        """Whether a link may catch up with a stream now: one link a stream, and not too many streams at once."""
        holder = self._claims.get(talk.stream)
        limits = self.room.limits
        if holder is talk:
            return True
        if holder is None and len(self._claims) < max(1, limits.storing_bytes // max(1, limits.window_bytes)):
            self._claims[talk.stream] = talk
            self._waiting.pop((talk.link.id, talk.stream), None)
            return True
        self._waiting[talk.link.id, talk.stream] = talk
        return False

    def release(self, talk: Claimant) -> None:
        """A link has caught up, or given up."""
        self._waiting.pop((talk.link.id, talk.stream), None)
        if self._claims.get(talk.stream) is talk:
            del self._claims[talk.stream]
            self.wake_next()

    def wake_next(self) -> None:
        """Let the first that waits and need not any more go on."""
        for key, talk in self._waiting.items():
            if talk.stream not in self._claims:
                del self._waiting[key]
                talk.resume()
                return

    # --- events ---------------------------------------------------------------------------------------

    def unwanted(self, talk: Claimant, message: Events, size: int) -> None:
        """Events that no want asked for: news, or single ones."""
        link = talk.link
        if not message.number:
            if self._flood_bytes.take(link.peer, size, self.room.now):
                self.take(talk, message, size, news=True)
            else:
                self.room.note("flood-held", "a peer sends more news than is taken", peer=link.peer, stream=talk.stream)
            return
        asked = self.asks.answered(link.id, message.number)
        if asked is not None:
            self.mends.take(talk, message.rows, asked)
            self.take(talk, message, size, news=True, asked=asked.names)
        elif not link.gave_number(message.number):
            link.refuse("not-asked", f"there is no want {message.number}")

    def take(self, talk: Claimant, message: Events, size: int, *, news: bool, asked: Collection[EventId] = ()) -> None:
        """Open events and put them into the inbox."""
        link, stream, room = talk.link, talk.stream, self.room
        if self.full(stream):
            talk.decline_all()
            return
        if not self._taken_bytes.take(f"{link.peer} {stream.hex()}", size, room.now):
            talk.stalled("a peer has more of the stream than is taken from one")
            return
        opened = open_rows(
            message.rows,
            stream,
            self.inbox.holding(stream),
            room.verify,
            singly=news and not asked,
            own=room.identity.devices,
        )
        link.saw(event.id for event in opened.events)
        if asked:
            asked = _with_vouchers(opened, asked)
        elif news:
            opened.events = [event for event in opened.events if self._flood_events.take(event.author, 1, room.now)]
        parcel = Parcel(link.id, link.peer, message.number, size)
        taken = self.inbox.take(stream, opened, parcel, asked=asked, news=news)
        for fault in (*opened.faults, *taken.faults):
            link.refuse("event-rejected", str(fault))
        talk.decline(taken.declined)
        if taken.missing:
            self.asks.want(talk, taken.missing)
        if not taken.queued:
            talk.parcel_done(parcel, kept=True, events=0)

    def stored(self, token: Token, outcome: Outcome, held: Collection[EventId], why: str = "") -> None:
        """What came of a `Store`: give credit, pass on, ask for objects."""
        if self.mends.mended(token, outcome):
            return
        batch = self.inbox.stored(token, outcome, held)
        if batch is None:
            return
        kept = outcome is Outcome.STORED
        if kept:
            self._own_feeds(batch)
            self.spread(batch)
            self.mends.stored(batch)
        else:
            self.room.note("store-" + outcome, "events could not be stored", stream=batch.stream)
            for name in {parcel.link: None for parcel in (*batch.parcels, *batch.behind)}:
                if (sender := self._links.get(name)) is not None:
                    sender.refuse("cannot-store", why or "events cannot be stored here now")
        if batch.out:
            self.room.note("strangers-kept-out", "strangers' events are not in the log", stream=batch.stream)
            for talk in self.talks(batch.stream):
                talk.decline({event.device for event in batch.out})
            if len(self._kept_out) > self.room.limits.principals_tracked:
                self._kept_out.clear()
            self._kept_out.update((batch.stream, event.author) for event in batch.out)
        if kept:
            self.acted(batch.stream, batch.events)
        for stored, parcels in ((kept, batch.parcels), (False, batch.behind)):
            for parcel in parcels:
                link = self._links.get(parcel.link)
                talk_there = link.talk(batch.stream) if link is not None else None
                if talk_there is not None:
                    talk_there.parcel_done(parcel, kept=stored, events=parcel.events)

    def acted(self, stream: StreamId, events: Iterable[Event]) -> None:
        """Events are in the log: what was left out as a stranger's may be no stranger's, nor redacted what was.

        Somebody is a stranger until an act of authority lets him in, or anything of his is in the log.
        """
        acts = any(event.kind in _ACTS for event in events)
        known = self._kept_out and {(stream, event.author) for event in events} & self._kept_out
        if acts:
            self.mends.look(stream)
            self.objects.look_later(stream)  # what refs show may have changed with it
            known = {place for place in self._kept_out if place[0] == stream}
        if known or acts:
            self._kept_out -= known
            for talk in self.talks(stream):
                talk.take_back()

    def spread(self, batch: Batch) -> None:
        """Events are durable: everybody who may have them hears of them."""
        stream = batch.stream
        for link in list(self._links.values()):
            talk = link.talk(stream)
            if talk is None:
                link.add(stream)
            elif self.may_offer(stream, link.peer):
                talk.news(batch)
            else:
                batch_there = [event for event in batch.events if event.kind in REMOVALS]
                talk.farewell(batch_there)
                link.withdraw(stream)
        self._sought.pop(stream, None)
        self.objects.stored(batch.events)

    def payload_of(self, event: Event) -> bytes | None:
        """An event's payload as it is sent: not at all once it is redacted."""
        return None if self.room.index.redacted(event.id) else event.payload

    def _own_feeds(self, batch: Batch) -> None:
        own = [event for event in batch.events if event.device in self.room.identity.devices]
        if own:
            words = "a peer had events of this node's own key that were not here: was a backup restored?"
            self.room.note("own-feed-ahead", words, stream=batch.stream, seq=max(event.seq for event in own))

    # --- reads and links ------------------------------------------------------------------------------

    def read(self, query: ReadFeeds | ReadIds | ReadVouched, then: Callable[[Rows], None]) -> None:
        """Have rows read, and `then` called with them."""
        token = self.room.token()
        self._reads[token] = then
        self.room.emit(Read(token, query))

    def came(self, token: Token, rows: Rows) -> None:
        """Rows were read."""
        then = self._reads.pop(token, None)
        if then is not None:
            then(rows)

    def gone(self, link: LinkId) -> None:
        """A link has ended."""
        if link in self._links:
            self._forget(link)
            self.asks.gone(link)
            self.objects.gone(link)


def _with_vouchers(opened: Opened, asked: Collection[EventId]) -> set[EventId]:
    """What was asked for, and of what came along what vouches for it: nobody else would take the one alone."""
    wanted = {*asked}
    for event in opened.events:
        if event.prev in wanted and event.prev in opened.vouched:
            wanted.add(event.id)
    return wanted
