"""Nodes lose power: what they had not flushed never happened, and what they knew besides the log is gone."""

from __future__ import annotations

from tests.simulation.fault import Fault


class Crashes(Fault):
    """One node at a time, while it writes if one does; it is back after some seconds."""

    name = "crashes"

    def begin(self) -> None:
        self.sometimes((2_000, 10_000), self._crash)

    def _crash(self) -> None:
        up = [node for node in self.simulation.nodes if node.up]
        writing = [node for node in up if node.disk.writing]
        if up:
            self.fired += 1
            node = self.chance.choice(writing or up)
            node.crash()
            self.simulation.clock.after(self.chance.randint(100, 6_000), node.start)
