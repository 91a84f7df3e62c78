"""Ids and numbers of all objects of a repository, and which of them are copies of one another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from storage.git.engine.building import EMPTY_TREE
from storage.git.engine.entries import matching
from storage.git.engine.lookup import Lookup
from storage.git.engine.segment import keys_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from storage.git.engine.segment import Segment
    from storage.git.engine.tables import Numbers

NOWHERE: Final = -2
"""In place of the number of an object that is named and not here, unless it is the empty tree: -1."""
_YOUNG_OBJECTS_MAX: Final = 16_384
"""Smaller packs are looked up in all at once."""
_NONE: Final = np.empty(0, np.int64)
np.unique(_NONE)  # the first call loads a module, which takes long enough that no client should wait for it


class _Names(NamedTuple):
    """Ids that are looked up together, ascending, and the number of each."""

    key: NDArray[np.uint64]
    names: NDArray[np.uint8]
    number: NDArray[np.int64]
    """Empty where they are those of a pack, whose numbers follow one another from `first`."""
    first: int
    lookup: Lookup

    def find(self, ids: NDArray[np.uint8]) -> Numbers:
        rows = matching(self.key, self.names, ids)
        numbers = self.number[rows] if len(self.number) else rows + self.first
        return np.where(rows >= 0, numbers, -1)

    def find_one(self, oid: bytes) -> int:
        row = self.lookup.row(oid)
        return row if row < 0 else int(self.number[row]) if len(self.number) else row + self.first


class Naming(NamedTuple):
    """Which number an id has."""

    large: tuple[_Names, ...] = ()
    young: _Names | None = None
    copies: Numbers = _NONE
    """Own numbers of objects that lie in an earlier pack as well, ascending …"""
    originals: Numbers = _NONE
    """… and their numbers there."""

    def extended(self, added: Sequence[Segment], first: int) -> Naming:
        """With more packs, large ones first, whose numbers begin at `first`."""
        naming = self
        small: list[Segment] = []
        for segment in added:
            if len(segment.columns.key) < _YOUNG_OBJECTS_MAX:
                small.append(segment)
            else:
                assert not small, "large packs come first"
                naming = naming.with_large(segment, first)
                first += len(segment.columns.key)
        return naming.with_small(small, first) if small else naming

    def with_large(self, segment: Segment, first: int) -> Naming:
        key, names = segment.columns.key, segment.pack.names
        numbers = np.arange(first, first + len(key), dtype=np.int64)
        earlier = self.numbers(names) if self._all() else np.full(len(names), -1, np.int64)
        noted = self._with_copies(numbers, np.where(earlier >= 0, earlier, numbers))
        return noted._replace(large=(*self.large, _Names(key, names, _NONE, first, Lookup(key, names))))

    def with_small(self, added: Sequence[Segment], first: int) -> Naming:
        names = np.concatenate([segment.pack.names for segment in added])
        numbers = np.arange(first, first + len(names), dtype=np.int64)
        key = keys_of(names)
        order = np.argsort(key, kind="stable")
        among = numbers[order][matching(key[order], names[order], names)]
        earlier = self.numbers(names)
        original = np.where(earlier >= 0, earlier, among)
        new = original == numbers
        key, names, own = key[new], names[new], numbers[new]
        if self.young is not None:
            key, names = np.concatenate([self.young.key, key]), np.concatenate([self.young.names, names])
            own = np.concatenate([self.young.number, own])
        order = np.argsort(key, kind="stable")
        key, names, own = key[order], names[order], own[order]
        young = _Names(key, names, own, 0, Lookup(key, names)) if len(own) else None
        return self._with_copies(numbers, original)._replace(young=young)

    def numbers(self, ids: NDArray[np.uint8], *, missing: int = -1) -> Numbers:
        """Canonical numbers of ids, 20 bytes a row; `missing` for what is not here, -1 for the empty tree."""
        found = np.full(len(ids), -1, np.int64)
        left = np.arange(len(ids))
        for names in self._all():
            found[left] = names.find(ids[left])
            left = np.flatnonzero(found < 0)
            if not len(left):
                break
        if missing != -1:
            known = (ids[left] == np.frombuffer(EMPTY_TREE, np.uint8)).all(axis=1)
            found[left[~known]] = missing
        return self.canonical(found)

    def number(self, oid: bytes) -> int:
        """Of one object; -1 if it is not here."""
        for names in self._all():
            number = names.find_one(oid)
            if number >= 0:
                return int(self.canonical(np.array([number]))[0]) if len(self.copies) else number
        return -1

    def canonical(self, numbers: Numbers) -> Numbers:
        if not len(self.copies) or not len(numbers):
            return numbers
        near = np.flatnonzero((numbers >= self.copies[0]) & (numbers <= self.copies[-1]))
        if not len(near):
            return numbers
        at = np.searchsorted(self.copies, numbers[near])
        same = self.copies[at] == numbers[near]
        found = numbers.copy()
        found[near[same]] = self.originals[at[same]]
        return found

    def copies_of(self, numbers: Numbers) -> tuple[NDArray[np.int64], Numbers]:
        """The own numbers of copies of these objects, and of which (by its row) each is one."""
        if not len(self.copies) or not len(numbers):
            return _NONE, _NONE
        order = np.argsort(self.originals, kind="stable")
        which, rows = runs(self.originals[order], numbers)
        return which, self.copies[order[rows]]

    def _all(self) -> Sequence[_Names]:
        return self.large if self.young is None else (*self.large, self.young)

    def _with_copies(self, numbers: Numbers, original: Numbers) -> Naming:
        copies = original != numbers
        if not copies.any():
            return self
        return self._replace(
            copies=np.concatenate([self.copies, numbers[copies]]),
            originals=np.concatenate([self.originals, original[copies]]),
        )


def positions(begin: NDArray[np.int64], end: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All positions from each `begin` up to its `end`: the row of each, and the position."""
    lengths = end - begin
    before = np.cumsum(lengths) - lengths
    where = np.repeat(begin - before, lengths) + np.arange(int(lengths.sum()))
    return np.repeat(np.arange(len(begin)), lengths), where


def runs(ascending: NDArray[Any], values: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where `ascending` equals one of `values`: the row of the value, and the position."""
    return positions(np.searchsorted(ascending, values, "left"), np.searchsorted(ascending, values, "right"))
