"""`ServingStore` in the plainest way: each answer is walked anew, object by object, over dulwich. The engine's twin."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, final

from dulwich.object_format import SHA1
from dulwich.objects import Commit, ObjectID, ShaFile, Tag, Tree
from dulwich.pack import PackChunkGenerator, generate_unpacked_objects

from domain.errors import InvalidInput
from domain.ports_serving import DEPTH_INFINITE, Cut
from storage.git.plain_objects import ServedObjects
from storage.git.plain_walk import Walks

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from domain.ids import StreamId
    from domain.ports_git import AdvertisedRef, GitStore
    from domain.ports_serving import Deepening, ObjectFilter, PackRequest

_SUBMODULE: Final = 0o160000
_TREE: Final = 0o040000
_REUSE_SHARE: Final = 8
"""To find the deltas it may send as they are, dulwich reads all packs whole; for a few objects that is not worth it."""


@final
class PlainServing:
    """`ServingStore` that keeps nothing between two requests."""

    def __init__(self, store: GitStore) -> None:
        self._store = store

    def open(self, repo: StreamId, *, visible: Callable[[str], bool] | None = None) -> PlainServed:
        """The repository as it is now, to somebody who sees those refs."""
        refs = [ref for ref in self._store.advertised(repo) if visible is None or visible(ref.name)]
        return PlainServed(self._store.path(repo), refs)

    def close(self) -> None:
        """Nothing is held."""


@final
class PlainServed:
    """`ServedRepo`: refs read once, objects when they are asked for."""

    def __init__(self, path: Path, refs: Sequence[AdvertisedRef]) -> None:
        self.refs = refs
        self.stamp = _stamp(refs)
        self._objects = ServedObjects(path / "objects")
        self._walks = Walks(self._objects)
        self._commits_left = self._walks.newest_first(ref.oid for ref in refs)
        self._commits_seen: set[str] = set()

    def close(self) -> None:
        self._objects.close()

    def has(self, oid: str) -> bool:
        return _id(oid) in self._objects and self._is_visible_commit(oid)

    def held(self, oids: Sequence[str]) -> list[str]:
        return [oid for oid in oids if self.has(oid)]

    def missing(self, oids: Collection[str]) -> set[str]:
        """Looks at tips first, then at commits, and only then at every object there is."""
        shown = {oid for ref in self.refs for oid in (ref.oid, ref.peeled)}
        left = {oid for oid in set(oids) - shown if _id(oid) in self._objects}
        others = {oid for oid in left if not self._is_visible_commit(oid)}
        absent = set(oids) - shown - left
        if others:
            for oid in self._everything():
                others.discard(oid)
                if not others:
                    break
        return absent | others

    def cut(self, wants: Sequence[str], client_shallow: Collection[str], deepening: Deepening) -> Cut:
        known = frozenset(oid for oid in client_shallow if self.has(oid))
        if deepening.depth is None:
            return self._cut_by_walk(wants, known, deepening)
        if deepening.depth >= DEPTH_INFINITE:
            return Cut(frozenset(), known)
        starts, depth = wants, deepening.depth
        if deepening.relative:
            past = set(self._walks.newest_first(wants))
            starts, depth = sorted(known & past), depth + 1
        ends, above = self._walks.within(starts, depth)
        return Cut(frozenset(ends - known), known & above)

    def all_meet(self, wants: Sequence[str], common: Collection[str]) -> bool:
        return self._walks.all_meet(wants, sorted(common))

    def pack(self, request: PackRequest, progress: Callable[[str], None]) -> PlainPack:
        chosen = _Selection(self._objects, self._walks, request, progress).run()
        if request.include_tag:
            self._add_tags(chosen)
        return PlainPack(self._objects, list(chosen))

    def sizes(self, oids: Collection[str]) -> dict[str, int]:
        return {oid: len(self._objects.get_raw(_id(oid))[1]) for oid in set(oids) - self.missing(oids)}

    def _cut_by_walk(self, wants: Sequence[str], known: frozenset[str], deepening: Deepening) -> Cut:
        names = {ref.name: ref.oid for ref in self.refs}
        if unknown := [name for name in deepening.excluded if name not in names]:
            raise InvalidInput(f"there is no ref {unknown[0]}")
        without = set(self._walks.newest_first(names[name] for name in deepening.excluded))
        kept = set(self._walks.newest_first(wants, since=deepening.since or 0)) - without
        if not kept:
            raise InvalidInput("no commits selected for shallow requests")
        border = {oid for oid in kept if not kept.issuperset(self._walks.parents(oid))}
        return Cut(frozenset(border - known), known & (kept - border))

    def _is_visible_commit(self, oid: str) -> bool:
        while oid not in self._commits_seen:
            found = next(self._commits_left, None)
            if found is None:
                return False
            self._commits_seen.add(found)
        return True

    def _everything(self) -> Iterator[str]:
        """Every tag, tree and blob that the refs lead to."""
        seen = set[str]()
        for ref in self.refs:
            yield from (oid for oid, _ in _chain(self._objects, ref.oid))
            yield from _below(self._objects, ref.peeled or ref.oid, seen)  # nothing if that is a commit
        for commit in self._walks.newest_first(ref.oid for ref in self.refs):
            yield self._walks.tree(commit)
            yield from _below(self._objects, self._walks.tree(commit), seen)

    def _add_tags(self, chosen: dict[str, None]) -> None:
        for ref in self.refs:
            if ref.peeled in chosen:
                chosen.update((oid, None) for oid, found in _chain(self._objects, ref.oid) if isinstance(found, Tag))


@final
class PlainPack:
    """`OutgoingPack`: objects deflated one by one as they are asked for."""

    size: int | None = None

    def __init__(self, objects: ServedObjects, oids: list[str]) -> None:
        self.objects = len(oids)
        self._store = objects
        self._oids = oids

    def chunks(self) -> Iterator[bytes]:
        """Of an object each, or about that."""
        reuse = len(self._oids) * _REUSE_SHARE > sum(len(pack) for pack in self._store.packs)
        records = generate_unpacked_objects(
            self._store, [(_id(oid), None) for oid in self._oids], deltify=False, reuse_deltas=reuse
        )
        yield from PackChunkGenerator(SHA1, len(self._oids), records)


@final
class _Selection:
    """The objects of one pack, commits first."""

    def __init__(
        self, objects: ServedObjects, walks: Walks, request: PackRequest, progress: Callable[[str], None]
    ) -> None:
        self._objects = objects
        self._walks = walks
        self._request = request
        self._progress = progress
        self._chosen: dict[str, None] = {}
        self._depths: dict[str, int] = {}
        """How near to its commit each tree has been met: nearer, more of what is in it is within a filter's depth."""
        self._held: set[str] = set()

    def run(self) -> dict[str, None]:
        request, walks = self._request, self._walks
        cut = request.cut
        ends = request.client_shallow | cut.shallow if cut else request.client_shallow
        below = [parent for oid in sorted(cut.unshallow) for parent in walks.parents(oid)] if cut else []
        commits, edge = walks.lacking([*request.wants, *below], request.haves, ends)
        for oid in edge:
            self._held.add(walks.tree(oid))
            self._held.update(list(_below(self._objects, walks.tree(oid), self._held)))
        self._chosen.update(dict.fromkeys(commits))
        for want in request.wants:
            self._named(want)
        for number, oid in enumerate(commits):
            if number % 1000 == 0:
                self._progress(f"Counting objects: {len(self._chosen)}")
            self._add_tree(walks.tree(oid), 0)
        return self._chosen

    def _named(self, want: str) -> None:
        """A want that is no commit: a tag and what it leads to, or a tree or blob, whatever the filter, as git does."""
        for oid, found in _chain(self._objects, want):
            if not isinstance(found, Commit):
                self._chosen[oid] = None
            if isinstance(found, Tree):
                self._add_entries(found, -1)

    def _add_tree(self, oid: str, depth: int) -> None:
        if oid in self._held or self._beyond(depth) or self._depths.get(oid, depth + 1) <= depth:
            return
        self._depths[oid] = depth
        self._chosen[oid] = None
        tree = self._objects[_id(oid)]
        assert isinstance(tree, Tree)
        self._add_entries(tree, depth)

    def _add_entries(self, tree: Tree, depth: int) -> None:
        for _, mode, name in tree.items():
            if mode == _TREE:
                self._add_tree(name.decode(), depth + 1)
            elif mode != _SUBMODULE:
                self._add_blob(name.decode(), depth + 1)

    def _add_blob(self, oid: str, depth: int) -> None:
        if oid in self._held or oid in self._chosen or self._beyond(depth):
            return
        limit = self._filter.blob_bytes_max if self._filter else None
        if limit is None or (limit and len(self._objects.get_raw(_id(oid))[1]) < limit):
            self._chosen[oid] = None

    @property
    def _filter(self) -> ObjectFilter | None:
        return self._request.filter

    def _beyond(self, depth: int) -> bool:
        limit = self._filter.tree_depth_max if self._filter else None
        return limit is not None and depth >= limit


def _stamp(refs: Sequence[AdvertisedRef]) -> str:
    text = "\n".join(f"{ref.oid} {ref.name}" for ref in refs)
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _chain(objects: ServedObjects, oid: str) -> Iterator[tuple[str, ShaFile]]:
    """An object and, of a tag, what it leads to step by step."""
    found = objects[_id(oid)]
    yield oid, found
    while isinstance(found, Tag):
        oid = found.object[1].decode()
        found = objects[_id(oid)]
        yield oid, found


def _below(objects: ServedObjects, oid: str, seen: set[str]) -> Iterable[str]:
    """What is in a tree, however deep, and not in `seen` yet; trees there are not gone into again."""
    stack = [oid]
    while stack:
        tree = objects[_id(stack.pop())]
        if not isinstance(tree, Tree):
            continue
        for _, mode, name in tree.items():
            inside = name.decode()
            if mode != _SUBMODULE and inside not in seen:
                seen.add(inside)
                yield inside
                if mode == _TREE:
                    stack.append(inside)


def _id(oid: str) -> ObjectID:
    return ObjectID(oid.encode())
