"""The segments of a repository under one numbering: `Tables`.

A segment never waits for others to be made, so what joins them is made here, in memory, when a repository is opened:
which ids lie in several packs, which commit is whose parent, what the foreign ids are. New packs are added to what is
there (`with_packs`), and what was numbered keeps its number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, final

import numpy as np

from domain.errors import Damaged
from storage.git.engine.building import EMPTY_TREE
from storage.git.engine.entries import matching
from storage.git.engine.graph import CommitColumns, Graph
from storage.git.engine.lookup import Lookup
from storage.git.engine.reading import Reader
from storage.git.engine.segment import NAME_BYTES, keys_of
from storage.git.engine.tables import WHOLE, Entries, PackFile
from storage.git.engine.view import SeenThrough

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from domain.ports_git import AdvertisedRef
    from storage.git.engine.segment import Columns, Segment
    from storage.git.engine.tables import Mask, Numbers

_YOUNG_OBJECTS_MAX: Final = 16_384
"""Smaller packs are looked up in all at once."""
_NOWHERE: Final = -2
"""In place of the number of an object that is named and not here."""


class _Names(NamedTuple):
    """Ids that are looked up together, ascending, and the number of each."""

    key: NDArray[np.uint64]
    names: NDArray[np.uint8]
    number: NDArray[np.int64] | None
    """None where they are those of a pack."""
    first: int

    def find(self, ids: NDArray[np.uint8]) -> Numbers:
        rows = matching(self.key, self.names, ids)
        if self.number is None:
            return np.where(rows >= 0, rows + self.first, -1)
        return np.where(rows >= 0, self.number[rows], -1) if len(self.number) else rows


_NO_NAMES: Final = _Names(np.empty(0, np.uint64), np.empty((0, NAME_BYTES), np.uint8), np.empty(0, np.int64), 0)
_NO_COMMITS: Final = CommitColumns(
    np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.int64),
    np.zeros(1, np.int64), np.empty(0, np.int32),
)  # fmt: skip
_NONE: Final = np.empty(0, np.int64)


@final
class LinkedTables:
    """`Tables` over segments. Start from `LinkedTables()` and add."""

    def __init__(self) -> None:
        self.segments: tuple[Segment, ...] = ()
        self.packs: Sequence[PackFile] = ()
        self.count = 0
        self.graph = Graph(_NO_COMMITS)
        self.first_number = np.zeros(1, np.int64)
        """Of each segment, and of one that may follow."""
        self.first_place = np.zeros(1, np.int64)
        """Of each segment's commits, likewise."""
        self.foreign: tuple[Numbers, ...] = ()
        """For each segment, the numbers of its foreign ids."""
        self.tag_targets: dict[int, int] = {}
        self._large: tuple[_Names, ...] = ()
        self._young = _NO_NAMES
        self._copies, self._originals = _NONE, _NONE
        self._again, self._again_by = _NONE, _NONE
        self._lookups: tuple[tuple[Lookup, _Names], ...] = ()

    def with_packs(self, segments: Iterable[Segment]) -> LinkedTables:
        """These tables and more; raises `Damaged` where a commit's parent is nowhere."""
        new = LinkedTables()
        added = sorted(segments, key=lambda segment: (-len(segment.pack.names), segment.pack.path.name))
        new.segments = (*self.segments, *added)
        sizes = [len(segment.pack.names) for segment in new.segments]
        new.first_number = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        new.first_place = np.concatenate(
            [[0], np.cumsum([len(segment.columns.commit) for segment in new.segments])]
        ).astype(np.int64)
        new.count = int(new.first_number[-1])
        new.packs = tuple(
            PackFile(segment.pack.path, segment.pack.data, int(first), len(segment.pack.names))
            for segment, first in zip(new.segments, new.first_number, strict=False)
        )
        new._name(self, added)
        ids = [segment.columns.foreign for segment in added]
        found = new.numbers_of(np.concatenate([_NO_NAMES.names, *ids]), missing=_NOWHERE)
        new.foreign = (*self.foreign, *np.split(found, np.cumsum([len(rows) for rows in ids])[:-1])) if added else ()
        new._link(self, added)
        return new

    # --- names and numbers -------------------------------------------------------------------

    def find(self, oids: Sequence[str]) -> Numbers:
        raw = np.frombuffer(bytes.fromhex("".join(oids)), np.uint8).reshape(-1, NAME_BYTES)
        return self.numbers_of(raw)

    def number(self, oid: bytes) -> int:
        """Of one object; -1 if it is not here."""
        for lookup, names in self._lookups:
            row = lookup.row(oid)
            if row >= 0:
                number = row + names.first if names.number is None else int(names.number[row])
                return int(self.canonical(np.array([number]))[0]) if len(self._copies) else number
        return -1

    def numbers_of(self, ids: NDArray[np.uint8], *, missing: int = -1) -> Numbers:
        """Canonical numbers of ids, 20 bytes a row; `missing` for what is not here."""
        found = np.full(len(ids), -1, np.int64)
        left = np.arange(len(ids))
        for names in (*self._large, self._young):
            found[left] = names.find(ids[left])
            left = np.flatnonzero(found < 0)
            if not len(left):
                return self.canonical(found)
        if missing != -1:
            known = (ids[left] == np.frombuffer(EMPTY_TREE, np.uint8)).all(axis=1)
            found[left[~known]] = missing
        return self.canonical(found)

    def canonical(self, numbers: Numbers) -> Numbers:
        if not len(self._copies) or not len(numbers):
            return numbers
        at = np.minimum(np.searchsorted(self._copies, numbers), len(self._copies) - 1)
        return np.where(self._copies[at] == numbers, self._originals[at], numbers)

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
        if (found == _NOWHERE).any():
            raise Damaged("an object that a commit's tree names is missing", hint="`gitant doctor` looks for more")
        return found[found >= 0]

    def introduced_in(self, numbers: Numbers, past: Mask) -> Mask:
        """Which of these objects a commit of `past` introduces (a commit introduces itself)."""
        held = np.zeros(len(numbers), np.bool_)
        for index, where, ordinals in self.by_segment(numbers):
            columns, first_place = self.segments[index].columns, self.first_place[index]
            first = columns.first[ordinals]
            known = first >= 0
            known[known] = past[first_place + first[known]]
            known |= _any_in(past, columns.again, columns.again_by, ordinals, known, int(first_place))
            held[where] = known
        return held | _any_in(past, self._again, self._again_by, numbers, held, 0)

    def walked(self, places: Numbers) -> Numbers:
        """Those of these commits of which it is not known what they introduce."""
        parts: list[Numbers] = []
        bounds = np.searchsorted(places, self.first_place)
        for segment, low, high, first in zip(self.segments, bounds[:-1], bounds[1:], self.first_place, strict=False):
            if low < high:
                mine = places[low:high]
                parts.append(mine[segment.columns.walk[mine - first] != 0])
        return np.concatenate(parts) if parts else _NONE

    def view(self, refs: Sequence[AdvertisedRef]) -> SeenThrough:
        return SeenThrough(self, refs)

    # --- linking -----------------------------------------------------------------------------

    def _numbered(self, index: int, links: NDArray[Any]) -> Numbers:
        numbers = links + self.first_number[index]
        outside = np.flatnonzero(links < 0)
        if len(outside):
            numbers[outside] = self.foreign[index][~links[outside]]
        return self.canonical(numbers)

    def _name(self, old: LinkedTables, added: Sequence[Segment]) -> None:
        """Make the new ids known, and find out which of them are copies."""
        self._large, self._young = old._large, old._young
        self._copies, self._originals = old._copies, old._originals
        parts, begin = list[_Names](), len(old.segments)
        for segment, first in zip(added, self.first_number[begin:-1].tolist(), strict=True):
            key, names = segment.columns.key, segment.pack.names
            if len(key) < _YOUNG_OBJECTS_MAX:
                parts.append(_Names(key, names, np.arange(first, first + len(key)), 0))
            else:
                self._note_copies(np.arange(first, first + len(key), dtype=np.int64), names, one_pack=True)
                self._large = (*self._large, _Names(key, names, None, first))
        if parts:
            begin = int(self.first_number[begin + len(added) - len(parts)])
            self._note_copies(
                np.arange(begin, self.count), np.concatenate([part.names for part in parts]), one_pack=False
            )
            self._young = _merged(self._young, parts, self._copies)
        self._lookups = tuple((Lookup(names.key, names.names), names) for names in (*self._large, self._young))

    def _note_copies(self, numbers: Numbers, names: NDArray[np.uint8], *, one_pack: bool) -> None:
        """Find those of these new objects that were there before, or are in an earlier place among them."""
        earlier, among = self.numbers_of(names), numbers
        if not one_pack:
            key = keys_of(names)
            order = np.argsort(key, kind="stable")
            among = numbers[order][matching(key[order], names[order], names)]
        original = np.where(earlier >= 0, earlier, among)
        copies = original != numbers
        if copies.any():
            self._copies = np.concatenate([self._copies, numbers[copies]])
            self._originals = np.concatenate([self._originals, original[copies]])

    def _link(self, old: LinkedTables, added: Sequence[Segment]) -> None:
        """Join the new commits and tags to the others."""
        begin = len(old.segments)
        before = old.graph.columns
        number, time, generation, tree = [before.number], [before.time], [before.generation], [before.tree]
        lengths = [np.diff(before.parent_at)]
        parents: list[Numbers] = []
        again, again_by = [old._again], [old._again_by]
        self.tag_targets = dict(old.tag_targets)
        for index, segment in enumerate(added, begin):
            columns, first = segment.columns, self.first_number[index]
            number.append(columns.commit + first)
            time.append(columns.time)
            generation.append(columns.generation)
            tree.append(self._numbered(index, columns.tree))
            lengths.append(np.diff(columns.parent_at))
            outside = int(np.searchsorted(columns.again, 0))
            again.append(self._numbered(index, columns.again[:outside]))
            again_by.append(columns.again_by[:outside] + self.first_place[index])
            targets = self._numbered(index, columns.tag_target).tolist()
            self.tag_targets.update(zip(self.canonical(columns.tag + first).tolist(), targets, strict=True))
        numbers = np.concatenate(number)
        for index, segment in enumerate(added, begin):
            parents.append(self._places(index, segment, numbers))
        order = np.argsort(np.concatenate(again), kind="stable")
        self._again, self._again_by = np.concatenate(again)[order], np.concatenate(again_by)[order]
        starts = np.concatenate([[0], np.cumsum(np.concatenate(lengths))]).astype(np.int64)
        self.graph = Graph(
            CommitColumns(
                numbers,
                np.concatenate(time),
                np.concatenate(generation),
                np.concatenate(tree),
                starts,
                np.concatenate([before.parent, *parents]).astype(np.int32),
            )
        )

    def _places(self, index: int, segment: Segment, numbers: Numbers) -> NDArray[np.int64]:
        """Where the parents of a segment's commits stand among all commits."""
        links = segment.columns.parent
        found = numbers[np.maximum(links, 0) + self.first_place[index]] if len(links) else _NONE
        outside = np.flatnonzero(links < 0)
        found[outside] = self.foreign[index][~links[outside]]
        if (found < 0).any():
            raise Damaged(f"{segment.pack.path.name} has a commit whose parent is missing")
        return np.searchsorted(numbers, self.canonical(found))


def spans(starts: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """All positions from `starts[row]` up to `starts[row + 1]`, of one row after the other."""
    begin = starts[rows]
    lengths = starts[rows + 1] - begin
    total = int(lengths.sum())
    before = np.cumsum(lengths) - lengths
    return np.repeat(begin - before, lengths) + np.arange(total)


def _any_in(
    past: Mask, again: NDArray[Any], by: NDArray[Any], objects: NDArray[np.int64], known: Mask, first_place: int
) -> Mask:
    """Which of `objects` that are not `known` stand in `again` beside a commit of `past`."""
    found = np.zeros(len(objects), np.bool_)
    left = np.flatnonzero(~known)
    if not len(again) or not len(left):
        return found
    low = np.searchsorted(again, objects[left], "left")
    lengths = np.searchsorted(again, objects[left], "right") - low
    which = np.repeat(left, lengths)
    before = np.cumsum(lengths) - lengths
    rows = np.repeat(low - before, lengths) + np.arange(int(lengths.sum()))
    found[which[past[by[rows] + first_place]]] = True
    return found


def _merged(young: _Names, parts: Sequence[_Names], copies: Numbers) -> _Names:
    """The ids of small packs in one order, copies left out."""
    numbers = [part.number for part in (young, *parts) if part.number is not None]
    number = np.concatenate(numbers)
    kept = ~np.isin(number, copies)
    key = np.concatenate([part.key for part in (young, *parts)])[kept]
    names = np.concatenate([part.names for part in (young, *parts)])[kept]
    order = np.argsort(key, kind="stable")
    return _Names(key[order], names[order], number[kept][order], 0)
