"""Walks over commits that a fetch needs: who is whose ancestor, and where a history is cut."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Final, final

from dulwich.objects import Commit, ObjectID, Tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dulwich.object_store import BaseObjectStore

NEAR_COMMITS_MAX: Final = 20_000
"""How far the talk about what both have is worth looking."""


@final
class Walks:
    """Commits of one repository, each read once."""

    def __init__(self, objects: BaseObjectStore) -> None:
        self._objects = objects
        self._commits: dict[str, tuple[int, list[str]]] = {}

    def peel(self, oid: str) -> str | None:
        """The commit that an object is or, as a tag, leads to."""
        if oid in self._commits:
            return oid
        target = self._objects[ObjectID(oid.encode())]
        while isinstance(target, Tag):
            target = self._objects[target.object[1]]
        return target.id.decode() if isinstance(target, Commit) else None

    def peel_all(self, oids: Iterable[str]) -> list[str]:
        """The commits that these lead to, each once."""
        return list(dict.fromkeys(commit for oid in oids if (commit := self.peel(oid)) is not None))

    def parents(self, oid: str) -> list[str]:
        return self._read(oid)[1]

    def newest_first(self, starts: Iterable[str], *, since: int = 0) -> Iterator[str]:
        """The starts' commits and their ancestors, by commit time; what is older than `since` ends the way there."""
        first = [oid for oid in self.peel_all(starts) if self._read(oid)[0] >= since]
        queue = [(-self._read(oid)[0], oid) for oid in first]
        heapq.heapify(queue)
        seen = set(first)
        while queue:
            oid = heapq.heappop(queue)[1]
            yield oid
            for parent in self.parents(oid):
                if parent not in seen and self._read(parent)[0] >= since:
                    seen.add(parent)
                    heapq.heappush(queue, (-self._read(parent)[0], parent))

    def all_meet(self, wants: Iterable[str], haves: Sequence[str]) -> bool:
        """Whether each want has one of `haves` close in its past, so that no older ones need be talked about."""
        known, left = frozenset(haves), NEAR_COMMITS_MAX
        for want in wants:
            for oid in self.newest_first([want]):
                left -= 1
                if oid in known:
                    break
                if not left:
                    return False
            else:
                return False
        return True

    def within(self, starts: Iterable[str], depth: int) -> tuple[set[str], set[str]]:
        """(commits at `depth` that have parents, all others so near): the shortest way to a commit counts."""
        level = set(self.peel_all(starts))
        above = set[str]()
        for _ in range(depth - 1):
            above |= level
            level = {parent for oid in level for parent in self.parents(oid)} - above
            if not level:
                break
        ends = {oid for oid in level if self.parents(oid)}
        return ends, above | (level - ends)

    def _read(self, oid: str) -> tuple[int, list[str]]:
        """(time, parents) of a commit."""
        found = self._commits.get(oid)
        if found is None:
            commit = self._objects[ObjectID(oid.encode())]
            assert isinstance(commit, Commit)
            found = commit.commit_time, [parent.decode() for parent in commit.parents]
            self._commits[oid] = found
        return found
