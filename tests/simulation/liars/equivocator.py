"""His key is in many places, whose holders do not know of each other: two sign different events for one seq."""

from __future__ import annotations

from tests.simulation.liar import Liar


class Equivocator(Liar):
    """What counts is the forks of his feeds."""

    name = "equivocator"

    def begin(self) -> None:
        mine = self.node.writers[0]
        self.simulation.ledger.shared_keys.add(mine.device_key)
        self.simulation.ledger.cloned.add(mine.device_key)
        self.simulation.ledger.on_fork[mine.device_key] = self._forked
        self._places = [self.node, *self.simulation.honest]
        self._mine = mine
        # Mostly few enough branches for everybody to take them all; sometimes more.
        self._forks_max = self.chance.choice((2, 2, 3, 10))
        self.sometimes((500, 4_000), self._write)

    def _write(self) -> None:
        """Both at one moment, so that neither has what the other writes; not for ever, or nobody would catch up."""
        if self.simulation.faulty and self.fired < self._forks_max:
            streams = list(self.simulation.streams)
            self.chance.shuffle(streams)
            for genesis in streams:
                able = [place for place in self._places if place.may_write(genesis, self._mine)]
                if len(able) > 1:
                    for place in able[:2]:
                        self.simulation.let_write(place, self._mine, genesis)
                    return

    def _forked(self) -> None:
        self.fired += 1
