"""What every fault is: something that goes wrong now and then, on purpose, and counts how often it did."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    from tests.simulation.network import Packet
    from tests.simulation.run import Simulation


class Fault:
    """Subclasses say `begin` for what they do by themselves, or `bend` for what they do to packets; or both."""

    name: ClassVar[str]
    bends: ClassVar[bool] = False

    def __init__(self, simulation: Simulation, chance: random.Random) -> None:
        self.simulation = simulation
        self.chance = chance
        self.fired = 0

    def begin(self) -> None:
        """The network starts: plan what is to go wrong."""

    def bend(self, packet: Packet) -> Sequence[Packet]:
        """What becomes of a packet; not asked either once it has fired and only some others have not."""
        return (packet,)

    def sometimes(self, every_ms: tuple[int, int], action: Callable[[], None]) -> None:
        """Do `action` again and again, as long as things go wrong at all.

        When all but a few things have gone wrong, those few get their chance.
        """

        def again() -> None:
            if self.simulation.faulty:
                if not (self.fired and self.simulation.patient):
                    action()
                self.sometimes(every_ms, action)

        self.simulation.clock.after(self.chance.randint(*every_ms), again)
