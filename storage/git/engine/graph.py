"""The commits of a repository in columns, and walks over them."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Final, NamedTuple, final

import numpy as np

from storage.git.engine.segment import ints

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from collections.abc import Set as AbstractSet

    from numpy.typing import NDArray

    from storage.git.engine.tables import Mask, Numbers

_NEAR_STEPS_MAX: Final = 20_000
"""Beyond these a difference of two histories is cheaper to find by walking both to their ends."""
_SINGLE_WALKS_MAX: Final = 16
_PLACE_BITS: Final = 32


class CommitColumns(NamedTuple):
    """One row a commit; a commit's row number is its *place*. A copy of a commit has a row that nothing leads to."""

    number: NDArray[np.int64]
    """Of the object (its own, which need not be the canonical one); ascending."""
    time: NDArray[np.int64]
    generation: NDArray[np.int32]
    tree: NDArray[np.int64]
    """Number of the root tree; -1 for the empty one where it is not here."""
    parent_at: NDArray[np.int64]
    parent: NDArray[np.int32]
    """Places."""


@final
class Graph:
    """Walks over commits. Places are what goes in and comes out."""

    def __init__(self, columns: CommitColumns) -> None:
        self.columns = columns
        self.count = len(columns.number)
        self._at = ints(columns.parent_at)
        self._parent = ints(columns.parent)
        self._generation = ints(columns.generation)

    def place(self, number: int) -> int:
        """The place of the commit with this object number."""
        return int(np.searchsorted(self.columns.number, number))

    def places(self, numbers: Numbers) -> Numbers:
        """The same for many."""
        return np.searchsorted(self.columns.number, numbers)

    def parents(self, place: int) -> list[int]:
        return self._parent[self._at[place] : self._at[place + 1]].tolist()

    def past(self, starts: Iterable[int], ends: AbstractSet[int] = frozenset()) -> Mask:
        """The starts and what is in their past; `ends` count as having no parents."""
        at, parent = self._at, self._parent
        seen = bytearray(self.count)
        stack = list[int]()
        for place in starts:
            if not seen[place]:
                seen[place] = 1
                stack.append(place)
        while stack:
            place = stack.pop()
            while not ends or place not in ends:
                begin, end = at[place], at[place + 1]
                if begin == end:
                    break
                if end - begin > 1:
                    for other in parent[begin + 1 : end]:
                        if not seen[other]:
                            seen[other] = 1
                            stack.append(other)
                place = parent[begin]
                if seen[place]:
                    break
                seen[place] = 1
        return np.frombuffer(seen, np.bool_)

    def grown(self, starts: Iterable[int], old_starts: Iterable[int], old_past: Mask) -> Mask | None:
        """`past(starts)`, if all that `old_starts` led to belongs to it, found by walking what is new only.

        `old_past` may be of a time when there were fewer commits. None if that cannot be seen this way.
        """
        seen = bytearray(old_past.tobytes()).ljust(self.count, b"\0")
        old_count, met, stack = len(old_past), set[int](), list[int]()
        for place in starts:
            (met.add if place < old_count and old_past[place] else stack.append)(place)
        while stack:
            place = stack.pop()
            if seen[place]:
                continue
            seen[place] = 1
            for parent in self.parents(place):
                if parent < old_count and old_past[parent]:
                    met.add(parent)
                elif not seen[parent]:
                    stack.append(parent)
        return np.frombuffer(seen, np.bool_) if met.issuperset(old_starts) else None

    def lacking(self, wants: Sequence[int], haves: Sequence[int]) -> Numbers:
        """The places in the past of `wants` and not of `haves`, ascending."""
        found = self._near(wants, haves) if haves else None
        if found is not None:
            return np.array(sorted(found), np.int64)
        mask = self.past(wants)
        return np.flatnonzero(mask & ~self.past(haves) if haves else mask)

    def _near(self, wants: Sequence[int], haves: Sequence[int]) -> list[int] | None:
        """The same as a list, by walking down both histories at once; None if that takes long."""
        flags = dict.fromkeys(wants, 1)
        for have in haves:
            flags[have] = 2
        queue = [self._ranked(place) for place in flags]
        heapq.heapify(queue)
        wanted = sum(flag == 1 for flag in flags.values())
        found = list[int]()
        steps = _NEAR_STEPS_MAX
        while wanted:
            steps -= 1
            if not steps:
                return None
            place = heapq.heappop(queue) & (1 << _PLACE_BITS) - 1
            flag = flags[place]
            if flag == 1:
                wanted -= 1
                found.append(place)
            for parent in self.parents(place):
                known = flags.get(parent)
                if known is None:
                    flags[parent] = flag
                    heapq.heappush(queue, self._ranked(parent))
                    wanted += flag == 1
                elif known | flag != known:
                    # Its children come first, so it waits still.
                    wanted -= known == 1
                    flags[parent] = known | flag
        return found

    def _ranked(self, place: int) -> int:
        """What makes a heap give the highest generation first."""
        return (-self._generation[place] << _PLACE_BITS) | place

    def within(self, starts: Iterable[int], depth: int) -> tuple[set[int], set[int]]:
        """The places at `depth` (1: the starts) and those nearer; the shortest way counts."""
        level, nearer = set(starts), set[int]()
        for _ in range(depth - 1):
            nearer |= level
            level = {parent for place in level for parent in self.parents(place)} - nearer
            if not level:
                break
        return level, nearer

    def all_meet(self, wants: Sequence[int], common: AbstractSet[int]) -> bool:
        """Whether each of `wants` has one of `common` in its past."""
        if not common:
            return not wants
        lowest = min(self._generation[place] for place in common)
        if len(wants) <= _SINGLE_WALKS_MAX:
            return all(self._meets(want, common, lowest) for want in wants)
        past = np.flatnonzero(self.past(wants))
        meets = dict[int, bool]()
        for place in past[np.argsort(self.columns.generation[past], kind="stable")].tolist():
            meets[place] = place in common or any(meets[parent] for parent in self.parents(place))
        return all(meets[want] for want in wants)

    def _meets(self, want: int, common: AbstractSet[int], lowest: int) -> bool:
        queue, seen = [self._ranked(want)], {want}
        while queue:
            place = heapq.heappop(queue) & (1 << _PLACE_BITS) - 1
            if place in common:
                return True
            for parent in self.parents(place):
                if parent not in seen and self._generation[parent] >= lowest:
                    seen.add(parent)
                    heapq.heappush(queue, self._ranked(parent))
        return False
