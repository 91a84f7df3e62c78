"""The same as `LastCommitWalk` by tables: trees are read only where merges changed an entry.

A commit that changes none of the entries carried along leads to its first parent with all of them, so lines of such
commits are gone back along in columns.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, Final, Protocol, final

from storage.git.last_answers import Answer

if TYPE_CHECKING:
    from storage.git.engine.changes import TableHistory

_STOPS_PER_COMMIT: Final = 64
"""So many stops that read nothing cost as much as a commit that is read."""


class Reading(Protocol):
    """Compares folders by reading them."""

    def names(self, commit: bytes) -> set[bytes]:
        """Of all entries of the folder."""
        ...

    def kept(self, commit: bytes, parent: bytes, names: set[bytes]) -> set[bytes]:
        """Those of some entries of a commit that its parent has as it has them."""
        ...

    def cost(self, names: set[bytes]) -> int:
        """Of comparing these entries with a parent's, in commits."""
        ...


@final
class TabledWalk:
    """One walk over one folder; for one thread. Commits are told by their places."""

    def __init__(self, reading: Reading, tables: TableHistory, path: bytes) -> None:
        """`reading` compares folders where tables cannot tell."""
        self._reading = reading
        self._tables = tables
        self._prefix = path + b"/" if path else b""
        self._heap: list[tuple[int, int]] = []
        """The highest generation first, so that all who lead to a commit have come to it before it is looked at."""
        self._carried: dict[int, set[bytes]] = {}
        self._hits: dict[int, set[bytes]] = {}
        self._found: dict[bytes, bytes] = {}
        self._left = 0

    def walk(self, tip: bytes, known: Answer | None, commits_max: int) -> Answer:
        """What last changed the entries at `tip`, which is in the tables."""
        tables = self._tables
        self._left = commits_max * _STOPS_PER_COMMIT
        if known is not None and known.commit == tip:
            self._found.update(known.found)
            for commit, rest in known.rest.items():
                self._carry(tables.place(commit), set(rest))
        else:
            self._carry(tables.place(tip), self._reading.names(tip))
        whole = known if known is not None and known.complete else None
        known_place = tables.place(whole.commit) if whole is not None else -1
        self._hits = tables.changing_any(self._prefix, set[bytes]().union(*self._carried.values()))
        ends = self._hits.keys() | {known_place}
        while self._heap and self._left > 0:
            self._left -= 1
            place = heappop(self._heap)[1]
            names = self._carried.pop(place)
            if whole is not None and place == known_place:
                # What is carried is here as it was asked for, so what was found from here on holds.
                self._found.update((name, whole.found[name]) for name in names)
            elif not self._stops_at(place, names):
                floor = -self._heap[0][0] if self._heap else 0
                self._carry(tables.back_until(tables.parents(place)[0], ends, floor), names)
            else:
                self._part(place, names)
        left = {tables.commit(place): frozenset(names) for place, names in self._carried.items()}
        return Answer(tip, self._found, left)

    def _stops_at(self, place: int, names: set[bytes]) -> bool:
        hit = self._hits.get(place)
        if self._tables.unsure[place] or not self._tables.parents(place):
            return True
        return hit is not None and not hit.isdisjoint(names)

    def _part(self, place: int, names: set[bytes]) -> None:
        """Find out which of its parents have the entries as the commit has them; what none has, it changed."""
        tables = self._tables
        parents = tables.parents(place)
        others = parents
        if parents and not tables.unsure[place]:
            touched = names & self._hits[place]
            names -= touched  # in place: a copy of twenty thousand names at each stop is what would take longest
            self._carry(parents[0], names)
            names, others = touched, parents[1:]
        commit = tables.commit(place)
        for number, parent in enumerate(others):
            if number and self._left <= 0:
                self._carry(place, names)
                return
            self._left -= _STOPS_PER_COMMIT * self._reading.cost(names)
            same = self._reading.kept(commit, tables.commit(parent), names)
            self._carry(parent, same)
            names = names - same
            if not names:
                return
        self._found.update(dict.fromkeys(names, commit))

    def _carry(self, place: int, names: set[bytes]) -> None:
        if place in self._carried:
            self._carried[place] |= names
        elif names:
            self._carried[place] = names
            heappush(self._heap, (-self._tables.generation[place], place))
