"""How the parts of a core see one another: the desk that all links share, a link, and one stream on a link."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from domain.envelope import Event
    from domain.ids import DeviceKey, Did, EventId, StreamId
    from domain.ports_replication import GitObject
    from replication.effects import LinkId, ReadFeeds, ReadIds, ReadVouched, Rows
    from replication.inbox import Batch, Inbox, Parcel
    from replication.messages import Events, Message, Seek
    from replication.room import Room
    from replication.score import Buckets, Scores


class Shared(Protocol):
    """A stream on a link, as the desk and its clerks see it."""

    @property
    def stream(self) -> StreamId:
        """Which stream."""
        ...

    @property
    def tag(self) -> bytes:
        """What the stream is called on the link."""
        ...

    @property
    def link(self) -> Wire:
        """Which link."""
        ...

    def ask(self, names: Sequence[EventId], *, runs: bool) -> int:
        """Ask for events by id, with what vouches for them or not; the number that the answer will have."""
        ...

    def have(self, objects: Iterable[GitObject]) -> None:
        """Say that objects can be served from here."""
        ...

    def need(self, objects: Iterable[GitObject]) -> None:
        """Say that objects are lacking here."""
        ...

    def serves(self, number: int, by: object) -> bool:
        """Whether a want of the peer's is still answered, and by whom."""
        ...

    def served(self, number: int) -> None:
        """A want is answered."""
        ...


class Claimant(Shared, Protocol):
    """A stream on a link that may have asked for events."""

    def news(self, batch: Batch) -> None:
        """Pass on what has just become durable, or let the peer know that there is something."""
        ...

    def farewell(self, events: Sequence[Event]) -> None:
        """The last that a removed reader hears of a stream: why."""
        ...

    def decline(self, devices: Iterable[DeviceKey]) -> None:
        """Say that some feeds are not held here for their own sake."""
        ...

    def take_back(self, devices: Collection[DeviceKey] | None = None) -> None:
        """Some feeds that were declined are held here now; or nothing that was is declined for good (None)."""
        ...

    def decline_all(self) -> None:
        """Say that nothing more of the stream is taken here."""
        ...

    def parcel_done(self, parcel: Parcel, *, kept: bool, events: int) -> None:
        """What a message brought is stored, or cannot be."""
        ...

    def stalled(self, why: str) -> None:
        """Give up what was asked for, and begin again after a while."""
        ...

    def resume(self) -> None:
        """Another link has finished what this one was kept waiting for."""
        ...


class Standing(Protocol):
    """A stream on a link, as the link sees it whose turns it gives out."""

    @property
    def stream(self) -> StreamId:
        """Which stream."""
        ...

    @property
    def tag(self) -> bytes:
        """What the stream is called on the link."""
        ...

    def tell(self) -> bytes:
        """What is here of the stream, which the peer is told now."""
        ...

    def begin(self) -> None:
        """Compare from the top."""
        ...


class Wire(Protocol):
    """A link, as what is said on it sees it."""

    @property
    def id(self) -> LinkId:
        """Its name."""
        ...

    @property
    def peer(self) -> Did:
        """The key of the node at its other end."""
        ...

    @property
    def leads(self) -> bool:
        """Whether ranges are compared from here."""
        ...

    @property
    def key(self) -> bytes:
        """What names streams on it."""
        ...

    @property
    def serving(self) -> int:
        """How many wants of the peer's are being answered."""
        ...

    def send(self, message: Message) -> None:
        """Put a message on the link."""
        ...

    def refuse(self, code: str, words: str) -> None:
        """Say why something was not taken, and charge for it."""
        ...

    def next_number(self) -> int:
        """A number for a want or an ask."""
        ...

    def gave_number(self, number: int) -> bool:
        """Whether there was a want or ask of ours with this number."""
        ...

    def unseen(self, events: Iterable[Event]) -> list[Event]:
        """Those of some events that the peer is not known to have."""
        ...

    def saw(self, names: Iterable[EventId]) -> None:
        """The peer has these events, or they are on their way to it."""
        ...

    def offer(self, talks: Iterable[Standing]) -> None:
        """Say what is here of some streams."""
        ...

    def line_up(self, talk: Standing) -> None:
        """Have a stream compared when its turn comes."""
        ...

    def settled(self, talk: Standing) -> None:
        """A stream's comparison is over for now."""
        ...

    def hint(self, talk: Standing) -> None:
        """Have the peer told soon that a stream has changed."""
        ...


class Line(Wire, Protocol):
    """A link, as the desk sees it."""

    def talk(self, stream: StreamId) -> Claimant | None:
        """What is said of a stream, if it is shared."""
        ...

    def add(self, stream: StreamId) -> None:
        """A stream has come to be here, or to be wanted."""
        ...

    def withdraw(self, stream: StreamId) -> None:
        """The peer may not have a stream any more."""
        ...


class Clerk(Protocol):
    """The clerk for git objects and blobs."""

    def met(self, talk: Shared) -> None:
        """A stream has come to be shared with a peer."""
        ...

    def remind(self, talk: Shared) -> None:
        """Ask a peer again for objects that nobody is known to have."""
        ...

    def offered(self, talk: Shared, objects: Sequence[tuple[bytes, bool]]) -> None:
        """A peer can serve objects."""
        ...

    def needed(self, talk: Shared, objects: Sequence[tuple[bytes, bool]]) -> None:
        """A peer lacks objects."""
        ...

    def stored(self, events: Iterable[Event]) -> None:
        """Events are in the log, or their payloads are now."""
        ...

    def left(self, talk: Shared) -> None:
        """A stream is not shared with a peer any more."""
        ...


class Mender(Protocol):
    """The clerk for what is in the log and not whole."""

    def met(self, talk: Shared) -> None:
        """A stream has come to be shared with a peer."""
        ...

    def lacking(self) -> set[EventId]:
        """Events that are asked for though they are in the log."""
        ...


class Asker(Protocol):
    """The clerk for what is asked for by id."""

    def want(self, talk: Shared, names: Iterable[EventId], *, runs: bool = True) -> None:
        """Ask a peer for events; without `runs`, for copies that need nothing else to vouch for them."""
        ...


class Counter(Protocol):
    """The desk, as links and what is said on them see it."""

    @property
    def room(self) -> Room:
        """What all parts share."""
        ...

    @property
    def scores(self) -> Scores:
        """The standing of peers."""
        ...

    @property
    def inbox(self) -> Inbox:
        """Events on their way into the log."""
        ...

    @property
    def compares(self) -> Buckets:
        """How much comparing a peer may ask of us."""
        ...

    @property
    def objects(self) -> Clerk:
        """The clerk for objects."""
        ...

    @property
    def mends(self) -> Mender:
        """The clerk for what is not whole."""
        ...

    @property
    def asks(self) -> Asker:
        """The clerk for what is asked for by id."""
        ...

    def digest(self, stream: StreamId) -> bytes:
        """The log digest of a stream; that of nothing for one that is not here."""
        ...

    def feeds(self, stream: StreamId) -> int:
        """How many feeds a stream has here, about."""
        ...

    def holds(self, stream: StreamId) -> bool:
        """Whether anything of a stream is here."""
        ...

    def full(self, stream: StreamId) -> bool:
        """Whether a stream has reached its budget here."""
        ...

    def may_offer(self, stream: StreamId, peer: Did) -> bool:
        """Whether a peer may hear that a stream is here, or wanted here."""
        ...

    def for_peer(self, peer: Did) -> list[StreamId]:
        """All streams that may be offered to a peer."""
        ...

    def offered_to(self, peer: Did) -> list[tuple[StreamId, bytes]]:
        """What is here of the streams that may be offered to a peer."""
        ...

    def matches(self, stream: StreamId, seeks: Seek) -> bool:
        """Whether a stream is public and one that somebody seeks."""
        ...

    def found(self, stream: StreamId) -> bool:
        """A stream that is sought is at a peer's; False if there is no room for it now."""
        ...

    def payload_of(self, event: Event) -> bytes | None:
        """An event's payload as it is sent."""
        ...

    def link(self, name: LinkId) -> Line | None:
        """A link, if it is there."""
        ...

    def talks(self, stream: StreamId) -> list[Claimant]:
        """What is said of a stream on all links that share it."""
        ...

    def claim(self, talk: Claimant) -> bool:
        """Whether a link may catch up with a stream now."""
        ...

    def release(self, talk: Claimant) -> None:
        """A link has caught up, or given up."""
        ...

    def wake_next(self) -> None:
        """Let the first go on that waits and need not any more."""
        ...

    def unwanted(self, talk: Claimant, message: Events, size: int) -> None:
        """Events that no want asked for."""
        ...

    def take(self, talk: Claimant, message: Events, size: int, *, news: bool, asked: Collection[EventId] = ()) -> None:
        """Open events and put them into the inbox."""
        ...

    def read(self, query: ReadFeeds | ReadIds | ReadVouched, then: Callable[[Rows], None]) -> None:
        """Have rows read, and `then` called with them."""
        ...

    def gone(self, link: LinkId) -> None:
        """A link has ended."""
        ...
