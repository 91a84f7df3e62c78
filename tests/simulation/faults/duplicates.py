"""Packets come twice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.simulation.fault import Fault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.simulation.network import Packet

SHARE = 0.05


class Duplicates(Fault):
    """The second time some while later."""

    name = "duplicates"
    bends = True

    def bend(self, packet: Packet) -> Sequence[Packet]:
        if self.chance.random() >= SHARE:
            return (packet,)
        self.fired += 1
        return (packet, replace(packet, delay_ms=packet.delay_ms + self.chance.randint(0, 500), in_order=False))
