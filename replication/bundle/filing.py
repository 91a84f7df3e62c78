"""A bundle's parts to bytes and back, piece by piece: frames, their order, and the digest at the end."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, final

from replication.bundle.parts import (
    ID_BYTES,
    MAGIC,
    MAY_FOLLOW,
    OID_BYTES,
    VERSION,
    Blob,
    Bundle,
    BundleFault,
    End,
    Objects,
    Pack,
    Piece,
    Rows,
    Stream,
    decoded,
    encoded,
    name_of,
    unpacked,
)
from replication.frames import FRAME_OVERHEAD_BYTES, frame
from replication.limits import FRAME_BYTES_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from replication.messages import Message

_LENGTH_BYTES: Final = 4


@final
class BundleWriter:
    """The bytes of a bundle, part by part; `end` gives the last ones."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._number = 0

    def put(self, part: Message) -> bytes:
        """A part as it stands in the file."""
        data = frame(self._number, encoded(part))
        if not self._number:
            data = MAGIC + data
        self._number += 1
        self._digest.update(data)
        return data

    def end(self) -> bytes:
        """What ends the file."""
        return self.put(End(digest=self.digest()))

    def digest(self) -> bytes:
        """SHA-256 of all that was put so far."""
        return self._digest.digest()


@final
class BundleReader:
    """Cuts bytes into parts and sees to their order. Holds one frame at most, and what came behind it."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._digest = hashlib.sha256()
        self._number = 0
        self._last: type[Message] | None = None
        self._begun = False
        self._stream = b""
        self._frontier = False
        self._blob = b""
        self._blob_left = 0
        self.digest = b""
        """What the bundle is known by: the digest that stands at its end."""

    def feed(self, data: bytes) -> Iterator[Message]:
        """The parts that `data` completes, in order. Raises `BundleFault`."""
        self._buffer += data
        if not self._begun:
            if len(self._buffer) < len(MAGIC):
                return
            self._begin()
        while (whole := self._frame()) is not None:
            part = decoded(whole[2 * _LENGTH_BYTES : -_LENGTH_BYTES * 2])
            self._check(part)
            self._digest.update(whole)
            yield part
        if self._last is End and self._buffer:
            raise BundleFault("something follows the end of the bundle")

    def close(self) -> None:
        """There is no more; raises `BundleFault` if there should be."""
        if self._last is not End:
            raise BundleFault("the file is cut off: it has no end" if self._begun else "the file is no bundle")

    def _begin(self) -> None:
        if not self._buffer.startswith(MAGIC):
            if self._buffer.startswith(MAGIC[:14]):
                raise BundleFault("the bundle is of a later version of this format")
            raise BundleFault("the file is no bundle")
        self._digest.update(MAGIC)
        del self._buffer[: len(MAGIC)]
        self._begun = True

    def _frame(self) -> bytes | None:
        buffer = self._buffer
        if len(buffer) < _LENGTH_BYTES:
            return None
        length = int.from_bytes(buffer[:_LENGTH_BYTES], "big")
        if length > FRAME_BYTES_MAX:
            raise BundleFault(f"damaged: a frame of {length:,} bytes, where {FRAME_BYTES_MAX:,} are allowed")
        if len(buffer) < length + FRAME_OVERHEAD_BYTES:
            return None
        whole = bytes(buffer[: length + FRAME_OVERHEAD_BYTES])
        if frame(self._number, whole[2 * _LENGTH_BYTES : -_LENGTH_BYTES * 2]) != whole:
            raise BundleFault(f"damaged: frame {self._number} is not what it says it is")
        del buffer[: len(whole)]
        self._number += 1
        return whole

    def _check(self, part: Message) -> None:
        if type(part) not in MAY_FOLLOW[self._last]:
            raise BundleFault(f"a part {name_of(type(part))!r} is out of place")
        if self._frontier and isinstance(part, Rows | Pack | Blob):
            raise BundleFault("a frontier has no events, objects or blobs")
        self._last = type(part)
        self._measure(part)
        match part:
            case Bundle():
                if part.version != VERSION:
                    raise BundleFault(f"the bundle is of version {part.version}, and this node knows {VERSION}")
                self._frontier = part.frontier
            case Stream():
                if part.stream <= self._stream:
                    raise BundleFault("streams are out of order")
                self._stream, self._blob = part.stream, b""
                for names in (part.base, part.heads):
                    unpacked(names, ID_BYTES)
            case Objects():
                for names in (part.haves, part.tips):
                    unpacked(names, OID_BYTES)
            case End():
                self.digest = part.digest
                if part.digest != self._digest.digest():
                    raise BundleFault("damaged: the digest at its end is not that of the file")
            case _:
                pass

    def _measure(self, part: Message) -> None:
        """A blob is as long as it says."""
        if isinstance(part, Piece):
            self._blob_left -= len(part.data)
            if self._blob_left < 0:
                raise BundleFault(f"the blob {self._blob.hex()} is longer than it says")
        elif self._blob_left:
            raise BundleFault(f"the blob {self._blob.hex()} is cut off")
        elif isinstance(part, Blob):
            if part.sha256 <= self._blob:
                raise BundleFault("blobs are out of order")
            self._blob, self._blob_left = part.sha256, part.size
