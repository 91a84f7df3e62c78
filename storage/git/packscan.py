"""Read a pack while it arrives, and refuse it before anything could be made large by it.

Sans-IO: bytes come in through `feed`, and `PackRefused` goes out. No object is kept: each zlib stream is inflated in
pieces only to find its end (a pack has no lengths of its own), and of a delta the first bytes are read, because they
say what it resolves to. So the cost of a pack is known before one delta is applied, and `storage.git.indexer` may
hand it to git.

Chains of deltas that name their base by offset are measured here. Those that name it by id can only be followed when
every id is known: `storage.git.chains` does that with the finished index.
"""

from __future__ import annotations

import zlib
from hashlib import sha1
from typing import TYPE_CHECKING, Final, final

from domain.ports_git import PackRefused
from storage.git.packentries import NO_BASE, OFS_DELTA, PackEntries
from storage.git.packrun import Room, take_small

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.ports_git import PackCaps

HEADER_BYTES: Final = 12
CHECKSUM_BYTES: Final = 20
ENTRY_HEADER_BYTES_MAX: Final = 40
"""Ten bytes of size, and an offset of ten bytes or an id of twenty."""
DELTA_HEADER_BYTES_MAX: Final = 20
PIECE_BYTES_MAX: Final = 64 * 1024
_VARINT_BYTES_MAX: Final = 9
REF_DELTA: Final = 7


@final
class PackScan:
    """One pack on its way in."""

    def __init__(self, caps: PackCaps) -> None:
        self.entries = PackEntries()
        self.checksum = ""
        """The pack's own SHA-1 in hex, once it was read and found right."""
        self._caps = caps
        self._count = 0
        self._position = 0
        self._inflated_bytes = 0
        self._resolved_bytes = 0
        self._tail = b""
        self._sha = sha1(usedforsecurity=False)
        self._step: Callable[[bytes, int], int] = self._read_header
        # the object being inflated
        self._zlib = zlib.decompressobj()
        self._left = 0
        self._is_delta = False
        self._delta_head = b""

    @property
    def total(self) -> int:
        """How many objects the pack says it has; 0 until its header was read."""
        return self._count

    @property
    def position(self) -> int:
        """How many bytes from the beginning on were looked at and found right; the checksum is none of them."""
        return self._position

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes, in pieces of any size."""
        data = self._tail + chunk
        position = 0
        while position < len(data) and self._step != self._read_checksum:
            used = self._step(data, position)
            if not used:
                break
            position += used
            self._position += used
        self._sha.update(memoryview(data)[:position])
        if self._step == self._read_checksum:
            position += self._read_checksum(data, position)
        self._tail = data[position:]

    def finish(self) -> None:
        """Say that no more comes."""
        if not self.checksum:
            raise PackRefused(
                f"the pack is cut off: {len(self.entries)} of {self._count} objects came"
                if self._count
                else "the pack is cut off"
            )

    def _read_header(self, data: bytes, at: int) -> int:
        if len(data) - at < HEADER_BYTES:
            return 0
        if data[at : at + 4] != b"PACK":
            raise PackRefused("this is not a pack: it does not begin with PACK")
        version = int.from_bytes(data[at + 4 : at + 8], "big")
        if version not in {2, 3}:
            raise PackRefused(f"the pack has version {version}; 2 and 3 are understood")
        self._count = int.from_bytes(data[at + 8 : at + 12], "big")
        if self._count > self._caps.objects_max:
            raise PackRefused(f"the pack says it has {self._count} objects; the limit is {self._caps.objects_max}")
        self._next_object()
        return HEADER_BYTES

    def _next_object(self) -> None:
        self._step = self._read_entry if len(self.entries) < self._count else self._read_checksum

    def _read_entry(self, data: bytes, at: int) -> int:
        """All small objects that lie there whole, or the beginning of one that takes more steps."""
        caps = self._caps
        room = Room(
            self._count - len(self.entries),
            caps.resolved_bytes_max - self._inflated_bytes,
            caps.resolved_bytes_max - self._resolved_bytes,
            caps.object_bytes_max,
            caps.delta_depth_max,
        )
        run = take_small(data, at, self._position, self.entries, room)
        if not run.used:
            return self._begin_entry(data, at)
        self._inflated_bytes += run.inflated_bytes
        self._resolved_bytes += run.resolved_bytes
        self._next_object()
        return run.used

    def _begin_entry(self, data: bytes, at: int) -> int:
        """An object's type, size and base; wait for more bytes rather than read half of it."""
        try:
            kind, size, position = read_entry_header(data, at)
            if kind == OFS_DELTA:
                distance, position = read_offset(data, position)
            elif kind == REF_DELTA and len(data) < position + 20:
                raise IndexError
            else:
                distance = 0
        except IndexError:
            assert len(data) - at < ENTRY_HEADER_BYTES_MAX
            return 0
        if kind in {0, 5}:
            raise PackRefused(f"object {len(self.entries) + 1} of the pack has the unknown type {kind}")
        if size > self._caps.object_bytes_max:
            raise self._too_large("says it has", size)
        self._inflated_bytes += size
        if self._inflated_bytes > self._caps.resolved_bytes_max:
            raise self._too_much()
        self._add_entry(kind, size, distance)
        if kind == REF_DELTA:
            self.entries.ref_entries.append(len(self.entries) - 1)
            self.entries.ref_bases += data[position : position + 20]
            position += 20
        self._zlib, self._left = zlib.decompressobj(), size
        self._is_delta, self._delta_head = kind in {OFS_DELTA, REF_DELTA}, b""
        self._step = self._skip_body
        return position - at

    def _add_entry(self, kind: int, size: int, distance: int) -> None:
        entries, depth, base = self.entries, 0, NO_BASE
        if kind == OFS_DELTA:
            base = entries.at(self._position - distance)
            if base == NO_BASE:
                raise PackRefused(f"delta {len(entries) + 1} of the pack has its base where no object begins")
            depth = entries.depths[base] + 1
        elif kind == REF_DELTA:
            depth = 1
        else:
            self._resolve(size)
        if depth > self._caps.delta_depth_max:
            raise PackRefused(f"a chain of deltas is longer than {self._caps.delta_depth_max}")
        entries.offsets.append(self._position)
        entries.sizes.append(size)
        entries.depths.append(depth)
        entries.bases.append(base)

    def _skip_body(self, data: bytes, at: int) -> int:
        """Inflate one piece of an object and forget it; the step changes when its stream ends."""
        piece = memoryview(data)[at : at + min(PIECE_BYTES_MAX, self._left + (self._left >> 7) + 64)]
        try:
            out = self._zlib.decompress(piece, min(PIECE_BYTES_MAX, self._left + 1))
        except zlib.error as error:
            raise PackRefused(f"object {len(self.entries)} of the pack does not inflate: {error}") from None
        self._left -= len(out)
        if self._left < 0:
            raise PackRefused(f"object {len(self.entries)} of the pack is larger than it says")
        if self._is_delta and len(self._delta_head) < DELTA_HEADER_BYTES_MAX:
            self._delta_head += out[: DELTA_HEADER_BYTES_MAX - len(self._delta_head)]
        if not self._zlib.eof:
            return len(piece) - len(self._zlib.unconsumed_tail)
        if self._left:
            raise PackRefused(f"object {len(self.entries)} of the pack is smaller than it says")
        if self._is_delta:
            self._read_delta_header()
        self._next_object()
        return len(piece) - len(self._zlib.unused_data)

    def _read_delta_header(self) -> None:
        entries = self.entries
        try:
            base_size, position = _varint(self._delta_head, 0)
            size, _ = _varint(self._delta_head, position)
        except IndexError:
            raise PackRefused(f"delta {len(entries)} of the pack is too short") from None
        if max(base_size, size) > self._caps.object_bytes_max:
            raise self._too_large("resolves to", max(base_size, size))
        base = entries.bases[-1]
        if base != NO_BASE and entries.sizes[base] != base_size:
            raise PackRefused(f"delta {len(entries)} of the pack is for another base than it names")
        entries.sizes[-1] = size
        self._resolve(size)

    def _resolve(self, size: int) -> None:
        self._resolved_bytes += size
        if self._resolved_bytes > self._caps.resolved_bytes_max:
            raise self._too_much()

    def _read_checksum(self, data: bytes, at: int) -> int:
        if self.checksum and len(data) > at:
            raise PackRefused("there are bytes behind the end of the pack")
        if self.checksum or len(data) - at < CHECKSUM_BYTES:
            return 0
        checksum = data[at : at + CHECKSUM_BYTES]
        if checksum != self._sha.digest():
            raise PackRefused("the pack's checksum is wrong: it was damaged on its way")
        if len(data) > at + CHECKSUM_BYTES:
            raise PackRefused("there are bytes behind the end of the pack")
        self.checksum = checksum.hex()
        return CHECKSUM_BYTES

    def _too_large(self, verb: str, size: int) -> PackRefused:
        limit = human_bytes(self._caps.object_bytes_max)
        return PackRefused(f"an object of the pack {verb} {human_bytes(size)}; the limit for one object is {limit}")

    def _too_much(self) -> PackRefused:
        limit = human_bytes(self._caps.resolved_bytes_max)
        return PackRefused(f"the pack resolves to more than {limit} of objects, which is the limit")


def human_bytes(count: int) -> str:
    """`count` as people write it: 256 MiB."""
    amount, units = float(count), ["bytes", "KiB", "MiB", "GiB", "TiB"]
    while amount >= 1024 and len(units) > 1:
        amount, units = amount / 1024, units[1:]
    return f"{amount:.1f}".removesuffix(".0") + f" {units[0]}"


def read_entry_header(data: bytes, at: int) -> tuple[int, int, int]:
    """(type, size, position behind); IndexError if it is not all there."""
    byte = data[at]
    at += 1
    kind, size, shift = byte >> 4 & 7, byte & 15, 4
    while byte & 0x80:
        if shift > 7 * _VARINT_BYTES_MAX:
            raise PackRefused("an object of the pack has a size that no number holds")
        byte = data[at]
        at += 1
        size |= (byte & 0x7F) << shift
        shift += 7
    return kind, size, at


def read_offset(data: bytes, at: int) -> tuple[int, int]:
    """How far back a delta's base begins, in the encoding where a continued byte counts one more."""
    byte = data[at]
    first, value = at, byte & 0x7F
    at += 1
    while byte & 0x80:
        if at - first > _VARINT_BYTES_MAX:
            raise PackRefused("a delta of the pack has its base further away than a number holds")
        byte = data[at]
        at += 1
        value = (value + 1) << 7 | byte & 0x7F
    return value, at


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if shift > 7 * _VARINT_BYTES_MAX:
            raise PackRefused("a delta of the pack has a size that no number holds")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return value, at
