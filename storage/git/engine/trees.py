"""What a tree brings that others lack, found by comparing them from the root down."""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from collections.abc import Set as AbstractSet

_ENTRY: Final = re.compile(rb"([0-7]+) ([^\0]+\0.{20})", re.DOTALL)
_TREES: Final = frozenset({b"40000", b"040000"})
_COMMIT: Final = b"160000"
_DEPTH_MAX: Final = 255
_PARSED_ENTRIES_MAX: Final = 200_000
_PAIRS_MAX: Final = 20_000
"""Comparisons for one commit; a history made to need more than that gets whole trees instead, each once."""

Entries = dict[bytes, bytes]
"""Of a tree: mode, by name, zero byte and id."""


class TooMuchWork(Exception):
    """More tree entries were looked at than may be."""


@final
class TreeComparer:
    """Compares trees that `read` gives by id; for one thread."""

    def __init__(self, read: Callable[[bytes], bytes], work_max: int | None = None) -> None:
        """Comparisons raise `TooMuchWork` once more than `work_max` tree entries were looked at in all."""
        self._read = read
        self._work_max = work_max
        self._parsed: OrderedDict[bytes, Entries] = OrderedDict()
        self._parsed_entries = 0
        self.work = 0
        """How many tree entries were looked at until now."""

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
        entries = self._parsed.get(tree)
        if entries is None:
            entries = {token: mode for mode, token in _ENTRY.findall(self._read(tree))}
            self._parsed[tree] = entries
            self._parsed_entries += len(entries)
            while self._parsed_entries > _PARSED_ENTRIES_MAX and len(self._parsed) > 1:
                self._parsed_entries -= len(self._parsed.popitem(last=False)[1])
        return entries
