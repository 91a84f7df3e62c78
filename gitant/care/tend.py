"""Tending one repository: what was replaced goes, tables that are missing are made, small packs become one."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, final

import msgspec

from domain.errors import NotFound
from domain.ports_git import PackCaps
from storage.git.care.clearing import clear_stale
from storage.git.care.merging import clear_replaced, merge_packs, replaced, replaced_since_s
from storage.git.care.packs import packs_of, worth_merging
from storage.git.engine.keeping import KeptTables

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CPU_S_MAX: Final = 3_600
"""How long git may take for one repository."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What may be done to a repository, and when."""

    packs_max: int
    """With more of them, the small ones are merged; 0 merges none."""
    memory_bytes_max: int
    """Address space of the git that merges."""
    linger_s: float = 0.0
    """How long replaced packs stay for who has listed them; none need to where no node runs."""
    everything: bool = False
    """Merge large packs, too."""


@final
class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of tending a repository; bytes are those of packs, indexes and tables."""

    repo: str
    """Hex id."""
    packs_before: int = 0
    packs_after: int = 0
    """Without those that were replaced and still wait to go."""
    merged: int = 0
    """How many packs became one."""
    saved_bytes: int = 0
    """By how much the merged pack is smaller than the others were; below zero where it is larger."""
    freed_bytes: int = 0
    """Of replaced packs that are gone by now."""
    tables: int = 0
    """For how many packs tables were made."""
    dropped: int = 0
    """Pushes that never ended, and half-written files."""
    fault: str = ""
    hint: str = ""

    @property
    def did_something(self) -> bool:
        return bool(self.merged or self.freed_bytes or self.tables or self.dropped)


def tend(
    repo: Path,
    rules: Rules,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
    tabling: Callable[[int, int], None] = lambda _done, _all: None,
) -> Outcome:
    """Do what is due; raises what merging raises, and `NotFound` where the repository went meanwhile.

    `progress` is told of the objects that are merged (done, all), `tabling` of the commits whose tables are made.
    """
    try:
        return _tended(repo, rules, progress, KeptTables(progress=tabling))
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(f"the files of repository {repo.stem} are not on this node") from None


def _tended(repo: Path, rules: Rules, progress: Callable[[int, int], None], tables: KeptTables) -> Outcome:
    git = shutil.which("git") or "git"
    before = len(packs_of(repo)) - len(replaced(repo))
    freed = _cleared(repo, rules.linger_s)
    tableless = sum(not pack.has_tables for pack in packs_of(repo))
    if tableless:
        tables.tables(repo)
    merged, saved = 0, 0
    if rules.packs_max and (before > rules.packs_max or rules.everything):
        caps = PackCaps(index_memory_bytes_max=rules.memory_bytes_max, index_cpu_s_max=CPU_S_MAX)
        done = merge_packs(repo, caps, git=git, tables=tables, everything=rules.everything, progress=progress)
        merged, saved = done.packs, done.bytes_before - done.bytes_after
        freed += _cleared(repo, rules.linger_s)
    dropped = clear_stale(repo, time.time())
    left = [pack for pack in packs_of(repo) if pack.name not in replaced(repo)]
    return Outcome(
        repo=repo.stem,
        packs_before=before,
        packs_after=len(left),
        merged=merged,
        saved_bytes=saved,
        freed_bytes=freed,
        tables=tableless - sum(not pack.has_tables for pack in left) if tableless else 0,
        dropped=dropped,
    )


def would_tend(repo: Path, rules: Rules) -> Outcome:
    """What `tend` would do, with nothing changed; how much merging saves is not known before it is done."""
    going = replaced(repo)
    packs = [pack for pack in packs_of(repo) if pack.name not in going]
    chosen = worth_merging(packs, everything=rules.everything) if len(packs) > rules.packs_max else []
    return Outcome(
        repo=repo.stem,
        packs_before=len(packs),
        packs_after=len(packs) - max(0, len(chosen) - 1),
        merged=len(chosen),
        tables=sum(not pack.has_tables for pack in packs),
    )


def _cleared(repo: Path, linger_s: float) -> int:
    since = replaced_since_s(repo)
    return clear_replaced(repo) if since is not None and since >= linger_s else 0
