"""How long the chains of deltas in a finished pack are, those that name their base by id included."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from dulwich.objects import RawObjectID

from domain.ports_git import PackRefused
from storage.git.packentries import NO_BASE

if TYPE_CHECKING:
    from dulwich.pack import PackIndex

    from storage.git.packentries import PackEntries


def check_chains(entries: PackEntries, index: PackIndex, *, delta_depth_max: int) -> None:
    """Raise `PackRefused` if reading some object takes more than `delta_depth_max` deltas.

    The index has every object once and git has resolved them all, so a chain neither branches nor closes on itself.
    """
    if not entries.ref_entries:
        return  # the scan has measured them
    bases = _all_bases(entries, index)
    depths = array("i", [-1]) * len(bases)
    for start in range(len(bases)):
        chain: list[int] = []
        at = start
        while at != NO_BASE and depths[at] < 0:
            chain.append(at)
            at = bases[at]
        depth = -1 if at == NO_BASE else depths[at]
        for entry in reversed(chain):
            depth += 1
            depths[entry] = depth
        if depths[start] > delta_depth_max:
            raise PackRefused(f"a chain of deltas is longer than {delta_depth_max}")


def _all_bases(entries: PackEntries, index: PackIndex) -> array[int]:
    """Index of each object's base; one that git added behind the pack (its base was not in it) has none."""
    bases = array("i", entries.bases)
    for number, entry in enumerate(entries.ref_entries):
        base = RawObjectID(bytes(entries.ref_bases[20 * number : 20 * number + 20]))
        bases[entry] = entries.at(index.object_offset(base))
    return bases
