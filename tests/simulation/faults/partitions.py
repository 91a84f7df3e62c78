"""The network falls into parts that do not hear of each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.fault import Fault

if TYPE_CHECKING:
    from tests.simulation.network import Wire

NOTICED_MS = 3_000
"""How long after the last bytes a carrier gives a connection up."""


class Partitions(Fault):
    """Some nodes on one side, the others on the other; nothing passes between, for a while."""

    name = "partitions"

    def begin(self) -> None:
        self.sometimes((3_000, 15_000), self._part)

    def _part(self) -> None:
        nodes = self.simulation.nodes
        side = set(self.chance.sample(range(len(nodes)), self.chance.randint(1, max(1, len(nodes) // 2))))
        names = {node.name for number, node in enumerate(nodes) if number in side}
        crossing = [wire for wire in self.simulation.network.wires if len({e.name in names for e in wire.ends}) == 2]
        lasts_ms = self.chance.randint(500, 12_000)
        for wire in crossing:
            if not wire.cut:
                wire.cut = True
                self.fired += 1
                self.simulation.clock.after(lasts_ms, lambda wire=wire: _mend(wire))  # type: ignore[misc]
                if lasts_ms > NOTICED_MS:
                    self.simulation.clock.after(NOTICED_MS, lambda wire=wire: self._notice(wire))  # type: ignore[misc]

    def _notice(self, wire: Wire) -> None:
        if wire.cut:
            self.simulation.network.hang_up(wire)


def _mend(wire: Wire) -> None:
    wire.cut = False
