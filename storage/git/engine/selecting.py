"""Which objects a pack must hold.

What a commit introduces is in its tree and at that path in none of its parents' trees. So whoever has a commit and its
past has all that those introduce, and nothing else in their trees: the objects of a difference of two histories are
those that its commits introduce. Where a history is cut, the commits at the cut lack parents; of these, trees are
compared anew with those of the parents that will be there.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple, final

import numpy as np

from domain.errors import Damaged, NotFound
from domain.ports_serving import Cut
from storage.git.engine.building import EMPTY_TREE
from storage.git.engine.naming import NOWHERE
from storage.git.engine.segment import NAME_BYTES
from storage.git.engine.tables import BLOB, COMMIT, TREE, Selection
from storage.git.engine.trees import TreeComparer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from domain.ports_serving import ObjectFilter, PackRequest
    from storage.git.engine.linked import LinkedTables, Shown
    from storage.git.engine.tables import Mask, Numbers

_EDGES_MAX: Final = 8
"""With so many of the client's commits' trees those at a cut are compared, to leave out what is the same."""
_NO_CUT: Final = Cut(frozenset(), frozenset())


class _Named(NamedTuple):
    """What the wants name."""

    commits: list[int]
    """Places."""
    objects: list[int]
    """Tags and blobs, by number: sent whatever the filter."""
    trees: list[int]


def everything(tables: LinkedTables, tips: Iterable[str], past: Mask) -> Numbers:
    """All that `tips` lead to, whose commits and their past are `past`."""
    objects = _Objects(tables, None, lambda: None)
    objects.add_commits(np.flatnonzero(past))
    objects.add_named(_named(tables, tips))
    return objects.all()


def select(view: Shown, request: PackRequest, still_wanted: Callable[[], None]) -> Selection:
    """What a client needs who asks for this."""
    tables, graph = view.tables, view.tables.graph
    named = _named(tables, request.wants)
    haves = tables.commits(request.haves)
    cut = request.cut or _NO_CUT
    ends = frozenset(tables.commits((request.client_shallow | cut.shallow) - cut.unshallow))
    old_ends = frozenset(tables.commits(request.client_shallow))
    # What a client unshallows need not be in the past of what it wants.
    below = [parent for place in tables.commits(cut.unshallow) for parent in graph.parents(place)]
    if ends or old_ends:
        past = graph.past(haves, old_ends)
        places = np.flatnonzero(graph.past([*named.commits, *below], ends) & ~past)
    elif not haves and frozenset(request.wants) == frozenset(view.tips):
        past, places = _nothing(graph.count), np.flatnonzero(view.past)
    else:
        places = graph.lacking([*named.commits, *below], haves)
        past = graph.past(haves) if haves and len(places) else _nothing(graph.count)
    still_wanted()
    objects = _Objects(tables, request.filter, still_wanted)
    cut_off = [place for place in ends if _chosen(places, place)]
    objects.add_cut(cut_off, places, past, haves)
    objects.add_commits(np.setdiff1d(places, cut_off) if cut_off else places)
    if haves:
        objects.leave_out(past)
    objects.apply_filter()
    objects.add_named(named)
    if request.include_tag:
        objects.add_tags(view)
    return Selection(objects.all(), partial(_held, tables, past, request.filter is None))


def _nothing(count: int) -> Mask:
    return np.zeros(count, np.bool_)


def _held(tables: LinkedTables, past: Mask, whole: bool, numbers: Numbers) -> Mask:
    """Whether a client with these commits has these objects; one that filters surely has commits only."""
    held = tables.introduced_in(numbers, past)
    return held if whole else held & (tables.column(lambda columns: columns.kind, numbers) == COMMIT)


def _chosen(places: Numbers, place: int) -> bool:
    at = int(np.searchsorted(places, place))
    return at < len(places) and int(places[at]) == place


def _named(tables: LinkedTables, wants: Iterable[str]) -> _Named:
    oids = list(dict.fromkeys(wants))
    numbers = tables.find(oids)
    if len(absent := np.flatnonzero(numbers < 0)):
        raise NotFound(f"there is no object {oids[int(absent[0])]} in this repository")
    ends, tags = tables.peeled(numbers)
    kinds = tables.column(lambda columns: columns.kind, ends)
    return _Named(
        tables.graph.places(ends[kinds == COMMIT]).tolist(),
        [*tags, *ends[kinds == BLOB].tolist()],
        ends[kinds == TREE].tolist(),
    )


@final
class _Objects:
    """Objects as they are chosen: plain ones, which a filter may leave out, and named ones, which it may not."""

    def __init__(self, tables: LinkedTables, chosen: ObjectFilter | None, still_wanted: Callable[[], None]) -> None:
        self._tables = tables
        self._blob_max = chosen.blob_bytes_max if chosen else None
        self._depth_max = chosen.tree_depth_max if chosen else None
        self._still_wanted = still_wanted
        self._reader = tables.reader()
        self._commits = np.empty(0, np.int64)
        self._parts: list[Numbers] = []
        self._named: list[Numbers] = []
        self._plain: Numbers | None = None

    def add_commits(self, places: Numbers) -> None:
        """Commits and what they introduce."""
        tables = self._tables
        self._add_commits(places)
        if self._depth_max == 0:
            return
        self._parts.append(tables.introduced(places, self._depth_max))
        self._still_wanted()
        roots = np.unique(tables.graph.columns.tree[tables.walked(places)])
        if len(roots):
            self._parts.append(self._below(roots[roots >= 0].tolist()))

    def add_cut(self, cut_off: Sequence[int], places: Numbers, past: Mask, haves: Sequence[int]) -> None:
        """Commits some of whose parents the client will lack, with what parents and commits that it has lack."""
        self._add_commits(np.array(cut_off, np.int64))
        if self._depth_max == 0:
            return
        edges = sorted(haves, key=lambda place: -int(self._tables.graph.columns.generation[place]))[:_EDGES_MAX]
        if self._depth_max is not None:
            edges = []  # whoever filters by depth may lack what such a commit has deep down
        for place in cut_off:
            parents = self._tables.graph.parents(place)
            beside = [parent for parent in parents if past[parent] or _chosen(places, parent)] + edges
            self._parts.append(self._compared(place, list(dict.fromkeys(beside))))
            self._still_wanted()

    def leave_out(self, past: Mask) -> None:
        """Drop what somebody has who has these commits."""
        plain = self._merged()
        self._plain = plain[~self._tables.introduced_in(plain, past)]

    def apply_filter(self) -> None:
        self._plain = self._filtered(self._merged())

    def add_named(self, named: _Named) -> None:
        """Objects that the client names; what is in a tree is filtered as what is in a commit's."""
        self._named.append(np.array(named.objects, np.int64))
        if named.trees:
            # Git counts a tree that is named no step of its own.
            inside = self._filtered(self._below(named.trees, 1))
            self._named += [np.array(named.trees, np.int64), inside]

    def add_tags(self, view: Shown) -> None:
        """Tags that refs are and that lead to what is sent."""
        tagged = [(ref.oid, ref.peeled) for ref in view.refs if ref.peeled is not None]
        tags = self._tables.find([oid for oid, _ in tagged])
        ends = self._tables.find([end for _, end in tagged])
        sent = np.isin(ends, self.all())
        chains = [self._tables.chain(number)[:-1] for number in tags[sent & (tags >= 0)].tolist()]
        self._named.append(np.array([number for chain in chains for number in chain], np.int64))

    def all(self) -> Numbers:
        return self._unique([self._commits, self._merged(), *self._named])

    def _add_commits(self, places: Numbers) -> None:
        self._commits = np.concatenate([self._commits, self._tables.graph.columns.number[places]])

    def _filtered(self, numbers: Numbers) -> Numbers:
        if self._blob_max is None:
            return numbers
        kind = self._tables.column(lambda columns: columns.kind, numbers)
        large = self._tables.column(lambda columns: columns.size, numbers) >= self._blob_max
        small: Numbers = numbers[~((kind == BLOB) & large)]
        return small

    def _merged(self) -> Numbers:
        if self._plain is None:
            self._plain = self._unique(self._parts)
        return self._plain

    def _unique(self, parts: Sequence[Numbers]) -> Numbers:
        if sum(map(len, parts)) * 8 < self._tables.count:
            few: Numbers = np.unique(np.concatenate([np.empty(0, np.int64), *parts]))
            return few
        mask = np.zeros(self._tables.count, np.bool_)
        for part in parts:
            mask[part] = True
        return np.flatnonzero(mask)

    def _compared(self, place: int, others: Sequence[int]) -> Numbers:
        comparer = TreeComparer(self._content)
        trees = [self._tree(other) for other in others]
        return self._within(comparer.brought(self._tree(place), list(dict.fromkeys(trees))))

    def _below(self, roots: Sequence[int], deeper: int = 0) -> Numbers:
        """These trees and all that is in them, `deeper` steps more than the filter lets through."""
        comparer = TreeComparer(self._content)
        return self._within(comparer.below([self._tables.name(number) for number in roots], self._still_wanted), deeper)

    def _within(self, found: dict[bytes, int], deeper: int = 0) -> Numbers:
        limit = None if self._depth_max is None else self._depth_max + deeper
        names = b"".join(found if limit is None else (oid for oid, depth in found.items() if depth < limit))
        numbers = self._tables.naming.numbers(np.frombuffer(names, np.uint8).reshape(-1, NAME_BYTES), missing=NOWHERE)
        if (numbers == NOWHERE).any():
            raise Damaged("an object that a tree names is missing", hint="`gitant doctor` looks for more")
        return numbers[numbers >= 0]

    def _tree(self, place: int) -> bytes:
        number = int(self._tables.graph.columns.tree[place])
        return EMPTY_TREE if number < 0 else self._tables.name(number)

    def _content(self, oid: bytes) -> bytes:
        number = self._tables.number(oid)
        if number >= 0:
            return self._reader.content(*self._tables.locate(number))
        if oid == EMPTY_TREE:
            return b""
        raise Damaged(f"tree {oid.hex()} is missing", hint="`gitant doctor` looks for more")
