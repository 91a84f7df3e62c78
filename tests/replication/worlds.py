"""Two copies of one big stream that differ in so many events, without making all the events that they share."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from domain.chain import Link
from domain.envelope import seal
from domain.ids import EventId
from domain.keys import SigningKey
from domain.ports_replication import Tip
from replication.records import Phase
from tests.making import begin, pack
from tests.replication.pair import Net
from tests.replication.shelf import Shelf

if TYPE_CHECKING:
    from domain.envelope import Event


@dataclass(frozen=True, slots=True)
class Toll:
    """What a meeting cost: half round trips until the last event was there, and bytes that are not events."""

    waves: int
    overhead_bytes: int
    missing: int

    @property
    def per_event(self) -> float:
        """Bytes of overhead for each missing event."""
        return self.overhead_bytes / self.missing


def shared_past(feeds: int, events: int, shelves: tuple[Shelf, ...]) -> tuple[Event, list[tuple[SigningKey, Tip]]]:
    """A stream of about `events` events in `feeds` feeds on all shelves, of which only the feeds' ends are told."""
    genesis = begin()
    each = events // feeds
    ends: list[tuple[SigningKey, Tip]] = []
    for number in range(feeds):
        seed = hashlib.sha256(b"device %d" % number).digest()
        signer = SigningKey(seed)
        ends.append((signer, Tip(signer.device, each, EventId(hashlib.sha256(b"end" + seed).digest()))))
    for shelf in shelves:
        shelf.put(genesis)
        for _, tip in ends:
            shelf.rest(tip, Link(genesis.stream, tip.device, tip.seq, each))
    return genesis, ends


def follow_up(genesis: Event, signer: SigningKey, last: Tip, lamport: int) -> Event:
    """The next event of a feed."""
    fields = {
        "kind": "issue.retitled.v1",
        "stream": genesis.stream,
        "entity": genesis.id,
        "seq": last.seq + 1,
        "prev": last.id,
        "parents": [last.id],
        "lamport": lamport + 1,
        "time": 1_700_000_000_000,
    }
    return seal(fields, pack({"title": f"number {last.seq}", "replaces": [genesis.id]}), signer)


def meeting(feeds: int, events: int, missing: int, seed: int, *, both: bool) -> Toll:
    """Let two copies meet of which one (or `both`, by halves) lacks `missing` events; what it took."""
    one, other = Shelf(), Shelf()
    genesis, ends = shared_past(feeds, events, (one, other))
    rng = Random(seed)
    tips, size = dict(enumerate(ends)), 0
    lamports = dict.fromkeys(tips, events // feeds)
    for count in range(missing):
        # Each feed grows on one side only: whoever writes with one key on two nodes forks it.
        number = rng.randrange(feeds // 2) * 2 + (count % 2 if both else 0)
        signer, last = tips[number]
        event = follow_up(genesis, signer, last, lamports[number])
        (one if number % 2 == 0 else other).put(event)
        tips[number] = (signer, Tip(event.device, event.seq, event.id))
        lamports[number] += 1
        size += len(event.header) + len(event.signature) + len(event.payload or b"")
    net = Net(seed)
    first, second = rng.sample(["a", "b"], 2)
    net.side(first, shelf=one)
    net.side(second, shelf=other)
    net.connect("a", "b")
    while len(one.by_id) < missing + 1 or len(other.by_id) < missing + 1:
        before = net.bytes
        net.wave()
        assert net.bytes > before or len(one.by_id) == len(other.by_id), "nothing is on the way any more"
    waves = net.waves
    net.run()
    return Toll(waves, net.bytes - size, missing)


def equal_streams(streams: int) -> tuple[int, int]:
    """Let two nodes meet that hold the same; the bytes that were sent, and how many waves it took."""
    one, other = Shelf(), Shelf()
    for number in range(streams):
        genesis = begin(nonce=number.to_bytes(16, "big"))
        one.put(genesis)
        other.put(genesis)
    net = Net()
    net.side("a", shelf=one)
    net.side("b", shelf=other)
    net.connect("a", "b")
    net.run()
    states = [state.phase for side in net.sides.values() for state in side.core.states()]
    assert states == [Phase.EQUAL] * (2 * streams)
    return net.bytes, net.waves
