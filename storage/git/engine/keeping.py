"""Tables of many repositories, for one process: made where they are missing, extended as packs come, bounded."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, final

from domain.errors import Damaged, NotFound
from storage.git.alone import alone
from storage.git.engine.building import build_segments
from storage.git.engine.known import Neighbours
from storage.git.engine.mark import has_segment
from storage.git.engine.segment import count_objects, load_segment, open_pack, write_segment
from storage.git.engine.view import RefTables

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from storage.git.engine.segment import Segment

KEPT_BYTES_MAX: Final = 96 << 20
"""What the tables of all repositories of a process may hold of their own; what they map is not counted."""
_BYTES_PER_REPOSITORY: Final = 200_000
_BYTES_PER_PACK: Final = 4_000
_BYTES_PER_COMMIT: Final = 80
_BYTES_PER_OBJECT: Final = 12
"""For what a view remembers."""
_LOOKS_MAX: Final = 3
WAITED_FOR_OBJECTS_MAX: Final = 20_000
"""The tables of so many objects are made in about a second, by whoever needs them; others are made beforehand."""
_UNSURE_NS: Final = 100_000_000
"""A folder changed so short a time before it was listed may have changed again without its time telling."""


@dataclass
class _Shelf:
    """What is known of one repository; for one thread at a time."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    stamp: tuple[int, int, int] | None = None
    """Of the folder of packs, when that can be relied on."""
    names: frozenset[str] = frozenset()
    tables: RefTables | None = None

    def cost(self) -> int:
        tables = self.tables
        if tables is None:
            return 0
        commits, packs = tables.graph.count, len(tables.segments)
        own = _BYTES_PER_COMMIT * commits + _BYTES_PER_OBJECT * tables.count + _BYTES_PER_PACK * packs
        return _BYTES_PER_REPOSITORY + own


@final
class KeptTables:
    """`TableStore`: the most recently used repositories stay."""

    def __init__(
        self, kept_bytes_max: int = KEPT_BYTES_MAX, *, progress: Callable[[int, int], None] = lambda _done, _all: None
    ) -> None:
        """`progress` is told of commits (done, all) while tables are made."""
        self._budget = kept_bytes_max
        self._progress = progress
        self._lock = threading.Lock()
        self._shelves: OrderedDict[Path, _Shelf] = OrderedDict()

    def tables(self, repo: Path) -> RefTables:
        with self._lock:
            shelf = self._shelves.setdefault(repo, _Shelf())
            self._shelves.move_to_end(repo)
        try:
            with shelf.lock:
                found = _current(shelf, repo / "objects" / "pack", self._progress)
        except NotFound:
            with self._lock:
                self._shelves.pop(repo, None)
            raise
        self._make_room()
        return found

    def ready(self, repo: Path) -> bool:
        """Whether they lie there, but for those of a few objects; a look at one folder where nothing has changed."""
        with self._lock:
            shelf = self._shelves.get(repo) or _Shelf()
        folder = repo / "objects" / "pack"
        try:
            if shelf.stamp == _stamp(folder.stat()):
                return True
            left = _pack_names(folder) - shelf.names
        except (FileNotFoundError, NotADirectoryError):
            return True  # there is nothing to wait for
        return sum(_objects_without_tables(folder / f"{name}.pack") for name in left) <= WAITED_FOR_OBJECTS_MAX

    def make(self, pack: Path, repo: Path) -> None:
        """Put the tables of `pack`, which is to be one of the repository's, beside it, if they can be made.

        Where the others' are still to be made, and that takes long, all are left to whoever does that.
        """
        if not self.ready(repo):
            return
        with suppress(Damaged):  # who needs them will try again, and be told
            known = self.tables(repo).segments
            for segment in build_segments([open_pack(pack)], Neighbours(known)):
                write_segment(segment)

    def _make_room(self) -> None:
        with self._lock:
            left = self._budget
            for number, (repo, shelf) in enumerate(reversed(list(self._shelves.items()))):
                left -= shelf.cost()
                if left < 0 and number:
                    del self._shelves[repo]


def _current(shelf: _Shelf, folder: Path, progress: Callable[[int, int], None]) -> RefTables:
    """The tables of the packs that are in the folder now."""
    try:
        found = folder.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound("the files of this repository are not on this node") from None
    stamp = _stamp(found)
    if shelf.tables is not None and shelf.stamp == stamp:
        return shelf.tables
    for attempt in range(_LOOKS_MAX):
        names = _pack_names(folder)
        if shelf.tables is not None and names == shelf.names:
            break
        try:
            shelf.tables, shelf.names = _extended(shelf, folder, names, progress), names
            break
        except FileNotFoundError:  # packs were replaced meanwhile, and what they held is in others
            if attempt == _LOOKS_MAX - 1:
                raise
    sure = time.time_ns() - found.st_mtime_ns > _UNSURE_NS
    shelf.stamp = stamp if sure else None
    assert shelf.tables is not None
    return shelf.tables


def _stamp(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_dev, found.st_ino, found.st_mtime_ns


def _objects_without_tables(pack: Path) -> int:
    """How many objects a pack has, if there are no tables of it."""
    if has_segment(pack):
        return 0
    try:
        return count_objects(pack)
    except (FileNotFoundError, Damaged):
        return 0  # it was replaced meanwhile, or nobody can make any


def _pack_names(folder: Path) -> frozenset[str]:
    found = {path.name for path in folder.iterdir()}
    return frozenset(name[:-4] for name in found if name.endswith(".idx") and f"{name[:-4]}.pack" in found)


def _extended(shelf: _Shelf, folder: Path, names: frozenset[str], progress: Callable[[int, int], None]) -> RefTables:
    if shelf.tables is not None and shelf.names <= names:
        return RefTables(shelf.tables, load_packs(folder, names - shelf.names, shelf.tables.segments, progress))
    return RefTables(None, load_packs(folder, names, (), progress))


def load_packs(
    folder: Path,
    names: Iterable[str],
    present: Iterable[Segment],
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> list[Segment]:
    """The packs of these names with their tables, which are made and put beside them where they are missing."""
    packs = [open_pack(folder / f"{name}.pack") for name in sorted(names)]
    loaded = [load_segment(pack) for pack in packs]
    if None in loaded:
        with alone(folder):  # another process may be making them
            loaded = [segment or load_segment(pack) for segment, pack in zip(loaded, packs, strict=True)]
            found = [segment for segment in loaded if segment is not None]
            without = [pack for segment, pack in zip(loaded, packs, strict=True) if segment is None]
            made = build_segments(without, Neighbours([*present, *found]), progress=progress)
            with suppress(OSError):  # no room on the disk: the next process makes them again
                for segment in made:
                    write_segment(segment)
            return [*found, *made]
    return [segment for segment in loaded if segment is not None]
