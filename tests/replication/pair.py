"""Cores joined in memory, after h11's `ConnectionPair`: what one sends the other receives, wave by wave.

A *wave* is half a round trip: all that is on the way arrives, and what that causes is the next wave. Nothing takes time
but `later`. `said` is the conversation, and reads like docs/replication-protocol.md.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from domain.moderation.arrivals import let_in
from replication.effects import (
    Checked,
    Close,
    Effect,
    Fetch,
    Heard,
    LinkId,
    Mend,
    Note,
    Outcome,
    Read,
    Send,
    Store,
    WakeAt,
)
from replication.frames import FRAME_OVERHEAD_BYTES, frame
from replication.messages import decoded, encoded, name_of
from replication.node import Replicator
from replication.records import Follows, Identity, Phase
from tests.making import key
from tests.replication.shelf import Porch, Shelf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from domain.envelope import Event
    from domain.ids import Did, StreamId
    from replication.limits import Limits
    from replication.messages import Message


@dataclass
class Side:
    """One node: a core and its log. `storing` decides on each `Store`; events that are kept go to the shelf."""

    name: str
    core: Replicator
    shelf: Shelf = field(default_factory=Shelf)
    notes: list[Note] = field(default_factory=list[Note])
    fetches: list[Fetch] = field(default_factory=list[Fetch])
    storing: Callable[[Store], Outcome] = lambda _: Outcome.STORED
    heard: list[tuple[str, ...]] = field(default_factory=list[tuple[str, ...]])
    strangers: set[Did] = field(default_factory=set["Did"])
    """Whose events it holds, and does not put into its log."""

    def codes(self) -> list[str]:
        """What its notes are about; a refusal by its own code."""
        return [str((note.values or {}).get("code", note.code)) for note in self.notes]

    def phase(self, stream: StreamId) -> set[Phase]:
        """How a stream stands with its peers."""
        return {state.phase for state in self.core.states() if state.stream == stream}


class Net:
    """Some sides and the links between them."""

    def __init__(self, seed: int = 1) -> None:
        self.now = 0
        self.sides: dict[str, Side] = {}
        self.said: list[tuple[str, str]] = []
        self.bytes = 0
        self.counts: Counter[str] = Counter()
        self.waves = 0
        self._rng = Random(seed)
        self._ends: dict[tuple[str, LinkId], tuple[str, LinkId]] = {}
        self._links = 0
        self._way: list[tuple[str, LinkId, bytes]] = []
        self._wakes: dict[str, int] = {}

    def side(
        self,
        name: str,
        events: Iterable[Event] = (),
        *,
        follows: Follows | None = None,
        limits: Limits | None = None,
        shelf: Shelf | None = None,
    ) -> Side:
        """Add a node that holds some events."""
        shelf = shelf or Shelf()
        for event in events:
            shelf.put(event)
        identity = Identity(key(name).did, frozenset({key(name).device}))
        core = Replicator(identity, shelf, Random(self._rng.random()), follows or Follows(), limits)
        self.sides[name] = Side(name, core, shelf)
        return self.sides[name]

    def connect(self, one: str, other: str) -> tuple[LinkId, LinkId]:
        """Join two sides; nothing is delivered yet."""
        self._links += 2
        here, there = LinkId(self._links), LinkId(self._links + 1)
        self._ends[one, here], self._ends[other, there] = (other, there), (one, here)
        for name, peer, link in ((one, other, here), (other, one, there)):
            self.do(name, self.sides[name].core.connected(link, key(peer).did, self.now))
        return here, there

    def cut(self, one: str, link: LinkId) -> None:
        """Tear a link; what was on the way is lost."""
        other, there = self._ends.pop((one, link))
        self._ends.pop((other, there), None)
        for name, end in ((one, link), (other, there)):
            self.do(name, self.sides[name].core.disconnected(end, self.now))

    def run(self) -> None:
        """Deliver until nothing is on the way."""
        while self._way:
            self.wave()

    def wave(self) -> None:
        """Deliver what is on the way now."""
        way, self._way = self._way, []
        self.waves += 1
        for name, link, data in way:
            if (name, link) in self._ends:
                self.do(name, self.sides[name].core.received(link, data, self.now))

    def later(self, ms: int) -> None:
        """Let time pass, waking whoever asked to be woken, and deliver all that comes of it."""
        end = self.now + ms
        while self._wakes and min(self._wakes.values()) <= end:
            name = min(self._wakes, key=lambda each: self._wakes[each])
            self.now = max(self.now, self._wakes.pop(name))
            self.do(name, self.sides[name].core.woke(self.now))
            self.run()
        self.now = end

    def appends(self, name: str, *events: Event) -> None:
        """A side's own writer writes."""
        side = self.sides[name]
        for event in events:
            side.shelf.put(event)
        self.do(name, side.core.appended(events, self.now, side.shelf.vouched))

    def inject(self, name: str, link: LinkId, number: int, *messages: Message) -> None:
        """Have a side receive messages that its peer never sent; `number` is that of the first frame."""
        for place, message in enumerate(messages):
            self.do(name, self.sides[name].core.received(link, frame(number + place, encoded(message)), self.now))

    def do(self, name: str, effects: list[Effect]) -> None:
        """Carry effects out, in order: what one causes comes after those that were decided on with it."""
        side, todo = self.sides[name], deque(effects)
        while todo:
            match effect := todo.popleft():
                case Send(link, data):
                    self._send(name, link, data)
                case Store():
                    todo += self._store(side, effect)
                case Mend():
                    side.shelf.mend(effect.events)
                    todo += side.core.stored(effect.token, Outcome.STORED, self.now)
                case Checked():
                    side.shelf.vouched -= effect.events
                case Read(token, query):
                    todo += side.core.read(token, side.shelf.read(query), self.now)
                case Fetch():
                    side.fetches.append(effect)
                case Heard():
                    side.heard.append(effect.addresses)
                case WakeAt(at_ms):
                    self._wakes[name] = at_ms
                case Close(link):
                    self._ends.pop((name, link), None)
                case Note():
                    side.notes.append(effect)

    def _store(self, side: Side, effect: Store) -> list[Effect]:
        outcome, shelf = side.storing(effect), side.shelf
        if outcome is not Outcome.STORED:
            return side.core.stored(effect.token, outcome, self.now)
        before = len(shelf.by_id)
        arrived = let_in(effect.events, Porch(shelf, side.strangers, effect.events))
        held = frozenset(event.id for event in arrived.outside)
        shelf.vouched.update(effect.vouched & shelf.by_id.keys())
        came = {event.id for event in effect.events}
        along = [event for event in [*shelf.by_id.values()][before:] if event.id not in came]
        effects = side.core.appended(along, self.now, shelf.vouched) if along else []
        return effects + side.core.stored(effect.token, Outcome.FAILED if arrived.early else outcome, self.now, held)

    def _send(self, name: str, link: LinkId, data: bytes) -> None:
        end = self._ends.get((name, link))
        if end is None:
            return
        message = decoded(data[8:-8])
        self.said.append((name, name_of(message)))
        self.counts[name_of(message)] += len(data)
        self.bytes += len(data)
        assert len(data) > FRAME_OVERHEAD_BYTES
        self._way.append((*end, data))
