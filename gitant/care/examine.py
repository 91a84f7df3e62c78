"""Checking a repository against its packs and the log, and making again what can be."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING, Final, final

import msgspec

from domain.errors import LocalFault
from domain.ports_git import PackCaps
from domain.refs.names import BRANCH_PREFIX
from gitant.refs_shown import refs_shown
from gitant.writer.effects import servable
from storage.git.care.check import Fault, check_objects, check_packs, drop_tables
from storage.git.care.packs import packs_of
from storage.git.engine.keeping import KeptTables
from storage.git.packed_refs import TornRefs
from storage.git.store import DiskGitStore

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from gitant.care.found import Found
    from storage.datadir import DataDir

_LOOKS_MAX: Final = 5
_PAUSE_S: Final = 0.2
"""A running node moves refs a moment after the views have shown them."""
_LISTED_MAX: Final = 3


@final
class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in a repository, and what was done about it."""

    repo: str
    """Hex id."""
    name: str
    packs: int
    bytes: int
    faults: list[Fault]
    """Those that are still there."""
    repaired: list[str]
    """What was made again."""


@final
class Examiner:
    """Looks at repositories of one node; `mends` says whether to make again what can be."""

    def __init__(self, folder: DataDir, views: sqlite3.Connection, *, mends: bool, memory_bytes_max: int) -> None:
        self._folder = folder
        self._views = views
        self._mends = mends
        self._store = DiskGitStore(folder.repos)
        self._caps = PackCaps(index_memory_bytes_max=memory_bytes_max)
        self._git = shutil.which("git") or "git"

    def look(self, found: Found) -> Report:
        """Check one repository, after mending it where that was asked for."""
        if not found.path.is_dir():
            words = "its folder is missing: restore it from a backup, then start the node"
            return self._report(found, [Fault("objects", words)], [])
        repaired = list(self._mended(found)) if self._mends else []
        faults = [*check_packs(found.path), *self._refs(found), *self._objects(found)]
        return self._report(found, faults, repaired)

    def _report(self, found: Found, faults: list[Fault], repaired: list[str]) -> Report:
        packs = packs_of(found.path)
        size = sum(pack.disk_bytes for pack in packs)
        return Report(
            repo=found.id.hex(), name=found.name, packs=len(packs), bytes=size, faults=faults, repaired=repaired
        )

    def _objects(self, found: Found) -> list[Fault]:
        return check_objects(found.path, self._caps, git=self._git)

    def _refs(self, found: Found) -> Iterator[Fault]:
        """Refs that are not as the log has them, and those whose objects are not here."""
        wrong = self._wrong_refs(found)
        for _ in range(_LOOKS_MAX if self._folder.running() else 0):
            if not wrong:
                break
            time.sleep(_PAUSE_S)
            wrong = self._wrong_refs(found)
        if wrong:
            yield Fault("refs", f"{_some(wrong)}: not as the log has it")
        wanted = refs_shown(self._views, found.id)
        here = self._store.kinds(found.id, list(set(wanted.values())))
        if lacking := sorted(name for name, oid in wanted.items() if oid not in here):
            yield Fault("objects", f"{_some(lacking)}: what the log has it point to is not here, or still with a peer")

    def _wrong_refs(self, found: Found) -> list[str]:
        if not self._is_whole(found):
            return []
        wanted = servable(found.id, refs_shown(self._views, found.id), self._store)
        there = self._store.refs(found.id)
        return sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))

    def _is_whole(self, found: Found) -> bool:
        """Whether the file of refs can be read; git's check tells of one that cannot."""
        try:
            self._store.refs(found.id)
        except TornRefs:
            return False
        return True

    # --- mending ---

    def _mended(self, found: Found) -> Iterator[str]:
        plans = self._folder.cache / "packs" / found.id.hex()
        if plans.exists():
            shutil.rmtree(plans, ignore_errors=True)
            yield "dropped the packs that were kept for clones"
        try:
            bad = drop_tables(found.path)
            before = sum(pack.has_tables for pack in packs_of(found.path))
            KeptTables().tables(found.path)
            made = sum(pack.has_tables for pack in packs_of(found.path)) - before
        except LocalFault:
            return  # packs that cannot be read have no tables, and the check says which
        if bad or made:
            yield f"made the tables of {made} packs"
        wrong, is_whole = self._wrong_refs(found), self._is_whole(found)
        if wrong or not is_whole:
            with self._folder.lock():
                self._set_refs(found, is_whole=is_whole)
            yield f"set refs as the log has them: {_some(wrong)}" if is_whole else "wrote all refs anew"

    def _set_refs(self, found: Found, *, is_whole: bool) -> None:
        wanted = refs_shown(self._views, found.id)
        if is_whole:
            shown = servable(found.id, wanted, self._store)
        else:
            here = self._store.kinds(found.id, list(set(wanted.values())))
            shown = {name: oid for name, oid in wanted.items() if oid in here}
        self._store.set_refs(found.id, shown, head=BRANCH_PREFIX + found.default_branch)


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _LISTED_MAX} more" if len(names) > _LISTED_MAX else ""
    return ", ".join(names[:_LISTED_MAX]) + more
