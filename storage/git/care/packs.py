"""Which packs a repository has, what they take, and which of them are worth merging."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from storage.git.engine.mark import has_segment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FOLDER: Final = "objects/pack"
SUFFIXES: Final = (".idx", ".gt", ".rev", ".pack")
"""In the order in which they go: a pack is there for readers as long as its index is."""
_GROWTH: Final = 2


@dataclass(frozen=True, slots=True)
class KeptPack:
    """One pack of a repository."""

    name: str
    """`pack-<checksum>`."""
    bytes: int
    """Of the pack alone."""
    disk_bytes: int
    """With its index and tables."""
    has_tables: bool
    """Of the version that this program makes."""


def packs_of(repo: Path) -> list[KeptPack]:
    """The packs of the repository in this folder, the smallest first; none where the folder is gone."""
    sizes: dict[str, dict[str, int]] = {}
    try:
        entries = list(os.scandir(repo / FOLDER))
    except (FileNotFoundError, NotADirectoryError):
        return []
    for entry in entries:
        stem, _, suffix = entry.name.rpartition(".")
        if stem.startswith("pack-") and f".{suffix}" in SUFFIXES:
            try:
                sizes.setdefault(stem, {})[f".{suffix}"] = entry.stat().st_size
            except FileNotFoundError:
                continue  # it went meanwhile
    found = [
        KeptPack(name, files[".pack"], sum(files.values()), has_segment(repo / FOLDER / f"{name}.pack"))
        for name, files in sizes.items()
        if ".pack" in files and ".idx" in files
    ]
    return sorted(found, key=lambda pack: (pack.bytes, pack.name))


def worth_merging(packs: Sequence[KeptPack], *, everything: bool = False) -> list[KeptPack]:
    """The smallest packs, so many that each of those left is at least twice as large as all smaller ones together.

    So what is written again and again is little, and a repository has no more packs than its size has binary digits.
    With `everything`, all of them. Fewer than two are not worth it.
    """
    ordered = sorted(packs, key=lambda pack: (pack.bytes, pack.name))
    count = len(ordered) if everything else _uneven(ordered)
    return ordered[:count] if count > 1 else []


def _uneven(ordered: Sequence[KeptPack]) -> int:
    """How many of the smallest are to become one."""
    count = 0
    for place in range(len(ordered) - 1, 0, -1):
        if ordered[place].bytes < _GROWTH * ordered[place - 1].bytes:
            count = place + 1
            break
    merged = sum(pack.bytes for pack in ordered[:count])
    while 0 < count < len(ordered) and ordered[count].bytes < _GROWTH * merged:
        merged += ordered[count].bytes
        count += 1
    return count
