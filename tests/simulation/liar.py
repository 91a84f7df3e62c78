"""What every liar is: a node with the real core, whose words are bent on their way out, and who counts his lies.

Frames are numbered anew where a lie changes how many there are, so that it is the lie that is caught and not the gap.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from replication.frames import FRAME_OVERHEAD_BYTES, frame
from replication.messages import decoded, encoded

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    from replication.messages import Message
    from tests.simulation.network import Wire
    from tests.simulation.node import SimulatedNode
    from tests.simulation.run import Simulation

HEAD_BYTES: Final = 8


class Liar:
    """Subclasses say `begin` for what they do by themselves, `speak` for what they make of the core's messages."""

    name: ClassVar[str]

    def __init__(self, simulation: Simulation, node: SimulatedNode, chance: random.Random) -> None:
        self.simulation = simulation
        self.node = node
        self.chance = chance
        self.fired = 0
        self._sent: dict[int, int] = {}

    def begin(self) -> None:
        """The network starts."""

    def speak(self, link: int, message: Message) -> Sequence[Message]:
        """What is said in place of a message of the core."""
        return (message,)

    def say(self, link: int, data: bytes) -> Sequence[bytes]:
        """What is sent in place of a frame of the core."""
        body = data[HEAD_BYTES : HEAD_BYTES - FRAME_OVERHEAD_BYTES]
        message = decoded(body)
        spoken = self.speak(link, message)
        return [self.framed(link, body if said is message else encoded(said)) for said in spoken]

    def framed(self, link: int, body: bytes) -> bytes:
        """The next frame on a link."""
        number = self._sent.get(link, 0)
        self._sent[link] = number + 1
        return frame(number, body)

    def tell(self, link: int, message: Message) -> None:
        """Say something that the core knows nothing of."""
        self.simulation.network.send(link, self.framed(link, encoded(message)))

    def vanish(self) -> None:
        """Be away for a while, and write meanwhile: his peers then ask for a run of his events."""
        simulation = self.simulation
        here = [genesis for genesis in simulation.streams if genesis.id in self.node.replica.history.events]
        if not simulation.faulty or not here:
            return
        if simulation.patient:
            # Nobody has what he lost, or holds it only: he writes on from his backup, and may fork.
            simulation.ledger.share(self.node.writers[0].device_key)
            simulation.ledger.cloned.add(self.node.writers[0].device_key)
        genesis = self.chance.choice(here)
        wires = [wire for wire in simulation.network.wires if self.node in wire.ends and not wire.cut]
        for wire in wires:
            wire.cut = True
            simulation.network.hang_up(wire)
        for number in range(3):
            write = partial(simulation.let_write, self.node, self.node.writers[0], genesis)
            simulation.clock.after(300 * number, write)
        simulation.clock.after(self.chance.randint(1_000, 3_000), lambda: _mend(wires))

    def sometimes(self, every_ms: tuple[int, int], action: Callable[[], None]) -> None:
        """Do `action` again and again; liars do not stop when all else heals."""

        def again() -> None:
            if self.node.up:
                action()
            self.sometimes(every_ms, action)

        self.simulation.clock.after(self.chance.randint(*every_ms), again)


def _mend(wires: Sequence[Wire]) -> None:
    for wire in wires:
        wire.cut = False
