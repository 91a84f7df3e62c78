"""How much of the disk each repository takes: asked of the folder of its packs, and remembered until that changes."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Final, NamedTuple, final

from storage.git.care.packs import FOLDER, packs_of

if TYPE_CHECKING:
    from pathlib import Path

    from domain.ids import StreamId

REMEMBERED_MAX: Final = 10_000
_UNSURE_NS: Final = 1_000_000_000
"""A folder that changed so short a time ago may change again without its time telling."""


class Usage(NamedTuple):
    """What a repository takes."""

    packs: int
    bytes: int
    """Of packs, their indexes and tables. What forks share counts for each of them."""
    tableless: int
    """How many packs have no tables yet."""


@final
class DiskUse:
    """Of the repositories in one folder; for any thread."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[int, Usage]] = OrderedDict()

    def bytes(self, repo: StreamId) -> int:
        """How many bytes it takes; 0 where its folder is not here."""
        return self.usage(self._root / f"{repo.hex()}.git").bytes

    def usage(self, repo: Path) -> Usage:
        """What the repository in this folder takes. A look at one folder, or a file each where that has changed."""
        try:
            changed = (repo / FOLDER).stat().st_mtime_ns
        except (FileNotFoundError, NotADirectoryError):
            return Usage(0, 0, 0)
        with self._lock:
            known = self._known.get(repo.name)
        if known is not None and known[0] == changed:
            return known[1]
        packs = packs_of(repo)
        found = Usage(len(packs), sum(pack.disk_bytes for pack in packs), sum(not pack.has_tables for pack in packs))
        if time.time_ns() - changed > _UNSURE_NS:
            with self._lock:
                self._known[repo.name] = changed, found
                if len(self._known) > REMEMBERED_MAX:
                    self._known.popitem(last=False)
        return found
