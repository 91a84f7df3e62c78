"""Where an object lies in an object folder, and of which type it is, without resolving any delta."""

from __future__ import annotations

import os
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO, Final, cast, final

from dulwich.object_format import SHA1
from dulwich.object_store import DiskObjectStore
from dulwich.objects import ObjectID, RawObjectID
from dulwich.pack import PackData, load_pack_index

from storage.git.index_file import IndexFile
from storage.git.packentries import OFS_DELTA
from storage.git.packscan import ENTRY_HEADER_BYTES_MAX, REF_DELTA, read_entry_header, read_offset

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from storage.git.index_file import Offsets

KINDS: Final = {1: "commit", 2: "tree", 3: "blob", 4: "tag"}


@final
class PackDir:
    """One `objects` folder, opened for some look-ups; use it with `with`."""

    def __init__(self, objects: Path) -> None:
        self._objects = objects
        self._packs: list[tuple[Path, Offsets]] = []
        self._files: dict[Path, BinaryIO] = {}
        try:
            for path in sorted((objects / "pack").glob("*.idx")):
                with suppress(FileNotFoundError):  # merged into another pack, which has been there for long
                    self._packs.append((path.with_suffix(".pack"), _opened(path)))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> PackDir:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        for file in self._files.values():
            file.close()
        for _, index in self._packs:
            index.close()
        self._files.clear()
        self._packs.clear()

    def kind(self, oid: str) -> str | None:
        """Type of an object, or None if it is not here."""
        raw = RawObjectID(bytes.fromhex(oid))
        for pack, index in self._packs:
            offset = _find(index, raw)
            if offset is not None:
                with suppress(FileNotFoundError):
                    return _kind_in(self._file(pack), index, offset)
        return self._loose_kind(oid)

    def place(self, oid: str) -> tuple[Path, int] | None:
        """A pack that has the object, and where its entry begins; None if none has."""
        raw = RawObjectID(bytes.fromhex(oid))
        for pack, index in self._packs:
            offset = _find(index, raw)
            if offset is not None:
                return pack, offset
        return None

    def _file(self, pack: Path) -> BinaryIO:
        """Opened once: thousands of tips may be asked for."""
        if pack not in self._files:
            self._files[pack] = pack.open("rb", buffering=0)
        return self._files[pack]

    def _loose_kind(self, oid: str) -> str | None:
        try:
            with (self._objects / oid[:2] / oid[2:]).open("rb") as file:
                head = zlib.decompressobj().decompress(file.read(64), 16)
        except FileNotFoundError:
            return None
        kind = head.partition(b" ")[0].decode("ascii", "replace")
        return kind if kind in KINDS.values() else None


@final
class PackedObjects:
    """The objects of one folder, to be read one by one: of its packs only those are opened that have them."""

    def __init__(self, objects: Path) -> None:
        self._objects = objects
        self._indexes = PackDir(objects)
        self._packs: dict[Path, PackData] = {}
        self._store: DiskObjectStore | None = None

    def close(self) -> None:
        """Let go of all packs."""
        self._indexes.close()
        if self._store is not None:
            self._store.close()
        for pack in self._packs.values():
            pack.close()

    def get_raw(self, oid: str) -> tuple[int, bytes]:
        """The type, as packs number it, and the bytes of an object.

        Raises `KeyError` for one that is not here, and for damage what dulwich raises for it.
        """
        place = self._indexes.place(oid)
        if place is None and not (self._objects / oid[:2] / oid[2:]).exists():
            raise KeyError(oid)
        found = None if place is None else self._whole(*place)
        if found is None:  # loose, a delta, or merged into another pack meanwhile
            self._store = self._store or DiskObjectStore(self._objects)
            kind, data = self._store.get_raw(ObjectID(oid.encode()))
            found = kind, bytes(data)
        return found

    def _whole(self, path: Path, offset: int) -> tuple[int, bytes] | None:
        """What lies there, unless it is a delta: commits seldom are."""
        if path not in self._packs:
            try:
                self._packs[path] = PackData(path, object_format=SHA1)
            except FileNotFoundError:
                return None
        kind, chunks = self._packs[path].get_object_at(offset)
        return (kind, b"".join(cast("list[bytes]", chunks))) if kind in KINDS else None


def _opened(path: Path) -> Offsets:
    try:
        return IndexFile(path)
    except ValueError:
        return load_pack_index(path, SHA1)  # of an old version, or it says what is wrong with it


def _find(index: Offsets, raw: RawObjectID) -> int | None:
    try:
        return index.object_offset(raw)
    except KeyError:
        return None


def kind_at(pack: Path, index: Offsets, offset: int) -> str | None:
    """Type of the object at an offset of a pack: follow the bases down to a whole one, reading headers only."""
    with pack.open("rb", buffering=0) as file:
        return _kind_in(file, index, offset)


def _kind_in(file: BinaryIO, index: Offsets, offset: int) -> str | None:
    while True:
        head = os.pread(file.fileno(), ENTRY_HEADER_BYTES_MAX, offset)
        kind, _, position = read_entry_header(head, 0)
        if kind == OFS_DELTA:
            offset -= read_offset(head, position)[0]
        elif kind == REF_DELTA:
            offset = index.object_offset(RawObjectID(head[position : position + 20]))
        else:
            return KINDS.get(kind)
