"""The seam between a repository's objects and whoever serves them to git clients: Protocols and requests only.

`transport/git` parses what clients ask and knows nothing of packs; `storage/git/engine` has the tables and packs and
knows nothing of the wire. Object names are 40 hex digits. Everything here blocks: call it off the event loop.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from domain.ids import StreamId
    from domain.ports_git import AdvertisedRef

DEPTH_INFINITE = 0x7FFFFFFF
"""What git sends for `--unshallow`."""


@dataclass(frozen=True, slots=True)
class ObjectFilter:
    """What a partial clone leaves out (`gitprotocol-v2`, `filter`); several given at once all apply.

    `blob_bytes_max` drops blobs of that size and more (0: every blob); `tree_depth_max` drops trees and blobs that many
    steps below a commit (0: all of them). An object that the client names as a want is sent all the same.
    """

    blob_bytes_max: int | None = None
    tree_depth_max: int | None = None


@dataclass(frozen=True, slots=True)
class Deepening:
    """Where a client wants its history to end: `depth` alone, or `since` (seconds since 1970), `excluded` or both."""

    depth: int | None = None
    since: int | None = None
    excluded: tuple[str, ...] = ()
    """Refs by full name; what they lead to, and its past, is left out."""
    relative: bool = False
    """Whether `depth` counts from where the client's history ends now."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a client's history ends now: `shallow` lose their parents, `unshallow` get theirs."""

    shallow: frozenset[str]
    unshallow: frozenset[str]


@dataclass(frozen=True, slots=True)
class PackRequest:
    """What one pack is to hold: the past of `wants` without what somebody with `haves` holds."""

    wants: tuple[str, ...]
    haves: tuple[str, ...] = ()
    client_shallow: frozenset[str] = frozenset()
    """Commits whose parents the client does not hold, so that a have says nothing of what is below them."""
    cut: Cut | None = None
    filter: ObjectFilter | None = None
    thin: bool = False
    ofs_delta: bool = False
    include_tag: bool = False


class OutgoingPack(Protocol):
    """A pack on its way out."""

    objects: int
    """How many objects it holds."""
    size: int | None
    """Its length in bytes where it is known before it is sent."""

    def chunks(self) -> Iterator[bytes | memoryview]:
        """The pack's bytes, header and checksum included, in pieces of any size; once."""
        ...


class ServedRepo(Protocol):
    """A repository as it is at one moment, to one reader; give it back with `close`.

    What no ref shown to the reader leads to does not exist here: `has`, `missing` and `sizes` do not tell of it.
    """

    refs: Sequence[AdvertisedRef]
    """In git's order."""
    stamp: str
    """Differs whenever `refs` does."""

    def has(self, oid: str) -> bool:
        """Whether a client that names this as a have can be believed to hold what is here below it."""
        ...

    def held(self, oids: Sequence[str]) -> list[str]:
        """Those of these of which `has` is true, in their order; thousands cost little more than one."""
        ...

    def missing(self, oids: Collection[str]) -> set[str]:
        """Those of these that no ref shown leads to (commits, tags, and trees and blobs in their past)."""
        ...

    def cut(self, wants: Sequence[str], client_shallow: Collection[str], deepening: Deepening) -> Cut:
        """Where the history of `wants` shall end; raises `InvalidInput` where nothing would be left of it."""
        ...

    def all_meet(self, wants: Sequence[str], common: Collection[str]) -> bool:
        """Whether every want has a common commit in its past, so that more haves would not help much."""
        ...

    def pack(self, request: PackRequest, progress: Callable[[str], None]) -> OutgoingPack:
        """Choose the objects; `progress` takes lines for whoever waits, and may raise to end the work."""
        ...

    def sizes(self, oids: Collection[str]) -> Mapping[str, int]:
        """Sizes in bytes of those of these objects that are here and may be seen."""
        ...

    def close(self) -> None:
        """Let go of what is open."""


class ServingStore(Protocol):
    """Repositories ready to be served; one for each process, any number of threads."""

    def open(self, repo: StreamId, *, visible: Callable[[str], bool] | None = None) -> ServedRepo:
        """The repository as it is now; `visible` says of a ref's name whether the reader may see it (None: all)."""
        ...

    def close(self) -> None:
        """Let go of everything."""
