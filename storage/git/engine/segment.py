"""A pack's tables: columns in one file beside the pack, mapped and never changed.

    magic and version · checksum of the directory · checksum of the pack · counts · directory of columns · columns

A segment is a function of the pack and of the trees of its commits' parents. So it is made once, where the pack is
checked, and holds wherever the pack lies: in the quarantine, in the repository and in every fork that links it.

Objects are counted in the order of the pack's index. A *link* is such an ordinal, or, below zero, `~n` for the nth of
the ids in `foreign`: an object that lies in another pack.
"""

from __future__ import annotations

import mmap
import os
import struct
import zlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

import numpy as np

from domain.errors import Damaged
from storage.git.engine.mark import MAGIC, SUFFIX

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

NAME_BYTES: Final = 20
_HEAD: Final = struct.Struct("<8sI20sI")
"""Magic and version, CRC-32 of all that follows up to the first column, the pack's checksum, number of columns."""
_COLUMN: Final = struct.Struct("<16sQQI")
"""Name, where it begins, how many bytes it has, their CRC-32."""
_ALIGN: Final = 64
_IDX_MAGIC: Final = b"\xfftOc\0\0\0\2"
_IDX_NAMES_AT: Final = 8 + 256 * 4
_OFFSET_IS_LONG: Final = 1 << 31


class Columns(NamedTuple):
    """A segment's columns: per object, per commit, per tag, and the foreign ids."""

    key: NDArray[np.uint64]
    """The first eight bytes of the object's id, as a number; ascending."""
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    head: NDArray[np.uint8]
    """How many bytes lie between `start` and what is deflated."""
    kind: NDArray[np.uint8]
    delta: NDArray[np.uint8]
    base: NDArray[np.int32]
    """The ordinal of a delta's base, else -1."""
    size: NDArray[np.int64]
    """When resolved."""
    first: NDArray[np.int32]
    """The lowest of the pack's commits that introduces the object (a commit: itself), else -1."""
    commit: NDArray[np.int32]
    """The ordinals of the commits, ascending; their place here is what commit columns and `first` speak of."""
    time: NDArray[np.int64]
    generation: NDArray[np.int32]
    """One more than the highest of its parents'; 1 without parents."""
    tree: NDArray[np.int32]
    """Link to the root tree."""
    parent_at: NDArray[np.int64]
    """Where the commit's parents begin; one longer than there are commits."""
    parent: NDArray[np.int32]
    """A place among the commits, or a link below zero."""
    intro_at: NDArray[np.int64]
    """Where what the commit introduces begins; one longer than there are commits."""
    intro: NDArray[np.int32]
    """Links to objects that are in the commit's tree and at that path in none of its parents' trees."""
    depth: NDArray[np.uint8]
    """How many steps below the root each of them is (255: so many or more)."""
    walk: NDArray[np.uint8]
    """1 where comparing trees cost too much: everything in the commit's tree counts as introduced."""
    path_key: NDArray[np.uint64]
    """The first eight bytes of the digest of each path that a commit changes, as a number; ascending …"""
    path_rest: NDArray[np.uint64]
    """… and the other eight."""
    path_at: NDArray[np.int64]
    """Where the commits that change the path begin; one longer than there are paths."""
    path_by: NDArray[np.int32]
    """The commits, ascending, that have something else at the path than their first parent has."""
    path_walk: NDArray[np.uint8]
    """1 where it is not known which paths the commit changes; a commit without parents is not asked."""
    again: NDArray[np.int32]
    """Links, ascending, to what commits beside `first` introduce, foreign objects included …"""
    again_by: NDArray[np.int32]
    """… and by which commit each."""
    tag: NDArray[np.int32]
    tag_target: NDArray[np.int32]
    """Link to what the tag is on."""
    foreign: NDArray[np.uint8]
    """20 bytes a row, ascending."""


_TYPES: Final[dict[str, str]] = {
    "key": "<u8", "start": "<i8", "end": "<i8", "head": "|u1", "kind": "|u1", "delta": "|u1", "base": "<i4",
    "size": "<i8", "first": "<i4", "commit": "<i4", "time": "<i8", "generation": "<i4", "tree": "<i4",
    "parent_at": "<i8", "parent": "<i4", "intro_at": "<i8", "intro": "<i4", "depth": "|u1", "walk": "|u1",
    "path_key": "<u8", "path_rest": "<u8", "path_at": "<i8", "path_by": "<i4", "path_walk": "|u1",
    "again": "<i4", "again_by": "<i4", "tag": "<i4", "tag_target": "<i4", "foreign": "|u1",
}  # fmt: skip
assert tuple(_TYPES) == Columns._fields


class IndexedPack(NamedTuple):
    """A pack and its index, mapped."""

    path: Path
    """Of the pack."""
    data: memoryview
    names: NDArray[np.uint8]
    """Ids in the order of the index, 20 bytes a row."""
    idx: memoryview

    @property
    def checksum(self) -> bytes:
        """The pack's own, which is also in its index."""
        return bytes(self.idx[-2 * NAME_BYTES : -NAME_BYTES])

    def offsets(self) -> NDArray[np.int64]:
        """Where each object's entry begins."""
        count, at = len(self.names), _IDX_NAMES_AT + 24 * len(self.names)
        short = np.frombuffer(self.idx, ">u4", count, at).astype(np.int64)
        large = short >= _OFFSET_IS_LONG
        if large.any():
            total = (len(self.idx) - at - 4 * count - 2 * NAME_BYTES) // 8
            long = np.frombuffer(self.idx, ">u8", total, at + 4 * count).astype(np.int64)
            short[large] = long[short[large] - _OFFSET_IS_LONG]
        return short


class Segment(NamedTuple):
    """A pack with its tables."""

    pack: IndexedPack
    columns: Columns


def open_pack(path: Path) -> IndexedPack:
    """Map the pack `path` and its index; raises `Damaged` where they do not fit each other or are no pack."""
    data, idx = _map(path), _map(path.with_suffix(".idx"))
    count = int.from_bytes(idx[_IDX_NAMES_AT - 4 : _IDX_NAMES_AT], "big")
    small = len(idx) < _IDX_NAMES_AT + 28 * count + 2 * NAME_BYTES or len(data) < 12 + NAME_BYTES
    if small or bytes(idx[:8]) != _IDX_MAGIC or data[-NAME_BYTES:] != idx[-2 * NAME_BYTES : -NAME_BYTES]:
        raise Damaged(f"{path.name} and its index do not fit each other")
    names = np.frombuffer(idx, np.uint8, NAME_BYTES * count, _IDX_NAMES_AT).reshape(count, NAME_BYTES)
    return IndexedPack(path, data, names, idx)


def count_objects(path: Path) -> int:
    """How many objects the index of the pack `path` has."""
    with path.with_suffix(".idx").open("rb") as file:
        file.seek(_IDX_NAMES_AT - 4)
        return int.from_bytes(file.read(4), "big")


def load_segment(pack: IndexedPack) -> Segment | None:
    """The pack with the tables that lie beside it; None if there are none that can be used."""
    try:
        data = _map(pack.path.with_suffix(SUFFIX))
        magic, checksum, of_pack, count = _HEAD.unpack_from(data)
    except (FileNotFoundError, struct.error):
        return None
    if magic != MAGIC or of_pack != pack.checksum or zlib.crc32(data[12 : _directory_end(count)]) != checksum:
        return None
    found: dict[str, Any] = {}
    for name, start, length, _ in _COLUMN.iter_unpack(data[_HEAD.size : _directory_end(count)]):
        word = name.rstrip(b"\0").decode()
        if word not in _TYPES or start + length > len(data):
            return None
        kind = np.dtype(_TYPES[word])
        found[word] = np.frombuffer(data, kind, length // kind.itemsize, start) if length else np.empty(0, kind)
    if found.keys() != _TYPES.keys() or len(found["key"]) != len(pack.names):
        return None
    found["foreign"] = found["foreign"].reshape(-1, NAME_BYTES)
    return Segment(pack, Columns(**found))


def is_whole(pack: IndexedPack) -> bool:
    """Whether every byte of the tables beside the pack is as it was written; reads all of them."""
    if load_segment(pack) is None:
        return False
    data = _map(pack.path.with_suffix(SUFFIX))
    rows = _COLUMN.iter_unpack(data[_HEAD.size : _directory_end(_HEAD.unpack_from(data)[3])])
    return all(zlib.crc32(data[start : start + length]) == checksum for _, start, length, checksum in rows)


def write_segment(segment: Segment) -> None:
    """Put the tables beside their pack: whole or not at all, on the disk when this returns."""
    columns = segment.columns
    at = _aligned(_directory_end(len(columns)))
    directory = list[bytes]()
    blocks = list[bytes]()
    for name, column in zip(columns._fields, cast("tuple[NDArray[Any], ...]", columns), strict=True):
        block = column.astype(_TYPES[name]).tobytes()
        directory.append(_COLUMN.pack(name.encode(), at, len(block), zlib.crc32(block)))
        blocks.append(block)
        at = _aligned(at + len(block))
    rest = segment.pack.checksum + struct.pack("<I", len(columns)) + b"".join(directory)
    path = segment.pack.path.with_suffix(SUFFIX)
    draft = path.with_name(f".{path.name}")  # whoever writes here is alone
    draft.unlink(missing_ok=True)
    with draft.open("wb") as file:
        file.write(MAGIC + struct.pack("<I", zlib.crc32(rest)) + rest)
        for block in blocks:
            file.write(bytes(_aligned(file.tell()) - file.tell()))
            file.write(block)
        file.flush()
        os.fchmod(file.fileno(), 0o444)
        os.fsync(file.fileno())
    draft.replace(path)


def keys_of(names: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """The first eight bytes of each id, as numbers that sort as the ids do."""
    head = np.ascontiguousarray(names[:, :8])
    return cast("NDArray[np.uint64]", head.view(">u8").reshape(-1).astype(np.uint64))


def digests_of(columns: Columns, paths: NDArray[np.int64]) -> bytes:
    """The digests of some of a segment's paths, one behind the other."""
    found = np.empty((len(paths), 2), ">u8")
    found[:, 0], found[:, 1] = columns.path_key[paths], columns.path_rest[paths]
    return found.tobytes()


def ints(column: NDArray[Any]) -> memoryview[int]:
    """A column of integers to look into one by one, which arrays are slow at."""
    return memoryview(cast("Any", column))  # numpy's types tell of buffers from Python 3.12 on


def _directory_end(columns: int) -> int:
    return _HEAD.size + columns * _COLUMN.size


def _aligned(at: int) -> int:
    return -(-at // _ALIGN) * _ALIGN


def _map(path: Path) -> memoryview:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return memoryview(mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ))
    except ValueError:
        raise Damaged(f"{path.name} is empty") from None
    finally:
        os.close(descriptor)
