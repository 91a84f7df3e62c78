"""One link with one peer: hello, which streams both share, and whose turn it is to be compared."""

from __future__ import annotations

from collections import deque
from itertools import chain
from typing import TYPE_CHECKING, Final

from domain.ids import StreamId
from replication.compare import pieces
from replication.effects import Close, Heard, Send
from replication.frames import FrameFault, FrameReader, frame
from replication.limits import (
    ADDRESSES_MAX,
    FOUND_MAX,
    FRAME_BYTES_MAX,
    NONCE_BYTES,
    OFFERS_MAX,
    REASON_CHARS_MAX,
    SEEKS_MAX,
    STREAM_TAG_BYTES,
)
from replication.messages import (
    FEATURES,
    OFFER_BYTES,
    VERSION,
    Compare,
    Found,
    Goodbye,
    Hello,
    MessageFault,
    Offers,
    Peers,
    Refused,
    Same,
    Seek,
    StreamMessage,
    decoded,
    encoded,
    name_of,
)
from replication.prints import link_key, stream_print, stream_tag, summary
from replication.records import Phase
from replication.score import COSTS, FINAL
from replication.table import LINK_RULES, STREAM_RULES, LinkState
from replication.talk import Talk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from domain.envelope import Event
    from domain.ids import Did, EventId
    from replication.effects import LinkId
    from replication.messages import Message
    from replication.seams import Counter, Standing

PEERS: Final = "peers"
"""The feature of those who take introductions."""
_COMPARES_MAX: Final = 4
"""Comparisons of everything that may be unanswered."""


class Link:
    """One link. `key` names streams on it, once both hellos are there; `leads` says whose ranges are compared."""

    def __init__(self, desk: Counter, name: LinkId, peer: Did) -> None:
        self._desk = desk
        self._room = desk.room
        self.id = name
        self.peer = peer
        self.state = LinkState.OPENING
        self.leads = self._room.identity.did < peer
        self.key = b""
        self.features: frozenset[str] = frozenset()
        self.talks: dict[bytes, Talk] = {}
        self._introduced: int | None = None
        """When the peer told of others."""
        self._nonce = self._room.salt(NONCE_BYTES)
        self._frames = FrameReader()
        self._sent = 0
        self._numbers = 0
        self._mine: dict[bytes, StreamId] = {}
        self._theirs: dict[bytes, bytes] = {}
        self._offered: dict[bytes, bytes] = {}
        """What the peer was told of streams, by tag; what both share, `talks` know better."""
        self._told_all = False
        """Whether the peer was ever told of all of them."""
        self._seeks: Seek | None = None
        self._found: set[StreamId] = set()
        """Those that the peer was told of since it began to seek."""
        self._seek_again = False
        """Whether there was no room for something that we were told of."""
        self._seen: dict[EventId, None] = {}
        self._seen_before: dict[EventId, None] = {}
        self._line: deque[Standing] = deque()
        self._turns: set[StreamId] = set()
        self._compares: dict[bytes, bytes] = {}
        self._hints: dict[StreamId, Standing] = {}

    # --- what the node does with it -----------------------------------------------------------------

    def open(self) -> None:
        """Say hello."""
        digest = summary(self._nonce, self._desk.offered_to(self.peer))
        versions, features = [VERSION], [*FEATURES]
        self.send(Hello(versions=versions, features=[*features], nonce=self._nonce, digest=digest))
        self._alarm("hello", self._room.limits.hello_ms, lambda _: self.refuse("hello-late", "no hello came"))

    def received(self, data: bytes) -> None:
        """Read what came, message by message."""
        try:
            for body in self._frames.bodies(data):
                self._message(body)
                if self.state is LinkState.ENDED:
                    return
        except FrameFault as fault:
            self.refuse(fault.code, fault.words)

    def end(self) -> None:
        """The link is gone: forget what was asked on it."""
        self.state = LinkState.ENDED
        for name in ("hello", "compare", "hint"):
            self._room.alarms.drop((name, self.id))
        for talk in list(self.talks.values()):
            talk.close()
        self.talks.clear()

    def goodbye(self, words: str) -> None:
        """End the link in good order."""
        self.send(Goodbye(words=words[:REASON_CHARS_MAX]))
        self._close(words)

    def refuse(self, code: str, words: str) -> None:
        """Say why something was not taken, and charge for it; enough of it ends the link."""
        if self.state is LinkState.ENDED:
            return
        banned = self._desk.scores.add(self.peer, COSTS[code], self._room.now)
        final = banned or code in FINAL
        self._room.note("refused", words, peer=self.peer, code=code, final=final)
        self.send(Refused(code=code, words=words[:REASON_CHARS_MAX], final=final))
        if final:
            self._close(f"{code}: {words}")

    def send(self, message: Message) -> None:
        """Put a message on the link."""
        if self.state is LinkState.ENDED:
            return
        self._room.emit(Send(self.id, frame(self._sent, encoded(message))))
        self._sent += 1

    def next_number(self) -> int:
        """A number for a want or an ask; 0 is for news."""
        self._numbers += 1
        return self._numbers

    def gave_number(self, number: int) -> bool:
        """Whether there was a want or ask of ours with this number."""
        return 0 < number <= self._numbers

    @property
    def serving(self) -> int:
        """How many wants of the peer's are being answered."""
        return sum(talk.serving for talk in self.talks.values())

    def unseen(self, events: Iterable[Event]) -> list[Event]:
        """Those of some events that the peer is not known to have, as far as that is remembered."""
        seen, before = self._seen, self._seen_before
        return [event for event in events if event.id not in seen and event.id not in before]

    def saw(self, names: Iterable[EventId]) -> None:
        """The peer has these events, or they are on their way to it."""
        seen, half = self._seen, self._room.limits.seen_ids // 2
        seen.update(dict.fromkeys(names))
        if len(seen) > half:
            # Two generations, as one from which the oldest goes each time is slow.
            self._seen_before = dict.fromkeys([*seen][-half:])
            self._seen = {}

    @property
    def seen_ids(self) -> int:
        """How many events are remembered as seen."""
        return len(self._seen) + len(self._seen_before)

    def talk(self, stream: StreamId) -> Talk | None:
        """What is said of a stream, if it is shared."""
        return self.talks.get(stream_tag(self.key, stream)) if self.state is LinkState.OPEN else None

    def introduce(self, addresses: Sequence[str]) -> None:
        """Tell the peer where other nodes are, if it listens to that."""
        if self.state is LinkState.OPEN and PEERS in self.features and addresses:
            self.send(Peers(addresses=list(addresses[:ADDRESSES_MAX])))

    # --- which streams ------------------------------------------------------------------------------

    def offer(self, talks: Iterable[Standing]) -> None:
        """Say what is here of some streams."""
        self.send(Offers(whole=False, streams=b"".join(talk.tag + talk.tell() for talk in talks)))

    def offer_anew(self) -> None:
        """What is replicated here has changed: say all that is offered, and drop what is not any more."""
        if self.state is not LinkState.OPEN:
            return
        self._mine = self._offerable()
        self._seek()
        for tag in [tag for tag in self.talks if tag not in self._mine]:
            self._drop(tag)
        self._send_offers()
        self._meet(self._theirs)

    def add(self, stream: StreamId) -> None:
        """A stream has come to be here, or to be wanted."""
        if self.state is not LinkState.OPEN:
            return
        if not self._desk.may_offer(stream, self.peer):
            self.withdraw(stream)  # it may have been offered while only wanted: now it is known whose it is
            return
        tag = stream_tag(self.key, stream)
        if tag not in self._mine:
            self._mine[tag] = stream
            print_here = stream_print(self.key, stream, self._desk.digest(stream))
            self._offered[tag] = print_here
            self.send(Offers(whole=False, streams=tag + print_here))
            if tag in self._theirs:
                self._meet({tag: self._theirs[tag]})
        self._tell_found([stream])

    def withdraw(self, stream: StreamId) -> None:
        """The peer may not have a stream any more."""
        tag = stream_tag(self.key, stream)
        self._mine.pop(tag, None)
        self._drop(tag)

    # --- whose turn it is ---------------------------------------------------------------------------

    def line_up(self, talk: Standing) -> None:
        """Have a stream compared when its turn comes."""
        if talk.stream in self._turns:
            talk.begin()  # it is its turn still: it must not wait for itself
            return
        if talk not in self._line:
            self._line.append(talk)
        self._next_turns()

    def compare_now(self, *, thorough: bool) -> None:
        """Compare all that is shared without waiting for the minute; `thorough` looks at every feed."""
        if self.state is not LinkState.OPEN:
            return
        self._compare(self._room.now)
        for talk in list(self.talks.values()) if thorough else ():
            talk.thorough = True
            self.line_up(talk)

    def settled(self, talk: Standing) -> None:
        """A stream's comparison is over for now."""
        if talk.stream in self._turns:
            self._turns.discard(talk.stream)
            self._desk.wake_next()
            self._next_turns()

    def _next_turns(self) -> None:
        while self._line and len(self._turns) < self._room.limits.streams_syncing:
            talk = self._line.popleft()
            if self.talks.get(talk.tag) is talk:
                self._turns.add(talk.stream)
                talk.begin()

    def hint(self, talk: Standing) -> None:
        """Have the peer told soon that a stream has changed."""
        self._hints[talk.stream] = talk
        self._room.alarms.sooner(("hint", self.id), self._room.now + self._room.limits.hint_ms, self._send_hints)

    def _send_hints(self, _: int) -> None:
        talks = [talk for talk in self._hints.values() if self.talks.get(talk.tag) is talk]
        self._hints.clear()
        if talks:
            self.offer(talks)

    # --- messages -----------------------------------------------------------------------------------

    def _message(self, body: bytes) -> None:
        try:
            message = decoded(body)
            name = name_of(message)
            rule = LINK_RULES.get(name) or STREAM_RULES[name]
            if self.state not in rule.states:
                self.refuse("out-of-state", f"a {name} came while the link was {self.state}")
            elif isinstance(message, StreamMessage):
                self._about_stream(message, rule.handler)
            else:
                getattr(self, rule.handler)(message)
        except MessageFault as fault:
            self.refuse(fault.code, fault.words)

    def _about_stream(self, message: StreamMessage, handler: str) -> None:
        talk = self.talks.get(message.stream)
        if talk is None:
            # The same words whether it is not here or not for this peer.
            self.refuse("stream-unknown", "no such stream is shared on this link")
        else:
            getattr(talk, handler)(message)

    def on_hello(self, message: Hello) -> None:
        """The peer's hello: agree on a version, and see at once whether all is equal."""
        self._room.alarms.drop(("hello", self.id))
        if VERSION not in message.versions:
            self.refuse("version-unknown", f"this node speaks version {VERSION}, not {sorted(message.versions)}")
            return
        self.state = LinkState.OPEN
        self.features = frozenset(message.features) & frozenset(FEATURES)
        self._frames.body_bytes_max = FRAME_BYTES_MAX
        self.key = link_key(self._nonce, message.nonce)
        self._mine = self._offerable()
        if self._room.follows.seeks:
            self._seek()
        if message.digest == summary(message.nonce, self._desk.offered_to(self.peer)):
            for tag, stream in self._mine.items():
                if self._desk.holds(stream):
                    self._theirs[tag] = stream_print(self.key, stream, self._desk.digest(stream))
                    self._talk(tag, stream).level()
        if len(self.talks) < len(self._mine) or not self.talks:
            self._send_offers()
        self._arm_compare()

    def on_seek(self, message: Seek) -> None:
        """The peer looks for streams that it does not know yet; what it did with those it was told of is not known."""
        self._seeks = message
        self._found.clear()
        if self._desk.compares.take(self.peer, 1 + len(self._mine), self._room.now):
            self._tell_found(self._mine.values())

    def on_offers(self, message: Offers) -> None:
        """What the peer holds or wants; a tag that means nothing here may do so later."""
        entries = pieces(message.streams, OFFER_BYTES)
        prints = {entry[:STREAM_TAG_BYTES]: entry[STREAM_TAG_BYTES:] for entry in entries}
        if message.whole:
            self._theirs = prints
            for tag in [tag for tag in self.talks if tag not in prints]:
                self._drop(tag)
            if not self._told_all:
                self._send_offers()  # all was equal when it said hello, and is no more when it heard ours
        else:
            for tag, told in prints.items():
                if tag in self._theirs or len(self._theirs) < OFFERS_MAX:
                    self._theirs[tag] = told
        self._meet(prints)

    def on_found(self, message: Found) -> None:
        """Public streams that we look for."""
        if not self._room.follows.seeks:
            self.refuse("not-asked", "nothing was sought")
            return
        for name in message.streams:
            self._seek_again |= not self._desk.found(StreamId(name))

    def on_compare(self, message: Compare) -> None:
        """The peer compares all that is shared."""
        if not self._desk.compares.take(self.peer, 1 + len(self.talks), self._room.now):
            return
        if message.digest == self._summary(message.salt):
            self._all_level()
            self.send(Same(salt=message.salt))
        else:
            self._send_offers()

    def on_same(self, message: Same) -> None:
        """All that is shared was equal when we asked."""
        if self._compares.get(message.salt) == self._summary(message.salt):
            self._all_level()
        self._compares.clear()

    def on_peers(self, message: Peers) -> None:
        """Where other nodes are, as the peer says; more often than now and then it is passed over."""
        now = self._room.now
        if self._introduced is None or now - self._introduced >= self._room.limits.peers_ms:
            self._introduced = now
            self._room.emit(Heard(self.id, self.peer, tuple(message.addresses)))

    def on_refused(self, message: Refused) -> None:
        """The peer did not take something of ours."""
        self._room.note("refused-there", message.words, peer=self.peer, code=message.code)
        if message.final:
            self._close(f"refused: {message.code}")

    def on_goodbye(self, message: Goodbye) -> None:
        """The peer ends the link."""
        self._close(f"goodbye: {message.words}")

    # --- how ----------------------------------------------------------------------------------------

    def _offerable(self) -> dict[bytes, StreamId]:
        return {stream_tag(self.key, stream): stream for stream in self._desk.for_peer(self.peer)[:OFFERS_MAX]}

    def _send_offers(self) -> None:
        self._told_all = True
        self._offered = {
            tag: stream_print(self.key, stream, self._desk.digest(stream)) for tag, stream in self._mine.items()
        }
        self.send(Offers(whole=True, streams=b"".join(chain.from_iterable(self._offered.items()))))
        for talk in self.talks.values():
            talk.tell()

    def _meet(self, prints: dict[bytes, bytes]) -> None:
        """Compare what both sides offer."""
        for tag, told in prints.items():
            stream = self._mine.get(tag)
            if stream is not None:
                self._talk(tag, stream).heard(told)

    def _talk(self, tag: bytes, stream: StreamId) -> Talk:
        talk = self.talks.get(tag)
        if talk is None:
            talk = self.talks[tag] = Talk(self._desk, self, stream, tag)
            talk.was_told(self._offered.get(tag))
            self._desk.objects.met(talk)
            self._desk.mends.met(talk)
        return talk

    def _drop(self, tag: bytes) -> None:
        talk = self.talks.pop(tag, None)
        if talk is not None:
            talk.close()
            self.settled(talk)
            self._desk.objects.left(talk)

    def _seek(self) -> None:
        follows = self._room.follows
        principals, people = sorted(follows.principals)[:SEEKS_MAX], sorted(follows.people)[:SEEKS_MAX]
        self._seek_again = False
        self.send(Seek(everything=follows.everything, principals=[*principals], people=[*people]))

    def _tell_found(self, streams: Iterable[StreamId]) -> None:
        seeks = self._seeks
        if seeks is None:
            return
        new = [stream for stream in streams if stream not in self._found and self._desk.matches(stream, seeks)][
            :FOUND_MAX
        ]
        if new:
            self._found.update(new)
            self.send(Found(streams=list(new)))

    def _summary(self, salt: bytes) -> bytes:
        return summary(salt, ((talk.stream, self._desk.digest(talk.stream)) for talk in self.talks.values()))

    def _all_level(self) -> None:
        for talk in self.talks.values():
            if not talk.waiting and talk.phase is not Phase.PARTIAL:
                talk.level()

    def _arm_compare(self) -> None:
        every = self._room.limits.compare_ms
        self._alarm("compare", every + self._room.rng.randrange(1 + every // 4), self._compare)

    def _compare(self, _: int) -> None:
        if len(self._compares) >= _COMPARES_MAX:
            self._compares.clear()
        salt = self._room.salt(NONCE_BYTES)
        digest = self._compares[salt] = self._summary(salt)
        self.send(Compare(salt=salt, digest=digest))
        for talk in self.talks.values():
            self._desk.objects.remind(talk)
        self._tell_found(self._mine.values())
        if self._seek_again:
            self._seek()
        self._arm_compare()

    def _alarm(self, name: str, pause_ms: int, call: Callable[[int], None]) -> None:
        self._room.alarms.put((name, self.id), self._room.now + pause_ms, call)

    def _close(self, reason: str) -> None:
        self._room.emit(Close(self.id, reason))
        self._desk.gone(self.id)
