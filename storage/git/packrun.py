"""The short way through a pack: small objects that lie whole in the bytes at hand, one after the other.

It accepts what `storage.git.packscan` would accept, and nothing else. Wherever something is large, cut off, out of the
ordinary or wrong it stops, and leaves that object to the long way, which says what is wrong with it.
"""

from __future__ import annotations

import zlib
from bisect import bisect_left
from typing import TYPE_CHECKING, Final, NamedTuple

from storage.git.packentries import NO_BASE, OFS_DELTA

if TYPE_CHECKING:
    from storage.git.packentries import PackEntries

_HEADERS_BYTES_MAX: Final = 40
_SMALL_BYTES_MAX: Final = 32 << 10
_WHOLE: Final = frozenset({1, 2, 3, 4})


class Room(NamedTuple):
    """What may still come."""

    objects: int
    inflated_bytes: int
    resolved_bytes: int
    object_bytes_max: int
    delta_depth_max: int


class Run(NamedTuple):
    """What was taken."""

    used: int
    inflated_bytes: int
    resolved_bytes: int


def take_small(data: bytes, at: int, position: int, entries: PackEntries, room: Room) -> Run:
    """Take the objects from `data[at]` on, which is at `position` of the pack, into `entries`."""
    offsets, sizes, depths, bases = entries.offsets, entries.sizes, entries.depths, entries.bases
    small = min(_SMALL_BYTES_MAX, room.object_bytes_max)
    start, last, shift = at, len(data) - _HEADERS_BYTES_MAX, position - at
    count, inflated, resolved = 0, 0, 0
    view = memoryview(data)
    while at < last and count < room.objects:
        byte = data[at]
        kind, size, here = byte >> 4 & 7, byte & 15, at + 1
        if byte & 0x80:
            byte, here = data[here], here + 1
            size |= (byte & 0x7F) << 4
            if byte & 0x80:
                byte, here = data[here], here + 1
                size |= (byte & 0x7F) << 11
        if byte & 0x80 or size > small or inflated + size > room.inflated_bytes:
            break
        base, depth = NO_BASE, 0
        if kind == OFS_DELTA:
            distance, here = _distance(data, here)
            base = bisect_left(offsets, at + shift - distance)
            if distance <= 0 or base == len(offsets) or offsets[base] != at + shift - distance:
                break
            depth = depths[base] + 1
            if depth > room.delta_depth_max:
                break
        elif kind not in _WHOLE:
            break
        stream = zlib.decompressobj()
        end = min(len(data), here + size + (size >> 7) + 64)
        try:
            out = stream.decompress(view[here:end], size + 1)
        except zlib.error:
            break
        if not stream.eof or len(out) != size:
            break
        became = size if base < 0 else _resolves_to(out, sizes[base])
        if not 0 <= became <= room.object_bytes_max or resolved + became > room.resolved_bytes:
            break
        offsets.append(at + shift)
        sizes.append(became)
        depths.append(depth)
        bases.append(base)
        count, inflated, resolved = count + 1, inflated + size, resolved + became
        at = end - len(stream.unused_data)
    return Run(at - start, inflated, resolved)


def _distance(data: bytes, at: int) -> tuple[int, int]:
    """How far back a base is, and the place behind that; nothing good of one that takes more than four bytes."""
    byte = data[at]
    value, end = byte & 0x7F, at + 1
    while byte & 0x80:
        if end - at > 3:
            return 0, end
        byte = data[end]
        value, end = (value + 1) << 7 | byte & 0x7F, end + 1
    return value, end


def _resolves_to(delta: bytes, base_size: int) -> int:
    """How large a delta makes its object; -1 if it is for a base of another size, or unusual."""
    value = shift = at = 0
    numbers = [0, 0]
    for which in (0, 1):
        value = shift = 0
        while True:
            if at >= len(delta) or shift > 28:
                return -1
            byte = delta[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if not byte & 0x80:
                break
            shift += 7
        numbers[which] = value
    return numbers[1] if numbers[0] == base_size else -1
