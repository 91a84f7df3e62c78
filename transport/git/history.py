"""Walks over commits that a fetch needs: who is whose ancestor, and how far down a depth reaches."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Final, final

from dulwich.objects import Commit, ObjectID, Tag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from dulwich.object_store import BaseObjectStore

NEAR_COMMITS_MAX: Final = 20_000
"""How far the talk about what both have is worth looking."""


@final
class History:
    """Commits of one repository, each read once."""

    def __init__(self, objects: BaseObjectStore, *, commits_max: int, still_wanted: Callable[[], None]) -> None:
        self._objects = objects
        self._commits_max = commits_max
        self._still_wanted = still_wanted
        self._commits: dict[str, tuple[int, list[str]]] = {}

    def reachable(self, oids: Iterable[str], tips: Iterable[str]) -> bool:
        """Whether every one of `oids` is a tip's ancestor; not looked for beyond `commits_max` commits."""
        sought = set(oids)
        for oid in self._newest_first(tips):
            sought.discard(oid)
            if not sought:
                return True
        return not sought

    def all_meet(self, wants: Iterable[str], haves: Sequence[str]) -> bool:
        """Whether each want has one of `haves` close in its past, so that no older ones need be talked about."""
        known, left = frozenset(haves), NEAR_COMMITS_MAX
        for want in wants:
            for oid in self._newest_first([want]):
                left -= 1
                if oid in known:
                    break
                if not left:
                    return False
            else:
                return False
        return True

    def edge(self, wants: Iterable[str], haves: Iterable[str], shallow: frozenset[str]) -> set[str]:
        """The commits, all in the past of `haves`, where what `wants` need and `haves` lack begins.

        Newest first, and done when nothing is left that could be needed: git's own way. Clocks that were wrong can
        make it stop early; then a little more is sent than had to be.
        """
        walk = _Walk(self._read, shallow)
        for want in wants:
            if (commit := self._peel(want)) is not None:
                walk.add(commit)
        for have in haves:
            if (commit := self._peel(have)) is not None:
                walk.add(commit)
                walk.paint(commit)
        return walk.edge()

    def cut(self, wants: Iterable[str], depth: int) -> tuple[set[str], set[str]]:
        """(commits at `depth` that have parents, commits above them): the shortest way to a commit counts."""
        level = {commit for want in wants if (commit := self._peel(want)) is not None}
        above: set[str] = set()
        for _ in range(depth - 1):
            above |= level
            level = {parent for oid in level for parent in self._read(oid)[1]} - above
            if not level:
                break
        return {oid for oid in level if self._read(oid)[1]}, above | {oid for oid in level if not self._read(oid)[1]}

    def _newest_first(self, starts: Iterable[str]) -> Iterable[str]:
        """The starts' commits and their ancestors, by commit time, at most so many."""
        first = {commit for start in starts if (commit := self._peel(start)) is not None}
        queue = [(-self._read(oid)[0], oid) for oid in first]
        heapq.heapify(queue)
        seen = set(first)
        count = 0
        while queue and count < self._commits_max:
            oid = heapq.heappop(queue)[1]
            count += 1
            yield oid
            for parent in self._read(oid)[1]:
                if parent not in seen:
                    seen.add(parent)
                    heapq.heappush(queue, (-self._read(parent)[0], parent))

    def _read(self, oid: str) -> tuple[int, list[str]]:
        """(time, parents) of a commit."""
        found = self._commits.get(oid)
        if found is None:
            self._still_wanted()
            commit = self._objects[ObjectID(oid.encode())]
            assert isinstance(commit, Commit)
            found = commit.commit_time, [parent.decode() for parent in commit.parents]
            self._commits[oid] = found
        return found

    def _peel(self, oid: str) -> str | None:
        """The commit that an object is or, as a tag, leads to."""
        if oid in self._commits:
            return oid
        target = self._objects[ObjectID(oid.encode())]
        while isinstance(target, Tag):
            target = self._objects[target.object[1]]
        return target.id.decode() if isinstance(target, Commit) else None


@final
class _Walk:
    """Commits, newest first, some of them painted: those are in the past of what the client has."""

    def __init__(self, read: Callable[[str], tuple[int, list[str]]], shallow: frozenset[str]) -> None:
        self._read = read
        self._shallow = shallow
        self._queue: list[tuple[int, str]] = []
        self._seen: set[str] = set()
        self._expanded: set[str] = set()
        self._painted: set[str] = set()
        self._unpainted_in_queue = 0

    def add(self, oid: str) -> None:
        if oid not in self._seen:
            self._seen.add(oid)
            self._unpainted_in_queue += oid not in self._painted
            heapq.heappush(self._queue, (-self._read(oid)[0], oid))

    def paint(self, oid: str) -> None:
        """Paint a commit, and what the walk has passed of its past."""
        stack = [oid]
        while stack:
            oid = stack.pop()
            if oid in self._painted:
                continue
            self._painted.add(oid)
            if oid in self._expanded:
                stack += self._parents(oid)
            elif oid in self._seen:
                self._unpainted_in_queue -= 1

    def edge(self) -> set[str]:
        starts = set(self._seen)
        while self._unpainted_in_queue:
            oid = heapq.heappop(self._queue)[1]
            self._expanded.add(oid)
            painted = oid in self._painted
            self._unpainted_in_queue -= not painted
            for parent in self._parents(oid):
                self.add(parent)
                if painted:
                    self.paint(parent)
        needed = self._expanded - self._painted
        below = {parent for oid in needed for parent in self._parents(oid)}
        return (below | starts) & self._painted

    def _parents(self, oid: str) -> list[str]:
        return [] if oid in self._shallow else self._read(oid)[1]
