"""Wires become slow for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.fault import Fault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.simulation.network import Packet, Wire


class Delay(Fault):
    """Everything on one wire takes seconds, in order."""

    name = "delay"
    bends = True
    slow: Wire | None = None

    def begin(self) -> None:
        self.sometimes((1_000, 6_000), self._other)

    def bend(self, packet: Packet) -> Sequence[Packet]:
        if self.slow is not None and not self.fired:
            self.slow = packet.wire  # many a wire is never used
        if packet.wire is self.slow:
            self.fired += 1
            packet.delay_ms += self.chance.randint(500, 4_000)
        return (packet,)

    def _other(self) -> None:
        self.slow = self.chance.choice(self.simulation.network.wires)
