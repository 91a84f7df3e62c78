"""Clocks are wrong: events claim any time, and a node's own clock runs fast or slow."""

from __future__ import annotations

from tests.simulation.fault import Fault

DAY_MS = 24 * 3600 * 1000


class ClockSkew(Fault):
    """Each node's calendar is off by days; what a node calls a second takes it between half of one and two."""

    name = "clock-skew"

    def begin(self) -> None:
        for node in self.simulation.nodes:
            node.claims_off_ms = self.chance.randint(-400 * DAY_MS, 400 * DAY_MS)
            node.pace = self.chance.choice((0.5, 0.9, 1.0, 1.1, 2.0))
            self.fired += 1
