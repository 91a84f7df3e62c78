"""Walking commits: listing, the history of one path, common ancestors.

What a commit says never changes, so what was read of it is remembered for all later walks of its repository.
"""

from __future__ import annotations

from heapq import heappop, heappush
from math import inf
from typing import TYPE_CHECKING, final

from storage.git import trees
from storage.git.commits import Meta, meta
from storage.git.names import wanted
from storage.git.objects import COMMIT, TREE
from storage.git.read_limits import REMEMBERED_COMMITS_MAX, TREE_ENTRIES_REMEMBERED_MAX

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from storage.git.engine.changes import Look, TableHistory
    from storage.git.objects import Objects
    from storage.git.trees import Entry

Known = dict[bytes, Meta]
"""Shared by threads: single reads and writes of a dict are atomic, and any loss is only work done twice."""

_LEFT, _RIGHT, _STALE = 1, 2, 4


@final
class History:
    """The commits of one repository, for one thread's use."""

    def __init__(self, objects: Objects, known: Known, tables: TableHistory | None = None) -> None:
        """With `tables`, what they know is not read."""
        self._objects = objects
        self._known = known
        self.tables = tables

    def meta(self, oid: bytes) -> Meta:
        found = self._known.get(oid)
        if found is None:
            if len(self._known) >= REMEMBERED_COMMITS_MAX:
                self._known.clear()
            told = None if self.tables is None else self.tables.meta(oid)
            found = self._known[oid] = told or meta(self._objects.typed(oid, COMMIT))
        return found

    def walk(self, tip: bytes, path: str = "") -> Iterator[bytes]:
        """Commits from `tip`, the newest known one next, as `git log` orders them.

        With a path, as `git log -- path` shows them: a commit that leaves the path as one of its parents has
        it is left out, and of a merge only that parent is followed.
        """
        places = self.places(tip, path)
        if self.tables is not None and places is not None:
            yield from map(self.tables.commit, places)
            return
        watched = Watched(self._objects, path) if path.strip("/") else None
        seen, queue, count = {tip}, [(-self.meta(tip).time, 0, tip)], 0
        while queue:
            _, _, oid = heappop(queue)
            commit = self.meta(oid)
            parents, shows = commit.parents, True
            if watched is not None:
                same = self._same_parent(commit, watched)
                if same is not None:
                    parents, shows = (same,), False
                elif not parents:
                    shows = watched.at(commit.tree) is not None
            for parent in parents:
                if parent not in seen:
                    seen.add(parent)
                    count += 1
                    heappush(queue, (-self.meta(parent).time, count, parent))
            if shows:
                yield oid

    def following(self, tip: bytes, path: str, after: bytes | None) -> Iterator[bytes] | None:
        """What `walk` gives behind the commit `after`, which is None for all; None if it does not come to that one."""
        tables, places = self.tables, self.places(tip, path)
        if tables is not None and places is not None:
            if after is not None and tables.place(after) not in places:
                return None  # looking for it left `places` behind it
            return map(tables.commit, places)
        walk = self.walk(tip, path)
        return walk if after is None or after in walk else None

    def count(self, tip: bytes, path: str) -> int:
        """How many commits `walk` gives."""
        places = self.places(tip, path)
        if places is None:
            return sum(1 for _ in self.walk(tip, path))
        size = self.tables.history_size(tip) if self.tables is not None and not path.strip("/") else None
        return sum(1 for _ in places) if size is None else size

    def places(self, tip: bytes, path: str = "") -> Iterator[int] | None:
        """The same as places in the tables; None where it takes reading."""
        tables, exact = self.tables, wanted(path)
        start = -1 if tables is None else tables.place(tip)
        if tables is None or start < 0 or exact is None or b"\\x" in exact:
            return None  # a path may be written as it is shown, and mean what stands there under another name
        if not exact:
            return tables.walk(start)
        return tables.walk(start, exact, self._look(tables, Watched(self._objects, exact)))

    def _look(self, tables: TableHistory, watched: Watched) -> Callable[[int], Look]:
        def look(place: int) -> Look:
            here = watched.at(self.meta(tables.commit(place)).tree)
            parents = tables.parents(place)
            for number, parent in enumerate(parents):
                if watched.at(self.meta(tables.commit(parent)).tree) == here:
                    return number, False
            return None, bool(parents) or here is not None

        return look

    def _same_parent(self, commit: Meta, watched: Watched) -> bytes | None:
        here = watched.at(commit.tree)
        return next((parent for parent in commit.parents if watched.at(self.meta(parent).tree) == here), None)

    def is_ancestor(self, ancestor: bytes, of: bytes) -> bool:
        """Whether `ancestor` is `of` or reachable from it; right even where clocks were wrong."""
        return ancestor == of or bool(self._painted(ancestor, of).get(ancestor, 0) & _RIGHT)

    def merge_base(self, a: bytes, b: bytes) -> bytes | None:
        """The newest of the best common ancestors: those that are no ancestor of another one."""
        if a == b:
            return a
        flags = self._painted(a, b)
        both = _LEFT | _RIGHT
        found = [oid for oid, flag in flags.items() if flag & both == both and not flag & _STALE]
        # Wrong clocks can leave an ancestor of a better one among them.
        best = [one for one in found if not any(other != one and self.is_ancestor(one, other) for other in found)]
        return max(best, key=lambda oid: self.meta(oid).time, default=None)

    def apart(self, a: bytes, b: bytes) -> tuple[list[bytes], list[bytes]]:
        """The commits that only `a` has and those that only `b` has, the newest known ones first.

        Where clocks were wrong, a commit of both may be told as one side's.
        """
        flags = self._painted(a, b, clearly=True)
        both = _LEFT | _RIGHT
        by_side = {_LEFT: list[bytes](), _RIGHT: list[bytes](), both: list[bytes]()}
        for oid, flag in flags.items():
            by_side[flag & both].append(oid)
        left, right = (sorted(by_side[side], key=lambda oid: -self.meta(oid).time) for side in (_LEFT, _RIGHT))
        return left, right

    def _painted(self, left: bytes, right: bytes, *, clearly: bool = False) -> dict[bytes, int]:
        """Marks of the commits reachable from each side, down to where both have met.

        What is below a common ancestor is stale; the walk ends when only stale commits wait. A commit above
        the meeting point is never stale, so none of those is missed whatever the commit times say. `clearly` goes on
        through stale ones as young as any that was found on one side: of a rebase all commits have the same time.
        """
        flags = {left: _LEFT}
        flags[right] = flags.get(right, 0) | _RIGHT
        queue = [(-self.meta(oid).time, index, oid) for index, oid in enumerate((left, right))]
        queue.sort()
        waiting = {left: 1, right: 1}
        fresh, count = 2, 2  # `fresh`: queued commits that are not stale
        oldest = inf
        while fresh or (clearly and queue and -queue[0][0] >= oldest):
            time, _, oid = heappop(queue)
            waiting[oid] -= 1
            flag = flags[oid]
            if flag in {_LEFT, _RIGHT}:
                oldest = min(oldest, -time)
            if not flag & _STALE:
                fresh -= 1
            down = flag & (_LEFT | _RIGHT | _STALE)
            if down & (_LEFT | _RIGHT) == _LEFT | _RIGHT:
                down |= _STALE
            for parent in self.meta(oid).parents:
                before = flags.get(parent, 0)
                if before & down == down:
                    continue
                if down & _STALE and not before & _STALE:
                    fresh -= waiting.get(parent, 0)
                flags[parent] = before | down
                waiting[parent] = waiting.get(parent, 0) + 1
                if not flags[parent] & _STALE:
                    fresh += 1
                count += 1
                heappush(queue, (-self.meta(parent).time, count, parent))
        return flags


@final
class Watched:
    """What is at one path in many trees; an exact one if it is given in bytes."""

    def __init__(self, objects: Objects, path: str | bytes) -> None:
        self._objects = objects
        name = wanted(path) if isinstance(path, str) else path
        exact = isinstance(path, bytes)
        self._pickers = [trees.Picker(part, exact=exact) for part in (name or b"").split(b"/")]
        self._found: dict[tuple[bytes, int], Entry | None] = {}

    def at(self, tree: bytes) -> Entry | None:
        # Folder by folder and not by recursion: a path may be deeper than Python's stack.
        entry: Entry | None = None
        walked: list[tuple[bytes, int]] = []
        for depth, picker in enumerate(self._pickers):
            key = (tree, depth)
            if key in self._found:
                entry = self._found[key]
                break
            walked.append(key)
            entry = picker.pick(self._objects.typed(tree, TREE))
            if entry is None or depth + 1 == len(self._pickers):
                break
            if entry.mode != trees.FOLDER:
                entry = None
                break
            tree = entry.oid
        if len(self._found) + len(walked) > TREE_ENTRIES_REMEMBERED_MAX:
            self._found.clear()
        self._found.update(dict.fromkeys(walked, entry))
        return entry
