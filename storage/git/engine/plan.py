"""A pack that is not written anywhere: which slices of which files make it up."""

from __future__ import annotations

import hashlib
import struct
from typing import TYPE_CHECKING, Final, NamedTuple, final

import numpy as np

from domain.errors import Damaged

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

CHUNK_BYTES_MAX: Final = 1 << 20
"""Pieces are as large as that, so that passing them on costs little for each byte, and little memory."""
_HEADER: Final = struct.Struct(">4sLL")
_VERSION: Final = 2
_TRAILER_BYTES: Final = 20


class Source(NamedTuple):
    """A pack by its file's name; the name is empty for what was made for this plan."""

    name: str
    data: memoryview


@final
class Plan:
    """An immutable pack to be; may be sent any number of times, to several clients at once."""

    def __init__(
        self,
        sources: Sequence[Source],
        source: NDArray[np.int32],
        start: NDArray[np.int64],
        end: NDArray[np.int64],
        *,
        objects: int,
        trailer: bytes | None = None,
    ) -> None:
        self.sources = tuple(sources)
        self.source = source
        self.start = start
        self.end = end
        self.objects = objects
        self.trailer = trailer
        """The checksum, once it is known. What is read from a file is only believed to have it."""
        self.proven = False
        """Whether the checksum was made from the bytes in this process."""
        self.filed = False
        """Whether it lies in a file, or was found too large for one."""
        self.size = _HEADER.size + int((end - start).sum()) + _TRAILER_BYTES

    @property
    def memory_bytes(self) -> int:
        """What holding it takes, mapped files aside."""
        made = sum(len(each.data) for each in self.sources if not each.name)
        return made + self.source.nbytes + self.start.nbytes + self.end.nbytes

    def chunks(self) -> Iterator[bytes | memoryview]:
        """The pack's bytes. Raises `Damaged` at the end if they are not what was once sent under this plan."""
        head = _HEADER.pack(b"PACK", _VERSION, self.objects)
        if self.proven and self.trailer is not None:
            yield head
            yield from self.body()
            yield self.trailer
            return
        sha = hashlib.sha1(head, usedforsecurity=False)
        yield head
        for piece in self.body():
            sha.update(piece)
            yield piece
        if self.trailer is not None and self.trailer != sha.digest():
            raise Damaged("a cached pack is not as it was written")
        self.trailer, self.proven = sha.digest(), True
        yield self.trailer

    def body(self) -> Iterator[bytes | memoryview]:
        """What is between header and checksum."""
        data = [each.data for each in self.sources]
        stops: NDArray[np.int64] = np.cumsum(self.end - self.start)
        at = 0
        while at < len(stops):
            start, end = int(self.start[at]), int(self.end[at])
            if end - start >= CHUNK_BYTES_MAX:
                view = data[int(self.source[at])]
                for first in range(start, end, CHUNK_BYTES_MAX):
                    yield view[first : min(first + CHUNK_BYTES_MAX, end)]
                at += 1
                continue
            past = int(np.searchsorted(stops, int(stops[at]) - (end - start) + CHUNK_BYTES_MAX, side="right"))
            past = max(past, at + 1)
            which: list[int] = self.source[at:past].tolist()
            rows = zip(which, self.start[at:past].tolist(), self.end[at:past].tolist(), strict=True)
            yield b"".join([data[source][first:last] for source, first, last in rows])
            at = past
