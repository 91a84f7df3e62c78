"""Where an object lies in an object folder, and of which type it is, without resolving any delta."""

from __future__ import annotations

import os
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO, Final, final

from dulwich.object_format import SHA1
from dulwich.objects import RawObjectID
from dulwich.pack import load_pack_index

from storage.git.packentries import OFS_DELTA
from storage.git.packscan import ENTRY_HEADER_BYTES_MAX, REF_DELTA, read_entry_header, read_offset

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from dulwich.pack import PackIndex

KINDS: Final = {1: "commit", 2: "tree", 3: "blob", 4: "tag"}


@final
class PackDir:
    """One `objects` folder, opened for some look-ups; use it with `with`."""

    def __init__(self, objects: Path) -> None:
        self._objects = objects
        self._packs: list[tuple[Path, PackIndex]] = []
        self._files: dict[Path, BinaryIO] = {}
        try:
            for path in sorted((objects / "pack").glob("*.idx")):
                with suppress(FileNotFoundError):  # merged into another pack, which has been there for long
                    self._packs.append((path.with_suffix(".pack"), load_pack_index(path, SHA1)))
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


def _find(index: PackIndex, raw: RawObjectID) -> int | None:
    try:
        return index.object_offset(raw)
    except KeyError:
        return None


def kind_at(pack: Path, index: PackIndex, offset: int) -> str | None:
    """Type of the object at an offset of a pack: follow the bases down to a whole one, reading headers only."""
    with pack.open("rb", buffering=0) as file:
        return _kind_in(file, index, offset)


def _kind_in(file: BinaryIO, index: PackIndex, offset: int) -> str | None:
    while True:
        head = os.pread(file.fileno(), ENTRY_HEADER_BYTES_MAX, offset)
        kind, _, position = read_entry_header(head, 0)
        if kind == OFS_DELTA:
            offset -= read_offset(head, position)[0]
        elif kind == REF_DELTA:
            offset = index.object_offset(RawObjectID(head[position : position + 20]))
        else:
            return KINDS.get(kind)
