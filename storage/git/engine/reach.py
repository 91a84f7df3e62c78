"""What a set of tips leads to, found out when first asked for and remembered with the tables."""

from __future__ import annotations

import threading
from collections import OrderedDict
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple, final

import numpy as np

from storage.git.engine.selecting import everything

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storage.git.engine.linked import LinkedTables
    from storage.git.engine.tables import Mask, Numbers

REMEMBERED_MAX: Final = 4
"""Sets of tips: as many as kinds of readers ask about one repository at a time."""


class Seed(NamedTuple):
    """What some commits led to when there were fewer packs."""

    starts: tuple[int, ...]
    past: Mask


@final
class Reach:
    """What some tips lead to; for any thread, which at worst find out the same twice."""

    def __init__(self, tables: LinkedTables, tips: frozenset[str], seeds: Sequence[Seed]) -> None:
        self._tables = tables
        self._tips = tips
        self._seeds = seeds

    @cached_property
    def tips(self) -> tuple[str, ...]:
        """Sorted."""
        return tuple(sorted(self._tips))

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Places of the commits that the tips are or, as tags, lead to."""
        return tuple(self._tables.commits(self._tips))

    @cached_property
    def past(self) -> Mask:
        """Which commits they lead to."""
        graph = self._tables.graph
        for seed in self._seeds:
            grown = graph.grown(self.starts, seed.starts, seed.past)
            if grown is not None:
                return grown
        return graph.past(self.starts)

    @cached_property
    def everything(self) -> Numbers:
        """All objects they lead to, ascending."""
        return everything(self._tables, self._tips, self.past)

    @cached_property
    def reached(self) -> Mask:
        """Which objects they lead to."""
        reached = np.zeros(self._tables.count, np.bool_)
        reached[self.everything] = True
        return reached

    def seed(self) -> Seed | None:
        """What may help those who ask when there are more packs."""
        return Seed(self.starts, self.past) if "past" in self.__dict__ else None


@final
class Reaches:
    """Those that were asked for last."""

    def __init__(self, seeds: Sequence[Seed] = ()) -> None:
        self._seeds = seeds
        self._lock = threading.Lock()
        self._known: OrderedDict[frozenset[str], Reach] = OrderedDict()

    def of(self, tables: LinkedTables, tips: frozenset[str]) -> Reach:
        with self._lock:
            found = self._known.get(tips)
            if found is None:
                found = self._known[tips] = Reach(tables, tips, self._seeds)
                if len(self._known) > REMEMBERED_MAX:
                    self._known.popitem(last=False)
            self._known.move_to_end(tips)
        return found

    def seeds(self) -> list[Seed]:
        """Of the known ones, newest first."""
        with self._lock:
            known = list(reversed(self._known.values()))
        return [seed for reach in known if (seed := reach.seed()) is not None]
