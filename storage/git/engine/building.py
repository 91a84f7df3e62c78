"""Make the tables of packs: read their commits and tags, and compare trees for what each commit introduces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, final

import numpy as np

from domain.errors import Damaged
from storage.git.commits import Meta, meta
from storage.git.engine.entries import matching, scan_entries
from storage.git.engine.lookup import Lookup
from storage.git.engine.reading import Reader
from storage.git.engine.segment import NAME_BYTES, Columns, Segment
from storage.git.engine.tables import COMMIT, TAG
from storage.git.engine.trees import DIGEST_BYTES, TooMuchWork, TreeComparer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from storage.git.engine.segment import IndexedPack

EMPTY_TREE: Final = bytes.fromhex("4b825dc642cb6eb9a060e54bf8d69288fbee4904")
"""Git knows it without having it."""
_WORK_MIN: Final = 5_000_000
_WORK_PER_OBJECT: Final = 1_000
_INTRODUCED_MIN: Final = 200_000
_INTRODUCED_PER_OBJECT: Final = 16
"""Beyond these a pack's remaining commits are not compared with their parents, so that no pack, small as it may be,
makes large tables: of three real histories of 50,000 to 200,000 objects none needs more than 45 and 2."""


_PATHS_PER_COMMIT_MAX: Final = 100_000
"""Of a commit that changes more it is not noted which; of all commits of a pack together the bound above holds."""


class KnownCommit(NamedTuple):
    """What other packs' tables tell of a commit."""

    generation: int
    tree: bytes
    brought: tuple[bytes, bytes] | None
    """Ids of what it introduces, one behind the other, and their depths; None where that was not found out."""


class Elsewhere(Protocol):
    """Packs that have tables already."""

    def content(self, oid: bytes) -> bytes | None:
        """The bytes of an object, or None if it is not there."""
        ...

    def commit(self, oid: bytes) -> KnownCommit | None: ...

    def changed(self, oid: bytes) -> bytes | None:
        """Digests of the paths that a commit changes, one behind the other; None where that is not known."""
        ...


class _Commit(NamedTuple):
    pack: int
    ordinal: int
    meta: Meta

    @property
    def parents(self) -> list[bytes]:
        return [_raw(parent) for parent in self.meta.parents]

    @property
    def tree(self) -> bytes:
        return _raw(self.meta.tree)


class _Brought(NamedTuple):
    names: bytes = b""
    depths: bytes = b""
    walk: bool = False
    paths: bytes | None = None
    """Digests of the paths that it changes."""


def build_segments(
    packs: Sequence[IndexedPack],
    elsewhere: Elsewhere,
    still_wanted: Callable[[], None] = lambda: None,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> list[Segment]:
    """Tables for packs that have none, which may build on one another.

    Raises `Damaged` where an object cannot be read or something that others name is nowhere. `still_wanted` is called
    now and then and may raise to end the work; `progress` is told of commits (done, all).
    """
    return _Batch(packs, elsewhere, still_wanted).segments(progress)


@final
class _Batch:
    def __init__(self, packs: Sequence[IndexedPack], elsewhere: Elsewhere, still_wanted: Callable[[], None]) -> None:
        self._packs = packs
        self._elsewhere = elsewhere
        self._still_wanted = still_wanted
        self._entries = [scan_entries(pack) for pack in packs]
        self._lookups = [Lookup(table.key, pack.names) for pack, table in zip(packs, self._entries, strict=True)]
        self._reader = Reader(list(zip(packs, self._entries, strict=True)))
        self._commits = {commit[0]: commit[1] for commit in self._read_commits()}
        self._generations: dict[bytes, int] = {}

    def segments(self, progress: Callable[[int, int], None]) -> list[Segment]:
        for oid in self._commits:
            self._number(oid)
        brought = self._all_brought(progress)
        made = list[Segment]()
        for index, pack in enumerate(self._packs):
            made.append(Segment(pack, self._columns(index, brought)))
        return made

    def _of_kind(self, index: int, kind: int) -> list[int]:
        """Ordinals in the order of the pack, in which the bases of deltas mostly come first."""
        table = self._entries[index]
        ordinals = np.flatnonzero(table.kind == kind)
        return [int(ordinal) for ordinal in ordinals[np.argsort(table.start[ordinals])]]

    def _read_commits(self) -> Iterable[tuple[bytes, _Commit]]:
        for index, pack in enumerate(self._packs):
            for ordinal in self._of_kind(index, COMMIT):
                found = meta(self._reader.content(index, ordinal))
                yield pack.names[ordinal].tobytes(), _Commit(index, ordinal, found)
            self._still_wanted()

    def _content(self, oid: bytes) -> bytes:
        for index, lookup in enumerate(self._lookups):
            ordinal = lookup.row(oid)
            if ordinal >= 0:
                return self._reader.content(index, ordinal)
        found = b"" if oid == EMPTY_TREE else self._elsewhere.content(oid)
        if found is None:
            raise Damaged(f"object {oid.hex()}, which others name, is missing")
        return found

    def _number(self, oid: bytes) -> None:
        """Find out the generation of a commit of this batch, its ancestors' first."""
        stack = [oid]
        while stack:
            oid = stack[-1]
            if oid in self._generations:
                stack.pop()
                continue
            parents = self._commits[oid].parents
            waiting = [parent for parent in parents if parent in self._commits and parent not in self._generations]
            if waiting:
                stack += waiting
            else:
                self._generations[oid] = 1 + max(map(self._generation, parents), default=0)
                stack.pop()

    def _generation(self, oid: bytes) -> int:
        own = self._generations.get(oid)
        return self._known(oid).generation if own is None else own

    def _known(self, oid: bytes) -> KnownCommit:
        found = self._elsewhere.commit(oid)
        if found is None:
            raise Damaged(f"commit {oid.hex()}, which is a parent of others, is missing")
        return found

    def _tree(self, oid: bytes) -> bytes:
        own = self._commits.get(oid)
        return self._known(oid).tree if own is None else own.tree

    def _all_brought(self, progress: Callable[[int, int], None]) -> dict[bytes, _Brought]:
        """Newest first: the trees of parents are mostly deltas on their children's, and are the next to be compared."""
        objects = sum(len(pack.names) for pack in self._packs)
        left = paths_left = _INTRODUCED_MIN + _INTRODUCED_PER_OBJECT * objects
        comparer = TreeComparer(self._content, _WORK_MIN + _WORK_PER_OBJECT * objects)
        brought: dict[bytes, _Brought] = {}
        for oid in sorted(self._commits, key=lambda oid: (-self._generations[oid], oid)):
            if len(brought) % 256 == 0:
                self._still_wanted()
                progress(len(brought), len(self._commits))
            known = self._elsewhere.commit(oid)
            if known is not None and known.brought is not None:
                found = _Brought(*known.brought)
            else:
                found = _Brought(walk=True) if left <= 0 else self._compared(comparer, self._commits[oid])
                left -= len(found.depths)
            paths = None if known is None else self._elsewhere.changed(oid)
            if paths is None:
                paths = self._changed(comparer, self._commits[oid], min(paths_left, _PATHS_PER_COMMIT_MAX))
                paths_left -= len(paths or b"") // DIGEST_BYTES
            brought[oid] = found._replace(paths=paths)
        return brought

    def _changed(self, comparer: TreeComparer, commit: _Commit, paths_max: int) -> bytes | None:
        if not commit.parents:
            return b""
        try:
            return b"".join(comparer.differing(commit.tree, self._tree(commit.parents[0]), paths_max))
        except TooMuchWork:
            return None

    def _compared(self, comparer: TreeComparer, commit: _Commit) -> _Brought:
        try:
            found = comparer.brought(commit.tree, list(dict.fromkeys(map(self._tree, commit.parents))))
        except TooMuchWork:
            return _Brought(walk=True)
        return _Brought(b"".join(found), bytes(found.values()))

    def _columns(self, index: int, brought: dict[bytes, _Brought]) -> Columns:
        pack, table = self._packs[index], self._entries[index]
        commit = np.flatnonzero(table.kind == COMMIT).astype(np.int32)
        oids = [pack.names[ordinal].tobytes() for ordinal in commit.tolist()]
        # A commit may lie in several packs of the batch, and is told of in each.
        found = [self._commits[oid] for oid in oids]
        mine = [brought[oid] for oid in oids]
        links = _Links(table.key, pack.names)
        tree = links.ask(b"".join(one.tree for one in found))
        parents = [one.parents for one in found]
        parent = links.ask(b"".join(oid for several in parents for oid in several))
        intro = links.ask(b"".join(one.names for one in mine))
        tags = np.flatnonzero(table.kind == TAG).astype(np.int32)
        target = links.ask(b"".join(_target(self._reader.content(index, tag)) for tag in tags.tolist()))
        foreign = links.settle()
        paths = _paths([one.paths or b"" for one in mine])
        intro_at = _starts([len(one.depths) for one in mine])
        generation = np.array([self._generations[oid] for oid in oids], np.int32)
        # A parent is told by its place among the commits, not among the objects.
        parent = np.where(parent < 0, parent, np.searchsorted(commit, np.maximum(parent, 0)))
        by = np.repeat(np.arange(len(commit), dtype=np.int32), np.diff(intro_at))
        first = _first(len(table.key), commit, generation, by, intro)
        again = np.flatnonzero((intro < 0) | (first[np.maximum(intro, 0)] != by)) if len(intro) else by
        again = again[np.argsort(intro[again], kind="stable")]
        return Columns(
            *table,
            first=first,
            commit=commit,
            time=np.array([one.meta.time for one in found], np.int64),
            generation=generation,
            tree=tree,
            parent_at=_starts([len(several) for several in parents]),
            parent=parent.astype(np.int32),
            intro_at=intro_at,
            intro=intro,
            depth=np.frombuffer(b"".join(one.depths for one in mine), np.uint8),
            walk=np.array([one.walk for one in mine], np.uint8),
            **paths._asdict(),
            path_walk=np.array([one.paths is None for one in mine], np.uint8),
            again=intro[again],
            again_by=by[again],
            tag=tags,
            tag_target=target,
            foreign=foreign,
        )


@final
class _Links:
    """Turns ids into links: first `ask` for each column, then `settle` the foreign ones of all."""

    def __init__(self, key: NDArray[np.uint64], names: NDArray[np.uint8]) -> None:
        self._key = key
        self._names = names
        self._foreign: list[tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.uint8]]] = []

    def ask(self, ids: bytes) -> NDArray[np.int32]:
        rows = np.frombuffer(ids, np.uint8).reshape(-1, NAME_BYTES)
        links = matching(self._key, self._names, rows).astype(np.int32)
        missing = np.flatnonzero(links < 0)
        self._foreign.append((links, missing, rows[missing]))
        return links

    def settle(self) -> NDArray[np.uint8]:
        """Write the foreign links into the columns that `ask` gave; the foreign ids."""
        rows = np.concatenate([ids for _, _, ids in self._foreign])
        words = np.ascontiguousarray(rows).view(f"S{NAME_BYTES}").reshape(-1)
        unique, place = np.unique(words, return_inverse=True)
        at = 0
        for links, missing, ids in self._foreign:
            links[missing] = ~place[at : at + len(ids)].astype(np.int32)
            at += len(ids)
        return unique.view(np.uint8).reshape(-1, NAME_BYTES)


def _first(
    objects: int,
    commit: NDArray[np.int32],
    generation: NDArray[np.int32],
    by: NDArray[np.int32],
    intro: NDArray[np.int32],
) -> NDArray[np.int32]:
    """For each object the commit of the lowest generation that introduces it."""
    by_rank = np.argsort(generation, kind="stable")
    rank = np.empty(len(commit), np.int32)
    rank[by_rank] = np.arange(len(commit), dtype=np.int32)
    lowest = np.full(objects, len(commit), np.int32)
    here = intro >= 0
    np.minimum.at(lowest, intro[here], rank[by[here]])
    first = np.full(objects, -1, np.int32)
    some = lowest < len(commit)
    first[some] = by_rank[lowest[some]]
    first[commit] = np.arange(len(commit), dtype=np.int32)
    return first


class _Paths(NamedTuple):
    """The columns of these names."""

    path_key: NDArray[np.uint64]
    path_rest: NDArray[np.uint64]
    path_at: NDArray[np.int64]
    path_by: NDArray[np.int32]


def _paths(changed: Sequence[bytes]) -> _Paths:
    """Of the digests of what each commit changes."""
    rows = np.frombuffer(b"".join(changed), f"S{DIGEST_BYTES}")
    by = np.repeat(np.arange(len(changed), dtype=np.int32), [len(one) // DIGEST_BYTES for one in changed])
    unique, place = np.unique(rows, return_inverse=True)
    words = np.ascontiguousarray(unique).view(">u8").reshape(-1, 2).astype(np.uint64)
    at = _starts(np.bincount(place, minlength=len(unique)).tolist())
    return _Paths(words[:, 0], words[:, 1], at, by[np.argsort(place, kind="stable")])


def _starts(lengths: list[int]) -> NDArray[np.int64]:
    starts = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=starts[1:])
    return starts


def _target(tag: bytes) -> bytes:
    """The id that a tag is on; git has checked that its first line says it."""
    return _raw(tag[7:47])


def _raw(oid: bytes) -> bytes:
    try:
        raw = bytes.fromhex(oid.decode())
    except ValueError:
        raw = b""
    if len(raw) != NAME_BYTES:
        raise Damaged(f"a commit or tag names {oid!r}, which is no object")
    return raw
