"""One run: a network from its seed, a phase in which things go wrong, a phase in which it heals, and what must hold."""

from __future__ import annotations

import random
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from storage.log.eventlog import SQLiteEventLog
from storage.log.memory import MemoryEventLog
from tests.making import begin
from tests.simulation.clock import Clock
from tests.simulation.errors import Broken
from tests.simulation.faults import FAULTS
from tests.simulation.invariants import Watch
from tests.simulation.ledger import Ledger
from tests.simulation.liars import LIARS
from tests.simulation.network import Network
from tests.simulation.node import SimulatedNode
from tests.simulation.options import HEALING_MS, PATIENCE_MS, SAFETY_MS, Options, draw
from tests.simulation.people import Writer
from tests.simulation.topology import edges
from tests.simulation.workload import Act, Desk, next_event, put

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.envelope import Event
    from domain.ports_log import EventLog
    from tests.simulation.fault import Fault
    from tests.simulation.liar import Liar

CHECKED_EVERY_MS = 10_000
WRITES_TRIED_MAX = 20


@dataclass(frozen=True, slots=True)
class Ask:
    """What a command line asks for beyond a seed."""

    nodes: int = 0
    loss_percent: int = 0

    @property
    def words(self) -> str:
        """The same as flags."""
        return (f" --nodes {self.nodes}" if self.nodes else "") + (
            f" --loss {self.loss_percent}" if self.loss_percent else ""
        )


@dataclass(frozen=True, slots=True)
class Report:
    """What happened in one run that found nothing wrong. `trace` is the same for the same seed, everywhere."""

    seed: int
    nodes: int
    events: int
    fired: dict[str, int]
    healed_ms: int
    packets: int
    bytes_sent: int
    trace: str

    @property
    def words(self) -> str:
        """One line for people."""
        fired = ", ".join(f"{name} {count}" for name, count in sorted(self.fired.items()))
        return (
            f"{self.events} events, {self.packets} packets, {self.bytes_sent} bytes; fired: {fired or 'nothing'}; "
            f"healed after {self.healed_ms} ms; trace {self.trace}"
        )


def run(seed: int, ask: Ask, say: Callable[[str], None], trace: Callable[[str], None]) -> Report:
    """One whole run; raises what it finds."""
    options = draw(seed, nodes=ask.nodes, loss_percent=ask.loss_percent)
    say(options.banner)
    with Simulation(options, trace) as simulation:
        simulation.safety()
        simulation.heal()
        report = simulation.report()
    say(report.words)
    return report


class Simulation:
    """A network of nodes in one simulated world."""

    def __init__(self, options: Options, trace: Callable[[str], None]) -> None:
        self.options = options
        self.clock = Clock()
        self.faulty = True
        self.patient = False
        self.healing_since_ms: int | None = None
        self.ledger = Ledger()
        self.healed_ms = 0
        self._trace = trace
        self._folder = tempfile.TemporaryDirectory(prefix="gitant-simulation-") if options.on_disk else None
        self._logs = 0
        self._chance = random.Random(f"workload/{options.seed}")
        self.network = Network(self.clock, random.Random(f"network/{options.seed}"))
        self.nodes = [SimulatedNode(self, number) for number in range(options.nodes)]
        self.honest = self.nodes[: options.nodes - len(options.liars)]
        self.people = [Writer(f"sim/{node.name}", f"sim/{node.name}") for node in self.nodes]
        self.streams: list[Event] = []
        self.watch = Watch(self)
        self.liars = self._liars()
        self.faults = self._faults()
        self._populate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for node in self.nodes:
            node.disk.log.close()
        if self._folder is not None:
            self._folder.cleanup()

    def new_log(self) -> EventLog:
        """An empty log; in some runs a file."""
        if self._folder is None:
            return MemoryEventLog()
        self._logs += 1
        return SQLiteEventLog(Path(self._folder.name) / f"{self._logs}.sqlite")

    def tell(self, line: str) -> None:
        """One line of the trace."""
        self._trace(f"{self.clock.now_ms:>7} {line}")

    # --- the phases ------------------------------------------------------------------------------

    def safety(self) -> None:
        """Things go wrong while people work; what must always hold is checked all along."""
        for node in self.nodes:
            node.start()
        chance = random.Random(f"topology/{self.options.seed}")
        for one, other in edges(self.options.shape, len(self.honest), len(self.nodes), chance):
            self.network.join(self.nodes[one], self.nodes[other])
        for fault in self.faults:
            fault.begin()
        for liar in self.liars:
            liar.begin()
        self._work()
        for until_ms in range(CHECKED_EVERY_MS, SAFETY_MS + 1, CHECKED_EVERY_MS):
            self.clock.run(until_ms)
            self.watch.look()
        # What was asked for gets more time where it had no occasion: in a small network, wires may be down for long.
        # What has gone wrong already rests meanwhile: on a wire that loses packets hardly a link lives for long enough.
        self.patient = True
        self.network.bends = [fault.bend for fault in self.faults if fault.bends and not fault.fired]
        while self._idle() and self.clock.now_ms < PATIENCE_MS:
            self.clock.run(self.clock.now_ms + CHECKED_EVERY_MS)
            self.watch.look()

    def heal(self) -> None:
        """Nothing goes wrong any more, but for liars; all honest nodes come to hold the same, in bounded time."""
        self.faulty = False
        self.healing_since_ms = self.clock.now_ms
        self.network.bends.clear()
        for wire in self.network.wires:
            wire.cut = False
        for node in self.nodes:
            node.heal()
        began_ms = self.clock.now_ms
        while not self.watch.healed():
            if self.clock.now_ms - began_ms >= HEALING_MS:
                raise Broken("convergence", self.watch.differences())
            self.clock.run(self.clock.now_ms + 1_000)
        self.healed_ms = self.clock.now_ms - began_ms
        self.watch.look()
        self.watch.at_the_end()
        if idle := self._idle():
            raise Broken("asked-for", f"these never fired: {', '.join(idle)}")

    def report(self) -> Report:
        """What happened."""
        return Report(
            seed=self.options.seed,
            nodes=len(self.nodes),
            events=len(self.ledger.events),
            fired=self._fired(),
            healed_ms=self.healed_ms,
            packets=self.network.packets_sent,
            bytes_sent=self.network.bytes_sent,
            trace=self.watch.trace,
        )

    # --- making it -------------------------------------------------------------------------------

    def _liars(self) -> list[Liar]:
        liars: list[Liar] = []
        for name, node in zip(self.options.liars, self.nodes[len(self.honest) :], strict=True):
            liar = LIARS[name](self, node, random.Random(f"liar/{name}/{self.options.seed}"))
            node.liar = liar
            liars.append(liar)
        return liars

    def _faults(self) -> list[Fault]:
        faults = [
            FAULTS[name](self, random.Random(f"fault/{name}/{self.options.seed}")) for name in self.options.faults
        ]
        self.network.bends += [fault.bend for fault in faults if fault.bends]
        return faults

    def _idle(self) -> list[str]:
        """What was asked for and has not happened yet."""
        return sorted(name for name, count in self._fired().items() if not count)

    def _fired(self) -> dict[str, int]:
        return {fault.name: fault.fired for fault in self.faults} | {liar.name: liar.fired for liar in self.liars}

    def _populate(self) -> None:
        """Every node has somebody; some have a second device elsewhere, and there is a stranger or two."""
        chance = self._chance
        for number, node in enumerate(self.nodes):
            node.writers.append(self.people[number])
            if chance.random() < 0.3:
                laptop = Writer(f"sim/{node.name}", f"sim/{node.name}/laptop")
                chance.choice(self.nodes).writers.append(laptop)
        for number in range(chance.randint(1, 2)):
            name = f"sim/stranger {number}"
            chance.choice(self.honest).writers.append(Writer(name, name, stranger=True))
        for number in range(self.options.streams):
            self._found(self.nodes[number % len(self.honest)], number)

    def _found(self, node: SimulatedNode, number: int) -> None:
        """A repository begins on a node, whose owner gives the others roles."""
        private = self.options.private and number == self.options.streams - 1
        root = node.writers[0]
        genesis = begin(
            root.device,
            payload={"name": f"project-{number}", **({"private": True} if private else {})},
            nonce=self.options.seed.to_bytes(8, "big") + number.to_bytes(8, "big"),
        )
        self.streams.append(genesis)
        self.ledger.sign(genesis)
        if private:
            self.ledger.private.add(genesis.stream)
            for other in self.nodes:
                # Some are told of it who may not have it: to know its name must not be enough.
                if self._chance.random() < 0.8:
                    other.wishes = replace(other.wishes, streams=other.wishes.streams | {genesis.stream})
                    other.follows = other.wishes
        events, prev = [genesis], genesis
        node.replica.take(genesis)
        for who in self.people:
            if who is root or self._chance.random() < (0.5 if private else 0.2):
                continue
            role = self._chance.choice(("viewer", "developer", "developer", "maintainer", "admin", "owner"))
            desk = Desk(node.replica, genesis, self._chance, self.people)
            prev = put(desk, root, "member.granted.v1", Act({"principal": who.did, "role": role}), 0, prev)
            self.ledger.sign(prev)
            node.replica.take(prev)
            events.append(prev)
        node.disk.install(events)
        for event in events:
            self.ledger.keep(event)

    def _work(self) -> None:
        """Somebody writes something every now and then until enough is written."""
        every_ms = SAFETY_MS * 8 // 10 // self.options.events

        def tick() -> None:
            for _ in range(WRITES_TRIED_MAX):
                if self._somebody_writes():
                    break
            if len(self.ledger.events) < self.options.events:
                self.clock.after(self._chance.randint(0, 2 * every_ms), tick)

        tick()

    def _somebody_writes(self) -> bool:
        node = self._chance.choice(self.nodes)
        return self.let_write(node, self._chance.choice(node.writers), self._chance.choice(self.streams))

    def let_write(self, node: SimulatedNode, who: Writer, genesis: Event) -> bool:
        """One more event of somebody, if his node can; whether it could."""
        if not node.may_write(genesis, who):
            return False
        prev = node.replica.feeds.get((genesis.stream, who.device_key))
        desk = Desk(node.replica, genesis, self._chance, self.people)
        event = next_event(desk, who, node.claims_off_ms, prev)
        if event is None:
            return False
        self.ledger.sign(event, stranger=who.stranger)
        self.tell(f"{node.name} writes {event.kind} {event.id.hex()[:8]} as {who.device} {event.seq}")
        node.write(event)
        return True
