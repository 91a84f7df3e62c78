"""Going back in history by tables alone, past commits that leave a path as it is.

Tables say of each commit which paths are not as its first parent has them. So a commit that does not stand beside a
path has there what its first parent has, and a walk that looks for changes goes on to that parent with no tree read.
"""

from __future__ import annotations

from bisect import bisect_right
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Final, final

import numpy as np

from storage.git.commits import Meta
from storage.git.engine.building import EMPTY_TREE
from storage.git.engine.reading import Reader
from storage.git.engine.segment import ints
from storage.git.engine.trees import path_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from storage.git.engine.linked import LinkedTables
    from storage.git.engine.segment import Columns

_PATHS_MAX: Final = 4_096
_REMEMBERED_BYTES_MAX: Final = 8 << 20
"""Of objects that were read, for those that are deltas on them."""


Look = tuple["int | None", bool]
"""What trees say of a commit at a path: the first parent, counted from 0, that has there what the commit has; and
whether the commit is one that changed the path."""


@final
class TableHistory:
    """Over the tables of one moment; for one thread. Commits are told by their places, ids are hex."""

    def __init__(self, tables: LinkedTables) -> None:
        self._tables = tables
        columns = tables.graph.columns
        self._at = ints(columns.parent_at)
        self._parent = ints(columns.parent)
        self._time = ints(columns.time)
        self.generation: memoryview[int] = ints(columns.generation)
        """By place; that of a parent is lower."""
        walked = [segment.columns.path_walk for segment in tables.segments]
        self.unsure: bytes = np.concatenate(walked).tobytes() if walked else b""
        """By place, 1 for a commit of which it is not known what it changes."""
        self._first_number: list[int] = tables.first_number.tolist()
        self._first_place: list[int] = tables.first_place.tolist()
        self._changing: dict[bytes, frozenset[int]] = {}
        self._reader: Reader | None = None

    # --- objects -----------------------------------------------------------------------------

    def content(self, oid: bytes) -> tuple[int, bytes] | None:
        """The type and bytes of an object; None where it is in no pack. `Damaged` where it cannot be read."""
        number = self._tables.number(bytes.fromhex(oid.decode()))
        if number < 0:
            return None
        if self._reader is None:
            packs = [(segment.pack, segment.columns) for segment in self._tables.segments]
            self._reader = Reader(packs, _REMEMBERED_BYTES_MAX)
        index = bisect_right(self._first_number, number) - 1
        ordinal = number - self._first_number[index]
        return int(self._tables.segments[index].columns.kind[ordinal]), self._reader.content(index, ordinal)

    def sizes(self, oids: Sequence[bytes]) -> dict[bytes, int]:
        """Of objects when resolved; what is in no pack is left out."""
        if not oids:
            return {}
        numbers = self._tables.find([oid.decode() for oid in oids])
        there = np.flatnonzero(numbers >= 0)
        found = self._tables.column(lambda columns: columns.size, numbers[there])
        return {oids[at]: size for at, size in zip(there.tolist(), found.tolist(), strict=True)}

    # --- commits -----------------------------------------------------------------------------

    def place(self, commit: bytes) -> int:
        """The place of a commit; -1 for what is none, or in no pack. With a commit all its past has places."""
        number = self._tables.number(bytes.fromhex(commit.decode()))
        if number < 0:
            return -1
        place = self._tables.graph.place(number)
        numbers = self._tables.graph.columns.number
        return place if place < len(numbers) and numbers[place] == number else -1

    def commit(self, place: int) -> bytes:
        return self._name(int(self._tables.graph.columns.number[place]))

    def meta(self, commit: bytes) -> Meta | None:
        """What walking needs to know of a commit; None where it is in no pack."""
        place = self.place(commit)
        if place < 0:
            return None
        tree = int(self._tables.graph.columns.tree[place])
        root = self._name(tree) if tree >= 0 else EMPTY_TREE.hex().encode()
        return Meta(self._time[place], root, tuple(self.commit(parent) for parent in self.parents(place)))

    def parents(self, place: int) -> list[int]:
        return self._parent[self._at[place] : self._at[place + 1]].tolist()

    def history_size(self, commit: bytes) -> int | None:
        """How many commits there are from this one back, itself included; None where it is in no pack."""
        place = self.place(commit)
        return None if place < 0 else int(np.count_nonzero(self._tables.graph.past([place])))

    def _name(self, number: int) -> bytes:
        index = bisect_right(self._first_number, number) - 1
        names = self._tables.segments[index].pack.names
        name: bytes = names[number - self._first_number[index]].tobytes()
        return name.hex().encode()

    # --- paths -------------------------------------------------------------------------------

    def changing(self, path: bytes) -> frozenset[int]:
        """The commits that have something else at the path than their first parent, as far as that is known."""
        found = self._changing.get(path)
        if found is None:
            if len(self._changing) >= _PATHS_MAX:
                self._changing.clear()
            found = self._changing[path] = frozenset(self.changing_any(b"", [path]))
        return found

    def changing_any(self, prefix: bytes, names: Iterable[bytes]) -> dict[int, set[bytes]]:
        """By commit, which of `names` it changes, each of which is that of the path `prefix + name`."""
        wanted = list(names)
        digests = b"".join([path_digest(prefix + name) for name in wanted])
        pairs = (
            np.frombuffer(digests, ">u8").astype(np.uint64).reshape(-1, 2) if wanted else np.empty((0, 2), np.uint64)
        )
        found: dict[int, set[bytes]] = {}
        for segment, first_place in zip(self._tables.segments, self._first_place, strict=False):
            columns = segment.columns
            if not len(columns.path_key):
                continue
            rows = np.searchsorted(columns.path_key, pairs[:, 0])
            some = np.flatnonzero(columns.path_key[np.minimum(rows, len(columns.path_key) - 1)] == pairs[:, 0])
            for which in some.tolist():
                for place in _commits(columns, int(rows[which]), pairs[which, 0], pairs[which, 1]):
                    found.setdefault(place + first_place, set()).add(wanted[which])
        return found

    def back(self, commit: bytes, path: bytes) -> tuple[bytes, int]:
        """The nearest commit, from one on and back from first parent to first parent, that may have changed the path.

        What is there is the same all the way. That is one that changed it, one of which this is not known, one without
        parents, or the commit itself where it is in no pack; and how many steps away it is.
        """
        first = place = self.place(commit)
        if first < 0:
            return commit, 0
        stops, at, parent, unsure = self.changing(path), self._at, self._parent, self.unsure
        steps = 0
        while place not in stops and not unsure[place]:
            begin = at[place]
            if at[place + 1] == begin:
                break
            place = parent[begin]
            steps += 1
        return (commit, 0) if place == first else (self.commit(place), steps)

    def back_until(self, place: int, known: AbstractSet[int], floor: int) -> int:
        """Back from first parent to first parent, to a commit where it takes a look or another line may join.

        That is one that is in `known`, unsure, without parents, or of a generation not above `floor`.
        """
        at, parent, unsure, generation = self._at, self._parent, self.unsure, self.generation
        while place not in known and not unsure[place] and generation[place] > floor:
            begin = at[place]
            if at[place + 1] == begin:
                break
            place = parent[begin]
        return place

    def walk(self, start: int, path: bytes | None = None, look: Callable[[int], Look] | None = None) -> Iterator[int]:
        """Commits from one on, the newest known one next; with a path, those that changed it, as `History.walk` says.

        `look` tells by trees what tables do not: merges that change the path, commits without parents, and unsure ones.
        """
        at, parent, time, unsure = self._at, self._parent, self._time, self.unsure
        stops = frozenset[int]() if path is None else self.changing(path)
        seen = bytearray(self._tables.graph.count)
        seen[start] = 1
        heap: list[tuple[int, int, int]] = []
        place, pushed = start, 0
        while True:
            begin, end, shows = at[place], at[place + 1], True
            if look is not None:
                if end > begin and place not in stops and not unsure[place]:
                    end, shows = begin + 1, False
                elif end != begin + 1 or unsure[place]:
                    same, shows = look(place)
                    if same is not None:
                        begin, end = begin + same, begin + same + 1
            for other in parent[begin:end]:
                if not seen[other]:
                    seen[other] = 1
                    pushed += 1
                    heappush(heap, (-time[other], pushed, other))
            if shows:
                yield place
            if not heap:
                return
            place = heappop(heap)[2]


def _commits(columns: Columns, row: int, key: np.uint64, rest: np.uint64) -> list[int]:
    """The places in a segment of the commits that change a path, whose key stands in `row` first."""
    while row < len(columns.path_key) and columns.path_key[row] == key:
        if columns.path_rest[row] == rest:
            found: list[int] = columns.path_by[columns.path_at[row] : columns.path_at[row + 1]].tolist()
            return found
        row += 1
    return []
