"""People change their minds: they hide a repository for a while, or block somebody, and take that back.

And they forget what they hold of strangers, one event or another.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.simulation.fault import Fault

if TYPE_CHECKING:
    from replication.records import Follows
    from tests.simulation.node import SimulatedNode

FORGETFUL = 0.5


class Moods(Fault):
    """One node at a time; what it wished at first it wishes again some seconds later."""

    name = "moods"

    def begin(self) -> None:
        self.sometimes((2_000, 10_000), self._change)

    def _change(self) -> None:
        holding = [node for node in self.simulation.honest if node.held]
        if holding and self.chance.random() < FORGETFUL:
            node = self.chance.choice(holding)
            del node.held[self.chance.choice(sorted(node.held))]
        able = [node for node in self.simulation.honest if node.up and node.follows == node.wishes]
        if able:
            self.fired += 1
            node = self.chance.choice(able)
            node.follow(self._mood(node.wishes))
            self.simulation.clock.after(self.chance.randint(1_000, 20_000), lambda: _settle(node))

    def _mood(self, wishes: Follows) -> Follows:
        if self.chance.random() < 0.5:
            return replace(wishes, hidden=frozenset({self.chance.choice(self.simulation.streams).stream}))
        return replace(wishes, blocked=frozenset({self.chance.choice(self.simulation.people).did}))


def _settle(node: SimulatedNode) -> None:
    if node.follows != node.wishes:
        node.follow(node.wishes)
