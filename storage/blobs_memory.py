"""Blobs in memory: the twin of `storage.blobs`."""

from __future__ import annotations

import hashlib
import io
import time
from typing import TYPE_CHECKING, BinaryIO, final

from domain.errors import NotFound, TooLarge
from domain.ports_blobs import KeptBlob

if TYPE_CHECKING:
    from collections.abc import Iterator


@final
class MemoryBlobs:
    """Blobs of one process."""

    def __init__(self) -> None:
        self.blobs: dict[bytes, tuple[bytes, int]] = {}
        """By hash, the bytes and when they were stored."""
        self.drafts: dict[MemoryBlobDraft, int] = {}
        """Those not finished, with when they were last fed."""

    def draft(self, bytes_max: int) -> MemoryBlobDraft:
        return MemoryBlobDraft(self, bytes_max)

    def size(self, name: bytes) -> int | None:
        found = self.blobs.get(name)
        return None if found is None else len(found[0])

    def open(self, name: bytes) -> BinaryIO:
        if name not in self.blobs:
            raise NotFound("the bytes of this attachment are not on this node")
        return io.BytesIO(self.blobs[name][0])

    def is_sound(self, name: bytes) -> bool:
        return hashlib.sha256(self.blobs[name][0]).digest() == name

    def kept(self) -> Iterator[KeptBlob]:
        return iter([KeptBlob(name, len(data), stored_ms) for name, (data, stored_ms) in self.blobs.items()])

    def remove(self, name: bytes) -> None:
        self.blobs.pop(name, None)

    def sweep(self, before_ms: int) -> int:
        old = [draft for draft, fed_ms in self.drafts.items() if fed_ms < before_ms]
        for draft in old:
            del self.drafts[draft]
        return len(old)


@final
class MemoryBlobDraft:
    """Bytes on their way in."""

    def __init__(self, blobs: MemoryBlobs, bytes_max: int) -> None:
        self._blobs = blobs
        self._bytes_max = bytes_max
        self._data = bytearray()
        blobs.drafts[self] = _now_ms()

    def feed(self, chunk: bytes) -> None:
        if len(self._data) + len(chunk) > self._bytes_max:
            raise TooLarge(f"an attachment has at most {self._bytes_max:,} bytes", hint="push large files with git")
        self._data += chunk
        self._blobs.drafts[self] = _now_ms()

    def finish(self) -> KeptBlob:
        data = bytes(self._data)
        kept = KeptBlob(hashlib.sha256(data).digest(), len(data), _now_ms())
        self._blobs.blobs[kept.name] = data, kept.stored_ms
        self._blobs.drafts.pop(self, None)
        return kept

    def discard(self) -> None:
        self._blobs.drafts.pop(self, None)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
