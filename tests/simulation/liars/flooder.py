"""He floods: events whose past nobody has, events of ever new keys, and questions without end."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from domain.envelope import seal
from replication.compare import pieces
from replication.limits import STREAM_TAG_BYTES
from replication.messages import OFFER_BYTES, Ask, Events, Offers
from tests.making import key, pack
from tests.simulation.liar import Liar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.envelope import Event
    from replication.messages import Message

EVENTS = 40
STRANGERS = 12


class Flooder(Liar):
    """In bursts, on all his links, about every stream that he has offered."""

    name = "flooder"

    def begin(self) -> None:
        self._tags: dict[int, list[bytes]] = {}
        self._made: list[Event] = []
        self.sometimes((500, 4_000), self._flood)
        self.sometimes((3_000, 12_000), self.vanish)

    def speak(self, link: int, message: Message) -> Sequence[Message]:
        if isinstance(message, Offers):
            tags = self._tags.setdefault(link, [])
            offered = pieces(message.streams, OFFER_BYTES)
            tags += [tag for offer in offered if (tag := offer[:STREAM_TAG_BYTES]) not in tags]
        return (message,)

    def _flood(self) -> None:
        rows = [(event.header, event.signature, event.payload) for event in self._junk()]
        for link in sorted(self.node.links):
            for tag in self._tags.get(link, ()):
                self.fired += 1
                asked = [self.chance.randbytes(32) for _ in range(200)]
                self.tell(link, Events(stream=tag, number=0, rows=rows, end=True))
                self.tell(link, Ask(stream=tag, number=self.chance.randrange(2**32), ids=asked))

    def _junk(self) -> list[Event]:
        """Well-formed events that follow what is nowhere; signed once a run, for signing is slow."""
        genesis = self.simulation.streams[0]
        while len(self._made) < EVENTS:
            number = len(self._made)
            signer = key(f"sim/flood {number % STRANGERS}")
            fields = {
                "kind": "comment.added.v1",
                "stream": genesis.stream,
                "entity": genesis.id,
                "seq": 2 + number // STRANGERS,
                "prev": hashlib.sha256(b"prev %d" % number).digest(),
                "parents": [hashlib.sha256(b"parent %d" % number).digest()],
                "lamport": 100 + number,
                "time": 0,
            }
            self._made.append(seal(fields, pack({"body": "More!"}), signer))
        return self.chance.sample(self._made, EVENTS // 2)
