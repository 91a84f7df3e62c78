"""Nodes are set back to a backup: events they had, their own among them, are gone there and elsewhere they are not."""

from __future__ import annotations

from tests.simulation.fault import Fault


class Restores(Fault):
    """A crash, and then an older log. The node's own devices write again once it has caught up."""

    name = "restores"

    def begin(self) -> None:
        self.sometimes((5_000, 20_000), self._restore)

    def _restore(self) -> None:
        able = [node for node in self.simulation.nodes if node.up and len(node.disk.rows) > 20]
        if able:
            self.fired += 1
            node = self.chance.choice(able)
            node.crash()
            node.set_back(self.chance.randint(len(node.disk.rows) // 4, len(node.disk.rows) - 1))
            self.simulation.clock.after(self.chance.randint(100, 6_000), node.start)
