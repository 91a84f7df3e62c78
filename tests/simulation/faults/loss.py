"""Packets are lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.fault import Fault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.simulation.network import Packet


class Loss(Fault):
    """Each packet with the chance that the seed says."""

    name = "loss"
    bends = True

    def bend(self, packet: Packet) -> Sequence[Packet]:
        if self.chance.random() * 100 >= self.simulation.options.loss_percent:
            return (packet,)
        self.fired += 1
        return ()
