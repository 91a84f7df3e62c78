"""A pack's index, mapped: opened for a few look-ups without being read."""

from __future__ import annotations

import mmap
import os
import struct
from typing import TYPE_CHECKING, Final, Protocol, final

if TYPE_CHECKING:
    from pathlib import Path

    from dulwich.objects import RawObjectID

_MAGIC: Final = b"\xfftOc\0\0\0\2"
_FANS_AT: Final = 8
_NAMES_AT: Final = _FANS_AT + 256 * 4
_NAME_BYTES: Final = 20
_TRAILER_BYTES: Final = 2 * _NAME_BYTES
_FAR: Final = 1 << 31
_U32: Final = struct.Struct(">I")
_U64: Final = struct.Struct(">Q")


class Offsets(Protocol):
    """Tells where a pack's objects lie."""

    def object_offset(self, sha: RawObjectID, /) -> int:
        """Where the entry of an object, by its 20 bytes, begins; raises `KeyError` if it is not in the pack."""
        ...

    def close(self) -> None:
        """Let go of the file."""


@final
class IndexFile:
    """`Offsets` of an index of version 2, as git writes them; raises `ValueError` for anything else."""

    def __init__(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            self._map = mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
        finally:
            os.close(descriptor)
        fits = len(self._map) >= _NAMES_AT + _TRAILER_BYTES and self._map[:_FANS_AT] == _MAGIC
        self._count = self._fan(255) if fits else 0
        if not fits or len(self._map) < _NAMES_AT + 28 * self._count + _TRAILER_BYTES:
            self._map.close()
            raise ValueError(f"{path.name} is no index of version 2, or is cut off")

    def object_offset(self, sha: RawObjectID, /) -> int:
        low, high = self._fan(sha[0] - 1) if sha[0] else 0, min(self._fan(sha[0]), self._count)
        while low < high:
            middle = (low + high) // 2
            at = _NAMES_AT + _NAME_BYTES * middle
            name = self._map[at : at + _NAME_BYTES]
            if name == sha:
                return self._offset(middle)
            low, high = (middle + 1, high) if name < sha else (low, middle)
        raise KeyError(sha.hex())

    def close(self) -> None:
        """Let go of the file."""
        self._map.close()

    def _fan(self, first: int) -> int:
        """How many names begin with this byte, or a smaller one."""
        return int(_U32.unpack_from(self._map, _FANS_AT + 4 * first)[0])

    def _offset(self, place: int) -> int:
        offsets = _NAMES_AT + 24 * self._count
        short = int(_U32.unpack_from(self._map, offsets + 4 * place)[0])
        if short < _FAR:
            return short
        return int(_U64.unpack_from(self._map, offsets + 4 * self._count + 8 * (short - _FAR))[0])
