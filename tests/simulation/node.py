"""A node of the simulation: the real core and the real fold, with a simulated disk, clock and wires around them."""

from __future__ import annotations

import random
from functools import partial
from typing import TYPE_CHECKING

from domain import keys
from domain.ids import EventId
from domain.moderation.arrivals import let_in
from replication.effects import Checked, Close, Fetch, LinkId, Mend, Note, Outcome, Read, Send, Store, Token, WakeAt
from replication.node import Replicator
from replication.records import Follows, Identity
from tests.making import key
from tests.simulation.disk import Disk
from tests.simulation.index import ReplicaIndex, objects_of
from tests.simulation.replica import Replica
from tests.simulation.strangers import StrangersDoor
from tests.simulation.verifying import verify_once

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from domain.envelope import Event
    from domain.ports_replication import GitObject
    from replication.effects import Effect
    from tests.simulation.liar import Liar
    from tests.simulation.network import Station
    from tests.simulation.people import Writer
    from tests.simulation.run import Simulation

READ_MS = (0, 5)
FETCH_MS = (5, 400)


class SimulatedNode:
    """One node, honest unless it has a `liar`."""

    def __init__(self, simulation: Simulation, number: int) -> None:
        self.simulation = simulation
        self.name = f"n{number}"
        self.did = key(f"sim/{self.name}").did
        self.up = False
        self.pace = 1.0
        self.claims_off_ms = 0
        self.liar: Liar | None = None
        self.writers: list[Writer] = []
        self.disk = Disk(simulation.clock, simulation.options.flush_ms, simulation.new_log)
        self.replica = Replica(self.name)
        self.present: set[GitObject] = set()
        self.vouched: set[EventId] = set()
        self.held: dict[EventId, Event] = {}
        """Strangers' events that wait outside the log; they are durable, too."""
        self._early: set[Token] = set()
        """Stores of which something has to come again."""
        self.holds_strangers = number in simulation.options.holding
        self.links: dict[int, Station] = {}
        self.follows = self.wishes = Follows(everything=True)
        self.limits = simulation.options.limits
        self.lives = 0
        self._chance = random.Random(f"node/{number}/{simulation.options.seed}")
        self.index = ReplicaIndex(self.replica, self.present, self.vouched, self.held)
        self._core: Replicator | None = None
        self._wake_at = -1

    @property
    def core(self) -> Replicator:
        """The core of a node that is up."""
        assert self._core is not None, f"{self.name} is down"
        return self._core

    @property
    def now(self) -> int:
        """Milliseconds on this node's own clock."""
        return int(self.simulation.clock.now_ms * self.pace)

    # --- life ------------------------------------------------------------------------------------

    def start(self) -> None:
        """Come up, with what the disk holds and nothing else."""
        if self.up:
            return
        self.up = True
        self.lives += 1
        devices = frozenset(writer.device_key for writer in self.writers)
        self.index = ReplicaIndex(self.replica, self.present, self.vouched, self.held)
        rng = random.Random(f"core/{self.name}/{self.lives}/{self.simulation.options.seed}")
        verify = verify_once if self.simulation.options.memoised else keys.verify
        self._core = Replicator(Identity(self.did, devices), self.index, rng, self.follows, self.limits, verify)
        self._wake_at = -1
        self._do(self._core.woke(self.now))

    def crash(self) -> None:
        """Go down: what was not flushed is lost, and all that only the core knew."""
        self.simulation.tell(f"{self.name} crashes, {self.disk.writing} writes are lost")
        self.up = False
        self._core = None
        self.disk.crash()
        self.links.clear()
        self.simulation.network.fail(self)

    def set_back(self, events: int) -> None:
        """While down, get the log of a backup. Its devices may sign again what they signed before."""
        lost = self.disk.set_back(events)
        self.simulation.tell(f"{self.name} is set back by {len(lost)} events")
        for writer in self.writers:
            self.simulation.ledger.share(writer.device_key)
        self._fold_again()
        self.vouched &= self.replica.history.events.keys()

    def heal(self) -> None:
        """Whatever was wrong with it is mended."""
        self.disk.full = None
        self.pace = 1.0 if not self.up else self.pace
        if self.follows != self.wishes:
            self.follow(self.wishes)
        self.start()

    # --- writing ---------------------------------------------------------------------------------

    def may_write(self, genesis: Event, who: Writer) -> bool:
        """Whether a device of this node can write in a stream now: it is up, idle, and has all of its feed."""
        feed = (genesis.stream, who.device_key)
        last = self.replica.feeds.get(feed)
        behind = self.simulation.ledger.furthest.get(feed, 0) > (last.seq if last else 0)
        here = genesis.id in self.replica.history.events
        own = who.device_key not in self.simulation.ledger.cloned
        return self.up and here and not self.disk.writing and not (behind and own)

    def write(self, event: Event) -> None:
        """A local event; nobody hears of it before it is durable."""
        self.disk.write([event], partial(self._written, event))

    def _written(self, event: Event, outcome: Outcome, _: Sequence[Event]) -> None:
        if outcome is not Outcome.STORED:
            return
        self._keep(event)
        self.present.update(objects_of(event))
        self._do(self.core.appended([event], self.now))

    def _keep(self, event: Event) -> None:
        self.simulation.ledger.keep(event)
        self.replica.take(event)

    # --- the wires -------------------------------------------------------------------------------

    def connected(self, link: int, peer: Station, *, dialled: bool) -> None:
        self.links[link] = peer
        self._do(self.core.connected(LinkId(link), peer.did, self.now))

    def received(self, link: int, data: bytes) -> None:
        if self.up:
            self._do(self.core.received(LinkId(link), data, self.now))

    def disconnected(self, link: int) -> None:
        if self.up and self.links.pop(link, None) is not None:
            self._do(self.core.disconnected(LinkId(link), self.now))

    # --- effects ---------------------------------------------------------------------------------

    def _do(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            match effect:
                case Send():
                    self._send(effect)
                case Store():
                    self._store(effect)
                case Mend():
                    self.disk.mend(effect.events, partial(self._mended, effect))
                case Checked():
                    self.vouched -= effect.events
                case Read():
                    self._later(READ_MS, partial(self._read, effect))
                case Fetch():
                    self._later(FETCH_MS, partial(self._fetched, effect))
                case WakeAt():
                    self._wake(effect.at_ms)
                case Close():
                    self.simulation.tell(f"{self.name} closes {self._peer(effect.link)}: {effect.reason}")
                    peer = self.links.pop(effect.link, None)
                    if peer is not None:
                        self.simulation.watch.closes(self, peer, effect.reason)
                    self.simulation.network.close(effect.link)
                case Note():
                    self.simulation.tell(f"{self.name} notes {effect.code}: {effect.words}")
                    self.simulation.watch.noted(self, effect)

    def _send(self, effect: Send) -> None:
        if self.liar is None:
            self.simulation.watch.sent(self, effect)
            self.simulation.network.send(effect.link, effect.data)
        else:
            for data in self.liar.say(effect.link, effect.data):
                self.simulation.network.send(effect.link, data)

    def _later(self, between_ms: tuple[int, int], action: Callable[[], None]) -> None:
        """Do something in a while, unless the node has crashed by then."""
        life = self.lives

        def due() -> None:
            if self.up and self.lives == life:
                action()

        self.simulation.clock.after(self._chance.randint(*between_ms), due)

    def _store(self, effect: Store) -> None:
        names = " ".join(event.id.hex()[:8] for event in effect.events)
        self.simulation.tell(f"{self.name} is to store {names}")
        self.simulation.watch.stores(self, effect)
        self.disk.write(effect.events, partial(self._stored, effect), partial(self._kept, effect))

    def _kept(self, effect: Store) -> list[Event]:
        """What of a store goes into the log, folded already: nothing can keep it from being durable any more."""
        before = len(self.replica.arrived)
        if self.holds_strangers:
            if let_in(effect.events, self.door).early:
                self._early.add(effect.token)
        else:
            for event in effect.events:
                self.take(event)
        return self.replica.arrived[before:]

    def _stored(self, effect: Store, outcome: Outcome, kept: Sequence[Event]) -> None:
        out = frozenset[EventId]()
        early = effect.token in self._early
        self._early.discard(effect.token)
        if outcome is Outcome.STORED:
            for event in kept:
                self.simulation.ledger.keep(event)
            self.vouched |= effect.vouched.intersection(event.id for event in kept)
            out = frozenset(event.id for event in effect.events) - self.replica.history.events.keys()
        self.simulation.tell(f"{self.name} has {outcome} {len(kept)}{f', and holds {len(out)}' if out else ''}")
        if along := [event for event in kept if early or event not in effect.events]:
            self._do(self.core.appended(along, self.now, self.vouched))
        if early:
            outcome = Outcome.FAILED  # what is before some of it has gone: it has to come again
        self._do(self.core.stored(effect.token, outcome, self.now, out))

    def take(self, event: Event) -> None:
        """Fold an event; what is folded is not held."""
        self.held.pop(event.id, None)
        self.replica.take(event)

    @property
    def door(self) -> StrangersDoor:
        """Who is a stranger here now."""
        return StrangersDoor(self)

    def follow(self, follows: Follows) -> None:
        """Replicate other things, for now."""
        self.follows = follows
        self.simulation.tell(f"{self.name} hides {len(follows.hidden)} and blocks {len(follows.blocked)}")
        if self.up:
            self._do(self.core.follow(follows, self.now))

    def _mended(self, effect: Mend, outcome: Outcome, _: Sequence[Event]) -> None:
        if outcome is Outcome.STORED:
            for event in effect.events:
                self.simulation.watch.mends(self, event)
            self._fold_again()
            self.vouched -= {event.id for event in effect.events}
        self.simulation.tell(f"{self.name} has {outcome} and mended {len(effect.events)}")
        self._do(self.core.stored(effect.token, outcome, self.now))

    def _fold_again(self) -> None:
        self.replica = self.index.replica = Replica(self.name)
        self.index.forget()
        for event in self.disk.rows:
            self.replica.take(event)

    def _read(self, effect: Read) -> None:
        rows = self.index.read(effect.query)
        self._do(self.core.read(effect.token, rows, self.now))

    def _fetched(self, effect: Fetch) -> None:
        peer = self.links.get(effect.link)
        there = isinstance(peer, SimulatedNode) and peer.up and peer.present.issuperset(effect.objects)
        if there:
            self.present.update(effect.objects)
        self._do(self.core.fetched(effect.token, there, self.now))

    def _wake(self, at_ms: int) -> None:
        self._wake_at = at_ms
        life = self.lives

        def due() -> None:
            if self.up and self.lives == life and self._wake_at == at_ms:
                self._do(self.core.woke(self.now))

        wait_ms = max(1, round((at_ms - self.now) / self.pace))
        self.simulation.clock.after(wait_ms, due)

    def _peer(self, link: int) -> str:
        peer = self.links.get(link)
        return peer.name if peer is not None else f"link {link}"
