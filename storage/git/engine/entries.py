"""What is where in a pack, read from the headers of its entries, all at once."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from domain.errors import Damaged
from storage.git.engine.segment import keys_of
from storage.git.engine.tables import OFS_DELTA, REF_DELTA

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from storage.git.engine.segment import IndexedPack

_HEADER_BYTES_MAX: Final = 10
_DELTA_HEAD_BYTES: Final = 20
_DELTA_HEAD_DEFLATED_BYTES: Final = 1_024
"""Enough for the code tables of a deflated delta and its first bytes."""


class EntryTable(NamedTuple):
    """The columns of a segment that speak of the pack's entries (see there)."""

    key: NDArray[np.uint64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    head: NDArray[np.uint8]
    kind: NDArray[np.uint8]
    delta: NDArray[np.uint8]
    base: NDArray[np.int32]
    size: NDArray[np.int64]


def scan_entries(pack: IndexedPack) -> EntryTable:
    """The entry table of a pack that git has checked; raises `Damaged` where it is not what git made it."""
    data = np.frombuffer(pack.data, np.uint8)
    start = pack.offsets()
    order = np.argsort(start)
    end = np.empty_like(start)
    end[order] = np.append(start[order[1:]], len(data) - 20)
    try:
        kind, size, body = _headers(data, start)
        key = keys_of(pack.names)
        base, body = _bases(pack, key, start, order, kind, body)
    except IndexError:
        raise Damaged(f"{pack.path.name} has an entry that goes beyond its end") from None
    delta = np.where(base >= 0, kind, 0).astype(np.uint8)
    _resolve_kinds(pack, kind, base)
    for ordinal in np.flatnonzero(base >= 0).tolist():
        size[ordinal] = _resolved_size(pack, int(body[ordinal]), int(end[ordinal]))
    return EntryTable(key, start, end, (body - start).astype(np.uint8), kind, delta, base, size)


def _headers(
    data: NDArray[np.uint8], start: NDArray[np.int64]
) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
    """Type, size and end of the header proper of each entry."""
    first = data[start]
    kind = (first >> 4) & 7
    size = (first & 15).astype(np.int64)
    at = start + 1
    more = np.flatnonzero(first & 0x80)
    for step in range(_HEADER_BYTES_MAX):
        if not len(more):
            break
        byte = data[at[more]]
        size[more] |= (byte & 0x7F).astype(np.int64) << (4 + 7 * step)
        at[more] += 1
        more = more[(byte & 0x80) != 0]
    return kind.astype(np.uint8), size, at


def _bases(
    pack: IndexedPack,
    key: NDArray[np.uint64],
    start: NDArray[np.int64],
    order: NDArray[np.int64],
    kind: NDArray[np.uint8],
    body: NDArray[np.int64],
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Ordinals of the deltas' bases, and where the deflated bytes of each entry begin."""
    data = np.frombuffer(pack.data, np.uint8)
    base = np.full(len(start), -1, np.int32)
    by_offset = np.flatnonzero(kind == OFS_DELTA)
    if len(by_offset):
        distance, behind = _distances(data, body[by_offset])
        body[by_offset] = behind
        wanted = start[by_offset] - distance
        place = order[np.minimum(np.searchsorted(start[order], wanted), len(order) - 1)]
        if (start[place] != wanted).any():
            raise Damaged(f"{pack.path.name} has a delta whose base is no object")
        base[by_offset] = place
    by_id = np.flatnonzero(kind == REF_DELTA)
    if len(by_id):
        ids = data[body[by_id][:, None] + np.arange(20)]
        body[by_id] += 20
        base[by_id] = ordinals(pack, key, ids)
        if (base[by_id] < 0).any():
            raise Damaged(f"{pack.path.name} has a delta whose base it lacks")
    return base, body


def _distances(data: NDArray[np.uint8], at: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How far back the bases lie, and where the bytes that say so end."""
    byte = data[at]
    value = (byte & 0x7F).astype(np.int64)
    at = at + 1
    more = np.flatnonzero(byte & 0x80)
    for _ in range(_HEADER_BYTES_MAX):
        if not len(more):
            break
        byte = data[at[more]]
        value[more] = ((value[more] + 1) << 7) | (byte & 0x7F)
        at[more] += 1
        more = more[(byte & 0x80) != 0]
    return value, at


def _resolve_kinds(pack: IndexedPack, kind: NDArray[np.uint8], base: NDArray[np.int32]) -> None:
    """Give each delta the type of what its chain ends in: every round jumps twice as far."""
    jump = base.astype(np.int64)
    left = np.flatnonzero(base >= 0)
    for _ in range(64):
        if not len(left):
            return
        goal = jump[left]
        further = jump[goal]
        kind[left] = kind[goal]
        jump[left] = np.where(further >= 0, further, goal)
        left = left[(kind[left] == OFS_DELTA) | (kind[left] == REF_DELTA)]
    raise Damaged(f"{pack.path.name} has a chain of deltas that closes on itself")


def ordinals(pack: IndexedPack, key: NDArray[np.uint64], ids: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Where these ids (20 bytes a row) stand in the pack's index; -1 for those that do not."""
    return matching(key, pack.names, ids)


def matching(key: NDArray[np.uint64], names: NDArray[np.uint8], ids: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The first row of `names` (whose keys ascend) that equals each of `ids`, else -1."""
    found = np.full(len(ids), -1, np.int64)
    if not len(key) or not len(ids):
        return found
    wanted = keys_of(ids)
    place = np.searchsorted(key, wanted)
    left = np.flatnonzero(place < len(key))
    left = left[key[place[left]] == wanted[left]]
    while len(left):  # one round, but for ids made to begin alike
        same = (names[place[left]] == ids[left]).all(axis=1)
        found[left[same]] = place[left[same]]
        left = left[~same]
        place[left] += 1
        left = left[place[left] < len(key)]
        left = left[key[place[left]] == wanted[left]]
    return found


def _resolved_size(pack: IndexedPack, body: int, end: int) -> int:
    """What a delta says it resolves to."""
    piece = pack.data[body : min(end, body + _DELTA_HEAD_DEFLATED_BYTES)]
    try:
        head = zlib.decompressobj().decompress(piece, _DELTA_HEAD_BYTES)
        at = 0
        while head[at] & 0x80:
            at += 1
        value = shift = 0
        while True:
            at += 1
            value |= (head[at] & 0x7F) << shift
            shift += 7
            if not head[at] & 0x80:
                return value
    except (zlib.error, IndexError):
        raise Damaged(f"{pack.path.name} has a delta that cannot be read") from None
