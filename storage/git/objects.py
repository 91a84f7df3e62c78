"""One repository's objects and refs as they are on disk, through dulwich; for one thread at a time."""

from __future__ import annotations

import os
import struct
import zlib
from contextlib import contextmanager, suppress
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO, Protocol, Self, final

from dulwich.errors import ApplyDeltaError, ChecksumMismatch, FileFormatException, ObjectFormatException
from dulwich.object_store import DiskObjectStore
from dulwich.objects import ObjectID
from dulwich.pack import OFS_DELTA, REF_DELTA, PackFileDisappeared
from dulwich.refs import DiskRefsContainer, Ref, check_ref_format

from domain.errors import Damaged, NotFound
from storage.git.read_limits import COMMIT_START_BYTES, DELTA_BASE_CACHE_BYTES_MAX, MESSAGE_BYTES_MAX

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence
    from pathlib import Path

    from dulwich.pack import Pack

TYPES = {1: "commit", 2: "tree", 3: "blob", 4: "tag"}
COMMIT, TREE, BLOB, TAG = 1, 2, 3, 4
_NUMBERS = {name: number for number, name in TYPES.items()}
_BROKEN = (
    ApplyDeltaError,
    AssertionError,
    BufferError,
    ChecksumMismatch,
    EOFError,
    FileFormatException,
    IndexError,
    KeyError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What reading a damaged file ends in: dulwich asserts what a pack must be."""
_MEND = "`gitant doctor` looks for more; restore the repository from a backup, or push it again from a whole clone"
_LOOKUPS = 3
"""While git repacks, a look at the folder can miss both the old pack and the new one."""
_HEADER_BYTES = 1_024
"""Enough for the header of any pack entry and the code tables of its first deflated bytes."""


class Packed(Protocol):
    """Finds objects faster, by tables."""

    def content(self, oid: bytes) -> tuple[int, bytes] | None:
        """The type and bytes of an object, None if it is not known there; `Damaged` where it cannot be read."""
        ...

    def sizes(self, oids: Sequence[bytes]) -> dict[bytes, int]:
        """The sizes of those of some objects that are known there."""
        ...


@final
class Objects:
    """A bare repository, open; `close` lets go of its packs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._store = DiskObjectStore(path / "objects", delta_base_cache_limit=DELTA_BASE_CACHE_BYTES_MAX)
        self._refs = DiskRefsContainer(str(path))
        self.packed: Packed | None = None
        """Asked first, where somebody who reads much has put it."""

    def close(self) -> None:
        self._store.close()

    def ref(self, name: bytes) -> bytes | None:
        """The oid a full ref or HEAD holds, symbolic refs followed."""
        if name != b"HEAD" and not (name.startswith(b"refs/") and check_ref_format(Ref(name))):
            return None
        try:
            return self._refs[Ref(name)]
        except (KeyError, ValueError, OSError):
            return None

    def head(self) -> bytes:
        """The ref that HEAD points to, whether or not it is there."""
        names, _ = self._refs.follow(Ref(b"HEAD"))
        return names[-1]

    def beginning(self, digits: bytes, most: int) -> list[bytes]:
        """Objects of any type whose names begin with two digits or more: the first so many, sorted."""
        with self._reading(digits):
            return sorted(islice(self._store.iter_prefix(digits), most))

    def raw(self, oid: bytes) -> tuple[int, bytes]:
        """The type and bytes of an object that somebody asks for; `NotFound` if it is not here."""
        found = self._read(oid)
        if found is None:
            raise NotFound(f"there is no object {oid.decode()} in this repository")
        return found

    def linked(self, oid: bytes) -> tuple[int, bytes]:
        """The type and bytes of an object that a ref or another object names, so it must be here; else `Damaged`."""
        found = self._read(oid)
        if found is None:
            raise self._damaged(f"object {oid.decode()}, which others name, is missing")
        return found

    def _read(self, oid: bytes) -> tuple[int, bytes] | None:
        if self.packed is not None:
            with suppress(Damaged):  # there may be a whole copy; if there is none, that is told below
                found = self.packed.content(oid)
                if found is not None:
                    return found
        for _ in range(_LOOKUPS):
            with self._reading(oid):
                try:
                    kind, data = self._store.get_raw(ObjectID(oid))
                except KeyError:
                    continue
                except ObjectFormatException:
                    return _loose(self.path / "objects", oid)
                return kind, bytes(data)
        return None

    @contextmanager
    def _reading(self, oid: bytes) -> Generator[None]:
        """Turn what dulwich and zlib say of broken files into `Damaged`."""
        try:
            yield
        except _BROKEN as fault:
            words = f"{type(fault).__name__}: {fault}" if str(fault) else type(fault).__name__
            raise self._damaged(f"object {oid.decode()} cannot be read ({words})") from fault

    def _damaged(self, words: str) -> Damaged:
        return Damaged(f"{words}, in repository {self.path.stem}", hint=_MEND)

    def typed(self, oid: bytes, kind: int) -> bytes:
        """The bytes of an object that must be here, and of one type."""
        found, data = self.linked(oid)
        if found != kind:
            raise NotFound(f"{oid.decode()} is a {TYPES.get(found, 'strange object')}, not a {TYPES[kind]}")
        return data

    def sizes(self, oids: Iterable[bytes]) -> dict[bytes, int]:
        """The sizes of objects that must be here, from pack and loose headers: nothing big is inflated."""
        wanted = list(oids)
        told = {} if self.packed is None else self.packed.sizes(wanted)
        found: dict[bytes, int | None] = {**told}
        with self._headers() as headers:
            for oid in (oid for oid in wanted if oid not in told):
                with self._reading(oid):
                    found[oid] = headers.size(oid)
        return {oid: len(self.linked(oid)[1]) if size is None else size for oid, size in found.items()}

    def size(self, oid: bytes) -> int:
        """The size of an object that somebody asks for; `NotFound` if it is not here."""
        with self._headers() as headers, self._reading(oid):
            size = headers.size(oid)
        return len(self.raw(oid)[1]) if size is None else size

    def start(self, oid: bytes, count: int) -> bytes:
        """The first `count` bytes of a blob; a stored-whole one is not inflated further than that."""
        with self._headers() as headers, self._reading(oid):
            data = headers.start(oid, count)
        return self.linked(oid)[1][:count] if data is None else data

    def beginning_of(self, commit: bytes) -> bytes:
        """A commit that must be here: all of it, or of a long one its header and the beginning of its message."""
        if self.sizes((commit,))[commit] > COMMIT_START_BYTES:
            data = self.start(commit, COMMIT_START_BYTES)
            if 0 <= data.find(b"\n\n") < len(data) - MESSAGE_BYTES_MAX - 2:
                return data
        return self.typed(commit, COMMIT)

    @contextmanager
    def _headers(self) -> Generator[_Headers]:
        packs = self._store.packs
        try:
            with _Headers(self.path / "objects", packs) as headers:
                yield headers
        finally:
            # One that a repack removed meanwhile is no longer the store's, and reading it may have opened it again.
            kept = self._store.packs
            for pack in packs:
                if not any(pack is other for other in kept):
                    pack.close()


class _Headers:
    """Reads the first bytes of entries; it holds each pack it needed open until it is left."""

    def __init__(self, folder: Path, packs: list[Pack]) -> None:
        self._folder = folder
        self._packs = packs
        self._files: dict[str, BinaryIO] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files.values():
            file.close()

    def size(self, oid: bytes) -> int | None:
        """None where only reading the whole object tells."""
        located = self._located(oid)
        if located is None:
            loose = self._loose(oid, 64)
            return None if loose is None else int(loose.partition(b"\0")[0].split(b" ")[1])
        file, offset = located
        header = os.pread(file.fileno(), _HEADER_BYTES, offset)
        kind, size, at = _entry(header)
        if kind not in {OFS_DELTA, REF_DELTA}:
            return size
        sizes = zlib.decompressobj().decompress(header[at:], 32)
        return _varint(sizes, _varint(sizes, 0)[1])[0]

    def start(self, oid: bytes, count: int) -> bytes | None:
        """None where only reading the whole object tells."""
        located = self._located(oid)
        if located is None:
            loose = self._loose(oid, count + 64)
            return None if loose is None else loose.partition(b"\0")[2][:count]
        file, offset = located
        # zlib never makes data this much longer
        data = os.pread(file.fileno(), _HEADER_BYTES + count * 2, offset)
        kind, _, at = _entry(data)
        if kind in {OFS_DELTA, REF_DELTA}:
            return None
        return zlib.decompressobj().decompress(data[at:], count)

    def _located(self, oid: bytes) -> tuple[BinaryIO, int] | None:
        for pack in self._packs:
            try:
                offset = pack.index.object_offset(ObjectID(oid))
                return self._file(pack), offset
            except (KeyError, FileNotFoundError, PackFileDisappeared):
                continue  # a repack may have removed it; its objects are in another one
        return None

    def _file(self, pack: Pack) -> BinaryIO:
        path = os.fsdecode(pack.data.path)
        if path not in self._files:
            self._files[path] = open(path, "rb", buffering=0)  # noqa: PTH123, SIM115 (closed in __exit__)
        return self._files[path]

    def _loose(self, oid: bytes, count: int) -> bytes | None:
        name = oid.decode()
        try:
            with (self._folder / name[:2] / name[2:]).open("rb") as file:
                return zlib.decompressobj().decompress(file.read(_HEADER_BYTES + count * 2), count)
        except FileNotFoundError:
            return None


def _loose(folder: Path, oid: bytes) -> tuple[int, bytes]:
    """A loose object as it is: dulwich parses one to read it, and refuses commits that git is content with."""
    name = oid.decode()
    header, _, data = zlib.decompress((folder / name[:2] / name[2:]).read_bytes()).partition(b"\0")
    return _NUMBERS[header.partition(b" ")[0].decode()], data


def _entry(data: bytes) -> tuple[int, int, int]:
    """The type and size that a pack entry's header says, and where its deflated bytes begin."""
    byte = data[0]
    kind, size, shift, at = byte >> 4 & 7, byte & 15, 4, 1
    while byte & 0x80:
        byte = data[at]
        size |= (byte & 0x7F) << shift
        shift += 7
        at += 1
    if kind == REF_DELTA:
        at += 20
    elif kind == OFS_DELTA:
        while data[at] & 0x80:
            at += 1
        at += 1
    return kind, size, at


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        shift += 7
        at += 1
        if not byte & 0x80:
            return value, at
