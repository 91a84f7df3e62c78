"""What a tree brings that others lack, found by comparing them from the root down."""

from __future__ import annotations

import re
from collections import OrderedDict
from hashlib import blake2b
from typing import TYPE_CHECKING, Final, NamedTuple, final

from storage.git.trees import entry_mode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from collections.abc import Set as AbstractSet

_ENTRY: Final = re.compile(rb"([0-7]+) ([^\0]+\0.{20})", re.DOTALL)
_TREES: Final = frozenset({b"40000", b"040000"})
_COMMIT: Final = b"160000"
_USUAL: Final = frozenset({b"100644", b"40000"})
_DEPTH_MAX: Final = 255
_PARSED_ENTRIES_MAX: Final = 200_000
_PAIRS_MAX: Final = 20_000
"""Comparisons for one commit; a history made to need more than that gets whole trees instead, each once."""

DIGEST_BYTES: Final = 16
"""Of a path: nobody finds two paths with one digest."""
_BYTES_PER_ENTRY: Final = 64
"""So many bytes of path cost as much as a look at an entry."""

Entries = dict[bytes, bytes]
"""Of a tree: mode, by name, zero byte and id."""


class _Tree(NamedTuple):
    entries: Entries
    unusual: frozenset[bytes]
    """Those of another mode than that of most files and folders: only these can differ in their mode alone."""


_NOTHING: Final = _Tree({}, frozenset())


class TooMuchWork(Exception):
    """More tree entries were looked at than may be."""


@final
class TreeComparer:
    """Compares trees that `read` gives by id; for one thread."""

    def __init__(self, read: Callable[[bytes], bytes], work_max: int | None = None) -> None:
        """Comparisons raise `TooMuchWork` once more than `work_max` tree entries were looked at in all."""
        self._read = read
        self._work_max = work_max
        self._parsed: OrderedDict[bytes, _Tree] = OrderedDict()
        self._parsed_entries = 0
        self.work = 0
        """How many tree entries were looked at until now for what trees bring …"""
        self.paths_work = 0
        """… and for the paths that differ."""

    def brought(self, tree: bytes, others: Sequence[bytes]) -> dict[bytes, int]:
        """The objects of `tree` that none of `others` has at the same path, with the least number of steps to each.

        May hold more than that, never less.
        """
        found: dict[bytes, int] = {}
        if tree in others:
            return found
        found[tree] = 0
        level = [(tree, tuple(others))]
        seen = set(level)
        depth = 0
        while level:
            depth += 1
            below = list[tuple[bytes, tuple[bytes, ...]]]()
            for one, against in level:
                if self._work_max is not None and self.work > self._work_max:
                    raise TooMuchWork
                for pair in self._compare(one, against, min(depth, _DEPTH_MAX), found):
                    known = pair if len(seen) < _PAIRS_MAX else (pair[0], ())
                    if known not in seen:
                        seen.add(known)
                        below.append(known)
            level = below
        return found

    def differing(self, tree: bytes, other: bytes, paths_max: int) -> set[bytes]:
        """The digests of all paths that two trees have different things at, or only one of them has; folders included.

        Raises `TooMuchWork` where there are more than `paths_max`, too.
        """
        found = set[bytes]()
        stack: list[tuple[bytes, bytes | None, bytes | None]] = [(b"", tree, other)] if tree != other else []
        while stack:
            prefix, *sides = stack.pop()
            new, old = (_NOTHING if side is None else self._tree(side) for side in sides)
            names = _differing_names(new, old)
            self.paths_work += len(new.entries) + len(old.entries) + len(names) * len(prefix) // _BYTES_PER_ENTRY
            for name, folders in names.items():
                found.add(path_digest(prefix + name))
                if folders != (None, None):
                    stack.append((b"%s%s/" % (prefix, name), *folders))
            if len(found) > paths_max or (self._work_max is not None and self.paths_work > self._work_max):
                raise TooMuchWork
        return found

    def below(self, trees: Sequence[bytes], still_wanted: Callable[[], None]) -> dict[bytes, int]:
        """These trees and everything in them, with the least number of steps from one of them."""
        found = dict.fromkeys(trees, 0)
        level, depth = list(found), 0
        while level:
            depth += 1
            still_wanted()
            below = list[bytes]()
            for tree in level:
                for token, mode in self._entries(tree).items():
                    oid = token[-20:]
                    if mode != _COMMIT and oid not in found:
                        found[oid] = min(depth, _DEPTH_MAX)
                        if mode in _TREES:
                            below.append(oid)
            level = below
        return found

    def _compare(
        self, tree: bytes, others: tuple[bytes, ...], depth: int, found: dict[bytes, int]
    ) -> list[tuple[bytes, tuple[bytes, ...]]]:
        """Note what is new right below `tree`; the folders among it, and what stands in their places elsewhere."""
        new = self._entries(tree)
        fresh: AbstractSet[bytes] = new.keys()
        places = list[dict[bytes, bytes]]()
        self.work += len(new)
        for other in others:
            old = self._entries(other)
            self.work += len(old)
            places.append({gone[:-20]: gone[-20:] for gone in old.keys() - new.keys() if old[gone] in _TREES})
            fresh = fresh - old.keys()
        folders = list[tuple[bytes, tuple[bytes, ...]]]()
        for token in fresh:
            mode, oid = new[token], token[-20:]
            if mode == _COMMIT:
                continue
            found.setdefault(oid, depth)
            if mode in _TREES:
                name = token[:-20]
                folders.append((oid, tuple(there[name] for there in places if name in there)))
        return folders

    def _entries(self, tree: bytes) -> Entries:
        return self._tree(tree).entries

    def _tree(self, tree: bytes) -> _Tree:
        found = self._parsed.get(tree)
        if found is None:
            entries = {token: mode for mode, token in _ENTRY.findall(self._read(tree))}
            found = _Tree(entries, frozenset([token for token, mode in entries.items() if mode not in _USUAL]))
            self._parsed[tree] = found
            self._parsed_entries += len(entries)
            while self._parsed_entries > _PARSED_ENTRIES_MAX and len(self._parsed) > 1:
                self._parsed_entries -= len(self._parsed.popitem(last=False)[1].entries)
        return found


def path_digest(path: bytes) -> bytes:
    """What stands for a path in tables."""
    return blake2b(path, digest_size=DIGEST_BYTES).digest()


def _differing_names(new: _Tree, old: _Tree) -> dict[bytes, tuple[bytes | None, bytes | None]]:
    """By name what differs, with the folder that each side has there. Odd modes are read as git reads them."""
    here, there = new.entries, old.entries
    fresh, gone = here.keys() - there.keys(), there.keys() - here.keys()
    folders = [
        {token[:-21]: token[-20:] if entries[token] in _TREES else None for token in tokens}
        for entries, tokens in ((here, fresh), (there, gone))
    ]
    names = {name: (folders[0].get(name), folders[1].get(name)) for name in folders[0].keys() | folders[1].keys()}
    for token in new.unusual | old.unusual:
        modes = here.get(token), there.get(token)
        if None not in modes and modes[0] != modes[1] and entry_mode(here[token]) != entry_mode(there[token]):
            names.setdefault(token[:-21], (None, None))
    return names
