"""`ServingStore` over the tables and the packs: refs from a cache, objects chosen by tables, packs made of slices.

Where a repository's tables are still to be made, and that takes long, somebody else answers for it meanwhile.
"""

from __future__ import annotations

import hashlib
import logging
import time
from contextlib import suppress
from threading import Event, Thread
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, final

from domain.errors import LocalFault
from domain.ports_serving import PackRequest
from storage.git.engine.assembly import assemble
from storage.git.engine.deflated import Deflated
from storage.git.engine.plans import Plans, Wish
from storage.git.engine.shown import RefsCache

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from domain.ids import StreamId
    from domain.ports_git import AdvertisedRef, GitStore
    from domain.ports_serving import Cut, Deepening, OutgoingPack
    from storage.git.engine.plan import Plan
    from storage.git.engine.shelf import Shelf
    from storage.git.engine.shown import Shown
    from storage.git.engine.tables import TableStore, View

_log = logging.getLogger(__name__)
WARMED_MAX: Final = 4
"""Repositories that are opened when a process starts."""
_SAY_EVERY_S: Final = 1.0


class Seen(Protocol):
    """What one set of refs leads to: the methods are those of `ServedRepo` with the same names."""

    def held(self, oids: Sequence[str]) -> list[str]: ...
    def missing(self, oids: Collection[str]) -> set[str]: ...
    def cut(self, wants: Sequence[str], client_shallow: Collection[str], deepening: Deepening) -> Cut: ...
    def all_meet(self, wants: Sequence[str], common: Collection[str]) -> bool: ...
    def sizes(self, oids: Collection[str]) -> Mapping[str, int]: ...


class PlainSeen(Seen, Protocol):
    """The same without tables."""

    def plan(self, request: PackRequest, scratch: Path, still_wanted: Callable[[], None]) -> Plan:
        """The pack that is asked for; files that it may need are made in `scratch` and have no name."""
        ...

    def close(self) -> None:
        """Let go of what is open."""


class Meanwhile(Protocol):
    """Who answers for repositories whose tables somebody else is to make."""

    def open(self, path: Path, refs: Sequence[AdvertisedRef]) -> PlainSeen:
        """The repository in this folder, to somebody who is shown these refs."""
        ...


class _Parts(NamedTuple):
    """What the repositories of one process share."""

    tables: TableStore
    shelf: Shelf
    plans: Plans
    deflated: Deflated
    meanwhile: Meanwhile | None
    told: set[StreamId]
    """Of which repositories the log says that they are served without tables."""


@final
class EngineServing:
    """`ServingStore` of one process: tables of many repositories, and packs that were made before."""

    def __init__(self, store: GitStore, tables: TableStore, shelf: Shelf, meanwhile: Meanwhile | None = None) -> None:
        """Without `meanwhile`, tables that are missing are made by whoever asks first, and the others wait."""
        self._store = store
        self._refs = RefsCache(store)
        self._closing = Event()
        self._warming: Thread | None = None
        self._parts = _Parts(tables, shelf, Plans(shelf), Deflated(), meanwhile, set())

    def open(self, repo: StreamId, *, visible: Callable[[str], bool] | None = None) -> EngineServed:
        """The repository as it is now, to somebody who sees those refs."""
        # Refs before packs: what they lead to was there before they moved.
        shown = self._refs.shown(repo, visible)
        return EngineServed(repo, self._store.path(repo), shown, self._parts)

    def warm_up(self) -> None:
        """Open what was asked for last before somebody asks again; in a thread that `close` ends."""
        self._warming = Thread(target=self._warm, name="git-warming", daemon=True)
        self._warming.start()

    def _warm(self) -> None:
        for repo in self._parts.shelf.recent(WARMED_MAX):
            if self._closing.is_set():
                return
            with suppress(LocalFault, OSError):  # whoever asks for it will be told
                served = self.open(repo)
                served.warm()
                served.close()

    def close(self) -> None:
        """Let go of what is held in memory."""
        self._closing.set()
        if self._warming is not None:
            self._warming.join()
        self._parts.plans.close()


@final
class EngineServed:
    """`ServedRepo`: the tables are opened when the first question needs them."""

    def __init__(self, repo: StreamId, path: Path, shown: Shown, parts: _Parts) -> None:
        self.refs: Sequence[AdvertisedRef] = shown.refs
        self.stamp = shown.stamp
        self._repo = repo
        self._path = path
        self._parts = parts
        self._opened: View | None = None
        self._plain: PlainSeen | None = None

    @property
    def _view(self) -> View:
        if self._opened is None:
            self._opened = self._parts.tables.tables(self._path).view(self.refs)
        return self._opened

    @property
    def _seen(self) -> Seen:
        return self._without_tables() or self._view

    def _without_tables(self) -> PlainSeen | None:
        """Who answers this request, if it is not for the tables to do."""
        parts = self._parts
        if self._plain is None and self._opened is None and parts.meanwhile is not None:
            if parts.tables.ready(self._path):
                return None
            parts.shelf.note(self._repo)  # whoever makes tables begins with what is asked for
            if self._repo not in parts.told:
                parts.told.add(self._repo)
                _log.info("served without tables, which are still to be made: %s", self._repo.hex())
            self._plain = parts.meanwhile.open(self._path, self.refs)
        return self._plain

    def has(self, oid: str) -> bool:
        return bool(self._seen.held([oid]))

    def held(self, oids: Sequence[str]) -> list[str]:
        return self._seen.held(oids)

    def missing(self, oids: Collection[str]) -> set[str]:
        """Mostly tips are asked for, and they are known without any table."""
        left = set(oids)
        if len(left) < len(self.refs):
            for ref in self.refs:
                left.discard(ref.oid)
        else:
            left -= {ref.oid for ref in self.refs}
        return self._seen.missing(left) if left else set()

    def cut(self, wants: Sequence[str], client_shallow: Collection[str], deepening: Deepening) -> Cut:
        return self._seen.cut(wants, client_shallow, deepening)

    def all_meet(self, wants: Sequence[str], common: Collection[str]) -> bool:
        return bool(common) and self._seen.all_meet(wants, common)

    def pack(self, request: PackRequest, progress: Callable[[str], None]) -> OutgoingPack:
        words = _Words(progress)
        wish = Wish(
            self._repo,
            key_of(self._repo, request, self.refs if request.include_tag else ()),
            self._path / "objects" / "pack",
            lasting=not request.haves and not request.client_shallow,
        )
        return self._parts.plans.get(wish, lambda: self._make(request, words), words.still_wanted)

    def warm(self) -> None:
        """Have at hand what the next fetch needs, unless it takes long to make."""
        if self._without_tables() is not None:
            return
        tips = [ref.oid for ref in self.refs if ref.name.startswith("refs/heads/")][:1]
        if tips:
            self._view.select(PackRequest((tips[0],), (tips[0],)))

    def sizes(self, oids: Collection[str]) -> Mapping[str, int]:
        return self._seen.sizes(oids)

    def close(self) -> None:
        self._opened = None
        if self._plain is not None:
            self._plain.close()

    def _make(self, request: PackRequest, words: _Words) -> Plan:
        self._parts.shelf.note(self._repo)
        plain = self._without_tables()
        if plain is not None:
            return plain.plan(request, self._parts.shelf.scratch(), words.still_wanted)
        view = self._view
        selection = view.select(request, words.still_wanted)
        words.now = f"Compressing objects: {len(selection.numbers)}"
        return assemble(
            view.tables,
            selection,
            thin=request.thin,
            ofs_delta=request.ofs_delta,
            scratch=self._parts.shelf.scratch(),
            deflated=self._parts.deflated,
            still_wanted=words.still_wanted,
        )


@final
class _Words:
    """Tells the client what is going on, not too often; the telling ends the work if nobody listens."""

    def __init__(self, progress: Callable[[str], None]) -> None:
        self.now = "Counting objects"
        self._progress = progress
        self._said = time.monotonic()

    def still_wanted(self) -> None:
        """Raise what `progress` raises."""
        if (now := time.monotonic()) - self._said > _SAY_EVERY_S:
            self._said = now
            self._progress(self.now)


def key_of(repo: StreamId, request: PackRequest, refs: Iterable[AdvertisedRef]) -> str:
    """What the bytes of a pack depend on, all of it named by content: 40 hex digits."""
    cut, chosen = request.cut, request.filter
    tags = sorted(f"{ref.oid} {ref.peeled}" for ref in refs if ref.peeled is not None)
    thin = request.thin and bool(request.haves)
    parts: list[Iterable[str]] = [
        [repo.hex(), str(thin), str(request.ofs_delta), str(cut is not None), str(request.include_tag)],
        [str(chosen.blob_bytes_max), str(chosen.tree_depth_max)] if chosen else [],
        sorted(set(request.wants)),
        sorted(set(request.haves)),
        sorted(request.client_shallow),
        sorted(cut.shallow) if cut else [],
        sorted(cut.unshallow) if cut else [],
        tags,
    ]
    text = "\n\n".join("\n".join(part) for part in parts)
    return hashlib.blake2b(text.encode(), digest_size=20).hexdigest()
