"""What the tables of a repository answer: Protocols and columns that serving builds upon.

Every object of a repository has a number. Numbers of one pack follow one another in the order of its index; an object
that lies in several packs counts under one of its numbers, its *canonical* one (the smallest: that in the first such
pack, so that chains of deltas through several packs cannot close), and everything here takes and gives canonical
numbers unless it says otherwise. Numbers hold for one `Tables` value: when packs come or go there is another
value. Both kinds of value never change, may be used by any number of threads, and need no closing: what they map is
let go when nobody holds them any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from domain.ports_git import AdvertisedRef
    from domain.ports_serving import Cut, Deepening, PackRequest

    Numbers = NDArray[np.int64]
    """Object numbers."""
    Mask = NDArray[np.bool_]

WHOLE, OFS_DELTA, REF_DELTA = 0, 6, 7
"""How an entry lies in its pack."""
COMMIT, TREE, BLOB, TAG = 1, 2, 3, 4


class PackFile(NamedTuple):
    """A pack, mapped."""

    path: Path
    data: memoryview[int]
    """The whole file: header, entries, checksum of 20 bytes."""
    first: int
    """The number of its first object; the others follow."""
    objects: int


class Entries(NamedTuple):
    """Where some objects lie and what they are; all columns have the length and order of what was asked for."""

    pack: NDArray[np.int32]
    """Index into `Tables.packs`."""
    start: NDArray[np.int64]
    """Where the entry's header begins."""
    body: NDArray[np.int64]
    """Where its deflated bytes begin."""
    end: NDArray[np.int64]
    """Where the next entry (or the checksum) begins."""
    kind: NDArray[np.uint8]
    """What it is when resolved: COMMIT, TREE, BLOB or TAG."""
    delta: NDArray[np.uint8]
    """WHOLE, OFS_DELTA or REF_DELTA."""
    base: NDArray[np.int64]
    """Number of a delta's base, -1 for what is whole. The base lies in the same pack (there under an own number)."""
    size: NDArray[np.int64]
    """Bytes when resolved."""


class Selection(NamedTuple):
    """The objects of one pack to send."""

    numbers: Numbers
    """Ascending, each once."""
    held: Callable[[Numbers], Mask]
    """Of each of these objects, whether the client certainly has it: thin deltas may build on those."""


class Tables(Protocol):
    """A repository's packs as they were at one moment."""

    packs: Sequence[PackFile]
    count: int
    """Every number is smaller."""

    def find(self, oids: Sequence[str]) -> Numbers:
        """Numbers of objects by their hex names; -1 for what is not here."""
        ...

    def names(self, numbers: Numbers) -> NDArray[np.uint8]:
        """Their names, 20 bytes a row."""
        ...

    def entries(self, numbers: Numbers) -> Entries:
        """Where these objects lie."""
        ...

    def canonical(self, numbers: Numbers) -> Numbers:
        """The canonical number of each of these numbers, which may be own numbers of copies."""
        ...

    def read(self, number: int) -> tuple[int, bytes]:
        """(kind, content) of one object, deltas resolved; raises `Damaged` where it cannot be read."""
        ...

    def view(self, refs: Sequence[AdvertisedRef]) -> View:
        """The repository as somebody sees it who is shown these refs."""
        ...


class View(Protocol):
    """What one set of refs leads to. The methods are those of `ServedRepo` with the same names."""

    @property
    def tables(self) -> Tables: ...

    @property
    def refs(self) -> Sequence[AdvertisedRef]: ...

    @property
    def tips(self) -> tuple[str, ...]:
        """The objects that refs point to, sorted, each once: what leads to the same objects has the same tips."""
        ...

    def everything(self) -> Numbers:
        """All objects that the refs lead to: what a full clone gets."""
        ...

    def select(self, request: PackRequest, still_wanted: Callable[[], None] = lambda: None) -> Selection:
        """The objects that a client needs who asks for this, `include_tag` and filters observed.

        `still_wanted` is called now and then and may raise to end the work.
        """
        ...

    def held(self, oids: Sequence[str]) -> list[str]: ...

    def missing(self, oids: Collection[str]) -> set[str]: ...

    def cut(self, wants: Sequence[str], client_shallow: Collection[str], deepening: Deepening) -> Cut: ...

    def all_meet(self, wants: Sequence[str], common: Collection[str]) -> bool: ...

    def sizes(self, oids: Collection[str]) -> Mapping[str, int]: ...


class TableStore(Protocol):
    """Tables of many repositories, kept within a budget of memory; one for each process, for any thread."""

    def tables(self, repo: Path) -> Tables:
        """Those of the bare repository in this folder as it is now, made or extended if they must be.

        Raises `NotFound` if the folder is not there, `Damaged` if its packs cannot be read.
        """
        ...

    def ready(self, repo: Path) -> bool:
        """Whether nobody would have to wait for them longer than about a second."""
        ...
