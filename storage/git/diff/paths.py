"""Which paths differ between two trees."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dulwich.objects import parse_tree

from domain.errors import TooLarge
from storage.git import trees
from storage.git.objects import TREE
from storage.git.read_limits import CHANGED_TREES_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from storage.git.objects import Objects
    from storage.git.trees import Entry


@dataclass(frozen=True, slots=True)
class Change:
    """A path whose entry differs; of a rename, `old_path` is where it was and `score` how alike, of 60,000."""

    path: bytes
    old: Entry | None
    new: Entry | None
    old_path: bytes | None = None
    score: int = 0


def changed(
    objects: Objects, old: bytes | None, new: bytes | None, *, trees_max: int = CHANGED_TREES_MAX
) -> Iterator[Change]:
    """The files, symlinks and submodules that differ between two trees, in path order; folders are walked into."""
    stack = [_merged(objects, b"", old, new)]
    trees_read = 1
    while stack:
        for key, before, after in stack[-1]:
            if not key.endswith(b"/"):
                yield Change(key, before, after)
                continue
            trees_read += 1
            if trees_read > trees_max:
                raise TooLarge(f"the two trees differ in more than {trees_max:,} folders")
            stack.append(_merged(objects, key, before and before.oid, after and after.oid))
            break
        else:
            stack.pop()


def _merged(
    objects: Objects, prefix: bytes, old: bytes | None, new: bytes | None
) -> Iterator[tuple[bytes, Entry | None, Entry | None]]:
    """What differs in one folder: full paths, those of folders with a slash behind, which also sorts them."""
    before, after = _entries(objects, old), _entries(objects, new)
    for key in sorted({key for key, _ in before.items() ^ after.items()}):
        sides = _entry(before.get(key)), _entry(after.get(key))
        if sides[0] != sides[1]:
            yield prefix + key, *sides


def _entries(objects: Objects, oid: bytes | None) -> dict[bytes, tuple[int, bytes]]:
    if oid is None:
        return {}
    return {
        name + b"/" if stat.S_ISDIR(mode) else name: (mode, entry)
        for name, mode, entry in parse_tree(objects.typed(oid, TREE), 20)
    }


def _entry(raw: tuple[int, bytes] | None) -> Entry | None:
    return None if raw is None else trees.entry(*raw)
