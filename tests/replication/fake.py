"""A peer that says whatever a test has it say, to a real core."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, TypeVar

from replication.effects import Close, Effect, LinkId, Outcome, Read, Send, Store
from replication.frames import frame
from replication.messages import Hello, Message, Offers, decoded, encoded
from replication.node import Replicator
from replication.prints import link_key, stream_print, stream_tag
from replication.records import Follows, Identity
from tests.making import key
from tests.replication.shelf import Shelf

if TYPE_CHECKING:
    from collections.abc import Iterable

    from domain.envelope import Event
    from domain.ids import StreamId
    from replication.limits import Limits

_Message = TypeVar("_Message", bound=Message)
NONCE = b"n" * 16


class Fake:
    """The far end of a link with a core that holds some events and follows `stream`."""

    def __init__(self, events: Iterable[Event], stream: StreamId, limits: Limits | None = None) -> None:
        self.shelf = Shelf()
        for event in events:
            self.shelf.put(event)
        identity = Identity(key("b").did, frozenset({key("b").device}))
        self.core = Replicator(identity, self.shelf, Random(1), Follows(streams=frozenset({stream})), limits)
        self.stream = stream
        self.link = LinkId(1)
        self.heard: list[Message] = []
        self.closed = ""
        self.slow = False
        """Whether its disk takes for ever."""
        self.key = self.tag = b""
        self.now = 1_000
        self._sent = 0
        self._do(self.core.connected(self.link, key("mallory").did, 0))

    def hello(self) -> None:
        """Open the link and share the stream, of which this peer has something else."""
        self.say(Hello(versions=[1], features=["objects"], nonce=NONCE, digest=bytes(32)))
        self.key = link_key(self.last(Hello).nonce, NONCE)
        self.tag = stream_tag(self.key, self.stream)
        self.say(Offers(whole=True, streams=self.tag + stream_print(self.key, self.stream, bytes(32))))

    def say(self, *messages: Message) -> None:
        """Messages in good frames."""
        for message in messages:
            self.body(encoded(message))

    def body(self, body: bytes) -> None:
        """Any body in a good frame."""
        data = frame(self._sent, body)
        self._sent += 1
        self.raw(data)

    def raw(self, data: bytes) -> None:
        """Any bytes."""
        self._do(self.core.received(self.link, data, self.now))

    def later(self, ms: int) -> None:
        """Let time pass, of which the core hears at the end."""
        self.now += ms
        self._do(self.core.woke(self.now))

    def last(self, kind: type[_Message]) -> _Message:
        """The last message of a type that the core sent."""
        return next(message for message in reversed(self.heard) if isinstance(message, kind))

    def _do(self, effects: list[Effect]) -> None:
        todo = list(effects)
        while todo:
            match effect := todo.pop(0):
                case Send(_, data):
                    self.heard.append(decoded(data[8:-8]))
                case Store() if not self.slow:
                    for event in effect.events:
                        self.shelf.put(event)
                    self.shelf.vouched.update(effect.vouched)
                    todo += self.core.stored(effect.token, Outcome.STORED, self.now)
                case Read(token, query):
                    todo += self.core.read(token, self.shelf.read(query), self.now)
                case Close(_, reason):
                    self.closed = reason
                case _:
                    pass
