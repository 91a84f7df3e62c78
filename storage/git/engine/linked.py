"""The segments of a repository under one numbering: `Tables`.

A segment never waits for others to be made, so what joins them is made here, in memory, when a repository is opened:
which ids lie in several packs, which commit is whose parent, what the foreign ids are. New packs are added to what is
there, and what was numbered keeps its number.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import numpy as np

from domain.errors import Damaged
from storage.git.engine.graph import CommitColumns, Graph
from storage.git.engine.naming import NOWHERE, Naming, positions, runs
from storage.git.engine.reading import Reader
from storage.git.engine.segment import NAME_BYTES
from storage.git.engine.tables import COMMIT, TAG, WHOLE, Entries, PackFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from domain.ports_git import AdvertisedRef
    from storage.git.engine.segment import Columns, Segment
    from storage.git.engine.tables import Mask, Numbers

_TAG_CHAIN_MAX: Final = 4_096


class _Again(NamedTuple):
    """Which commits introduce objects that lie in other packs."""

    number: Numbers
    """Ascending."""
    by: Numbers
    """Places."""


_NO_COMMITS: Final = CommitColumns(
    np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.int64),
    np.zeros(1, np.int64), np.empty(0, np.int32),
)  # fmt: skip
_NONE: Final = np.empty(0, np.int64)


class LinkedTables:
    """`Tables` over segments, but for what refs have to do with."""

    def __init__(self, old: LinkedTables | None = None, segments: Iterable[Segment] = ()) -> None:
        """What is in `old`, under the numbers it has there, and more.

        Raises `Damaged` where a commit's parent is nowhere.
        """
        added = sorted(segments, key=lambda segment: (-len(segment.pack.names), segment.pack.path.name))
        self.segments: tuple[Segment, ...] = (*old.segments, *added) if old else tuple(added)
        self.first_number = _starts(len(segment.pack.names) for segment in self.segments)
        """Of each segment, and of one that may follow."""
        self.first_place = _starts(len(segment.columns.commit) for segment in self.segments)
        """Of each segment's commits, likewise."""
        self.count = int(self.first_number[-1])
        self.packs: Sequence[PackFile] = tuple(
            PackFile(segment.pack.path, segment.pack.data, int(first), len(segment.pack.names))
            for segment, first in zip(self.segments, self.first_number, strict=False)
        )
        begin = len(self.segments) - len(added)
        naming = old.naming if old else Naming()
        self.naming: Naming = naming.extended(added, int(self.first_number[begin]))
        self.foreign: tuple[Numbers, ...] = (*(old.foreign if old else ()), *self._foreign_of(added))
        """For each segment, the numbers of its foreign ids."""
        new = list(enumerate(added, begin))
        self.tag_targets: dict[int, int] = dict(old.tag_targets) if old else {}
        self._note_tags(new)
        self.again: _Again = self._noted_again(old.again if old else _Again(_NONE, _NONE), new)
        self.graph: Graph = Graph(self._joined(old.graph.columns if old else _NO_COMMITS, new))

    # --- names and numbers -------------------------------------------------------------------

    def find(self, oids: Sequence[str]) -> Numbers:
        raw = np.frombuffer(bytes.fromhex("".join(oids)), np.uint8).reshape(-1, NAME_BYTES)
        return self.naming.numbers(raw)

    def number(self, oid: bytes) -> int:
        """Of one object; -1 if it is not here."""
        return self.naming.number(oid)

    def canonical(self, numbers: Numbers) -> Numbers:
        return self.naming.canonical(numbers)

    def names(self, numbers: Numbers) -> NDArray[np.uint8]:
        found = np.empty((len(numbers), NAME_BYTES), np.uint8)
        for index, where, ordinals in self.by_segment(numbers):
            found[where] = self.segments[index].pack.names[ordinals]
        return found

    def name(self, number: int) -> bytes:
        index, ordinal = self.locate(number)
        return bytes(self.segments[index].pack.names[ordinal])

    def hexes(self, numbers: Numbers) -> list[str]:
        text = self.names(numbers).tobytes().hex()
        return [text[at : at + 2 * NAME_BYTES] for at in range(0, len(text), 2 * NAME_BYTES)]

    # --- entries -----------------------------------------------------------------------------

    def locate(self, number: int) -> tuple[int, int]:
        """Segment and ordinal of an object."""
        index = int(np.searchsorted(self.first_number, number, "right")) - 1
        return index, number - int(self.first_number[index])

    def by_segment(self, numbers: Numbers) -> Iterable[tuple[int, Any, NDArray[np.int64]]]:
        """(segment, where these are among `numbers`, their ordinals) for each segment that has some."""
        if not len(numbers):
            return
        if len(self.segments) == 1:
            yield 0, slice(None), numbers
            return
        if (numbers[1:] >= numbers[:-1]).all():
            bounds = np.searchsorted(numbers, self.first_number).tolist()
            for index, (low, high) in enumerate(pairwise(bounds)):
                if low < high:
                    yield index, slice(low, high), numbers[low:high] - self.first_number[index]
            return
        segment = np.searchsorted(self.first_number, numbers, "right") - 1
        order = np.argsort(segment, kind="stable")
        present, starts = np.unique(segment[order], return_index=True)
        for index, where in zip(present.tolist(), np.split(order, starts[1:]), strict=True):
            yield index, where, numbers[where] - self.first_number[index]

    def entries(self, numbers: Numbers) -> Entries:
        count = len(numbers)
        found = Entries(
            np.empty(count, np.int32), np.empty(count, np.int64), np.empty(count, np.int64), np.empty(count, np.int64),
            np.empty(count, np.uint8), np.empty(count, np.uint8), np.empty(count, np.int64), np.empty(count, np.int64),
        )  # fmt: skip
        for index, where, ordinals in self.by_segment(numbers):
            columns = self.segments[index].columns
            start, base, delta = columns.start[ordinals], columns.base[ordinals], columns.delta[ordinals]
            found.pack[where] = index
            found.start[where] = start
            found.body[where] = start + columns.head[ordinals]
            found.end[where] = columns.end[ordinals]
            found.kind[where] = columns.kind[ordinals]
            found.delta[where] = delta
            found.base[where] = np.where(delta != WHOLE, base + self.first_number[index], -1)
            found.size[where] = columns.size[ordinals]
        return found

    def column(self, pick: Callable[[Columns], NDArray[Any]], numbers: Numbers) -> NDArray[np.int64]:
        """One column of the objects' entries."""
        found = np.empty(len(numbers), np.int64)
        for index, where, ordinals in self.by_segment(numbers):
            found[where] = pick(self.segments[index].columns)[ordinals]
        return found

    def kind(self, number: int) -> int:
        index, ordinal = self.locate(number)
        return int(self.segments[index].columns.kind[ordinal])

    def reader(self) -> Reader:
        """To read several objects with; for one thread."""
        return Reader([(segment.pack, segment.columns) for segment in self.segments])

    def read(self, number: int) -> tuple[int, bytes]:
        index, ordinal = self.locate(number)
        segment = self.segments[index]
        content = Reader([(segment.pack, segment.columns)]).content(0, ordinal)
        return int(segment.columns.kind[ordinal]), content

    # --- commits and what they introduce -----------------------------------------------------

    def introduced(self, places: Numbers, depth_max: int | None = None) -> Numbers:
        """What these commits introduce, less than `depth_max` steps below the root; unsorted, and not each once."""
        parts: list[Numbers] = []
        bounds = np.searchsorted(places, self.first_place)
        for index, (segment, low, high) in enumerate(zip(self.segments, bounds[:-1], bounds[1:], strict=True)):
            if low == high:
                continue
            columns = segment.columns
            local = places[low:high] - self.first_place[index]
            at = slice(None) if len(local) == len(columns.commit) else spans(columns.intro_at, local)
            links = columns.intro[at]
            if depth_max is not None:
                links = links[columns.depth[at] < depth_max]
            parts.append(self._numbered(index, links))
        found = np.concatenate(parts) if parts else _NONE
        if (found == NOWHERE).any():
            raise Damaged("an object that a commit's tree names is missing", hint="`gitant doctor` looks for more")
        return found[found >= 0]

    def introduced_in(self, numbers: Numbers, past: Mask) -> Mask:
        """Which of these objects a commit of `past` introduces (a commit introduces itself)."""
        held = self._introduced_beside(numbers, past)
        held |= _any_in(past, self.again.number, self.again.by, numbers, held, 0)
        left = np.flatnonzero(~held)
        which, copies = self.naming.copies_of(numbers[left])
        held[left[which[self._introduced_beside(copies, past)]]] = True
        return held

    def _introduced_beside(self, numbers: Numbers, past: Mask) -> Mask:
        """Which of these own numbers are of objects that a commit of `past` introduces that lies in the same pack."""
        held = np.zeros(len(numbers), np.bool_)
        for index, where, ordinals in self.by_segment(numbers):
            columns, first_place = self.segments[index].columns, int(self.first_place[index])
            first = columns.first[ordinals]
            known = first >= 0
            known[known] = past[first_place + first[known]]
            held[where] = known | _any_in(past, columns.again, columns.again_by, ordinals, known, first_place)
        return held

    def walked(self, places: Numbers) -> Numbers:
        """Those of these commits of which it is not known what they introduce."""
        parts: list[Numbers] = []
        bounds = np.searchsorted(places, self.first_place)
        for segment, low, high, first in zip(self.segments, bounds[:-1], bounds[1:], self.first_place, strict=False):
            if low < high:
                mine = places[low:high]
                parts.append(mine[segment.columns.walk[mine - first] != 0])
        return np.concatenate(parts) if parts else _NONE

    def commits(self, oids: Iterable[str]) -> list[int]:
        """The places of the commits that these are or, as tags, lead to, each once; what is not here is left out."""
        numbers = self.find(list(oids))
        ends, _ = self.peeled(numbers[numbers >= 0])
        commits = ends[self.column(lambda columns: columns.kind, ends) == COMMIT]
        places: list[int] = np.unique(self.graph.places(commits)).tolist()
        return places

    def peeled(self, numbers: Numbers) -> tuple[Numbers, list[int]]:
        """What these objects are or, as tags, lead to; and the tags on the way."""
        ends, tags = numbers.copy(), list[int]()
        for row in np.flatnonzero(self.column(lambda columns: columns.kind, numbers) == TAG).tolist():
            *passed, ends[row] = self.chain(int(numbers[row]))
            tags += passed
        return ends, tags

    def chain(self, number: int) -> list[int]:
        """An object and, of a tag, what it leads to step by step; raises `Damaged` where that is not here."""
        steps = [number]
        while steps[-1] in self.tag_targets:
            steps.append(self.tag_targets[steps[-1]])
            if steps[-1] < 0 or len(steps) > _TAG_CHAIN_MAX:
                raise Damaged(f"what the tag {self.name(number).hex()} leads to is missing")
        return steps

    # --- linking -----------------------------------------------------------------------------

    def _numbered(self, index: int, links: NDArray[Any]) -> Numbers:
        numbers = links + self.first_number[index]
        outside = np.flatnonzero(links < 0)
        if len(outside):
            numbers[outside] = self.foreign[index][~links[outside]]
        return self.canonical(numbers)

    def _foreign_of(self, added: Sequence[Segment]) -> list[Numbers]:
        if not added:
            return []
        ids = [segment.columns.foreign for segment in added]
        found = self.naming.numbers(np.concatenate(ids), missing=NOWHERE)
        return np.split(found, np.cumsum([len(rows) for rows in ids])[:-1])

    def _note_tags(self, new: Iterable[tuple[int, Segment]]) -> None:
        for index, segment in new:
            tags = self.canonical(segment.columns.tag + self.first_number[index])
            targets = self._numbered(index, segment.columns.tag_target)
            self.tag_targets.update(zip(tags.tolist(), targets.tolist(), strict=True))

    def _noted_again(self, before: _Again, new: Iterable[tuple[int, Segment]]) -> _Again:
        again, by = [before.number], [before.by]
        for index, segment in new:
            columns = segment.columns
            outside = int(np.searchsorted(columns.again, 0))
            again.append(self._numbered(index, columns.again[:outside]))
            by.append(columns.again_by[:outside] + self.first_place[index])
        numbers = np.concatenate(again)
        order = np.argsort(numbers, kind="stable")
        return _Again(numbers[order], np.concatenate(by)[order])

    def _joined(self, before: CommitColumns, new: Sequence[tuple[int, Segment]]) -> CommitColumns:
        """The columns of all commits, with their parents found."""
        columns = [segment.columns for _, segment in new]
        numbers = np.concatenate(
            [before.number, *(segment.columns.commit + self.first_number[index] for index, segment in new)]
        )
        return CommitColumns(
            numbers,
            np.concatenate([before.time, *(one.time for one in columns)]),
            np.concatenate([before.generation, *(one.generation for one in columns)]),
            np.concatenate([before.tree, *(self._numbered(index, segment.columns.tree) for index, segment in new)]),
            _starts_of([np.diff(before.parent_at), *(np.diff(one.parent_at) for one in columns)]),
            np.concatenate([before.parent, *(self._places(index, segment, numbers) for index, segment in new)]),
        )

    def _places(self, index: int, segment: Segment, numbers: Numbers) -> NDArray[np.int32]:
        """Where the parents of a segment's commits stand among all commits."""
        links = segment.columns.parent
        found = numbers[np.maximum(links, 0) + self.first_place[index]] if len(links) else _NONE
        outside = np.flatnonzero(links < 0)
        found[outside] = self.foreign[index][~links[outside]]
        if (found < 0).any():
            raise Damaged(f"{segment.pack.path.name} has a commit whose parent is missing")
        return np.searchsorted(numbers, self.canonical(found)).astype(np.int32)


class Shown(Protocol):
    """What somebody sees of a repository."""

    @property
    def tables(self) -> LinkedTables: ...
    @property
    def refs(self) -> Sequence[AdvertisedRef]: ...
    @property
    def tips(self) -> tuple[str, ...]:
        """The objects that refs point to, each once."""
        ...

    @property
    def past(self) -> Mask:
        """Which commits they lead to."""
        ...


def _starts(lengths: Iterable[int]) -> NDArray[np.int64]:
    return _starts_of([np.array(list(lengths), np.int64)])


def _starts_of(lengths: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Where each begins that has one of these lengths, and where the last one ends."""
    return np.concatenate([[0], np.cumsum(np.concatenate(lengths))]).astype(np.int64)


def spans(starts: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """All positions from `starts[row]` up to `starts[row + 1]`, of one row after the other."""
    return positions(starts[rows], starts[rows + 1])[1]


def _any_in(
    past: Mask, again: NDArray[Any], by: NDArray[Any], objects: NDArray[np.int64], known: Mask, first_place: int
) -> Mask:
    """Which of `objects` that are not `known` stand in `again` beside a commit of `past`."""
    found = np.zeros(len(objects), np.bool_)
    left = np.flatnonzero(~known)
    if not len(again) or not len(left):
        return found
    which, rows = runs(again, objects[left])
    which = left[which]
    found[which[past[by[rows] + first_place]]] = True
    return found
