"""Packets overtake one another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.simulation.fault import Fault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.simulation.network import Packet

SHARE = 0.1


class Reorder(Fault):
    """Some packets wait while later ones pass them."""

    name = "reorder"
    bends = True

    def bend(self, packet: Packet) -> Sequence[Packet]:
        if self.chance.random() >= SHARE:
            return (packet,)
        self.fired += 1
        return (replace(packet, delay_ms=packet.delay_ms + self.chance.randint(1, 300), in_order=False),)
