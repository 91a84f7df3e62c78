"""What a scan notes of the objects of a pack."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from typing import Final, final

OFS_DELTA: Final = 6
NO_BASE: Final = -1


@final
class PackEntries:
    """What was seen of each object, in columns: a million of them take some 25 MB."""

    __slots__ = ("bases", "depths", "offsets", "ref_bases", "ref_entries", "sizes")

    def __init__(self) -> None:
        self.offsets = array("Q")
        self.sizes = array("Q")
        """Resolved sizes."""
        self.depths = array("I")
        """How many deltas lie between the object and a whole one; for a chain by id, at least so many."""
        self.bases = array("i")
        """Index of the base of a delta by offset, else `NO_BASE`."""
        self.ref_entries = array("I")
        """Indexes of the deltas by id …"""
        self.ref_bases = bytearray()
        """… and the ids of their bases, 20 bytes each."""

    def __len__(self) -> int:
        return len(self.offsets)

    def at(self, offset: int) -> int:
        """Index of the object that begins at `offset`, or `NO_BASE`."""
        index = bisect_left(self.offsets, offset)
        if index < len(self.offsets) and self.offsets[index] == offset:
            return index
        return NO_BASE
