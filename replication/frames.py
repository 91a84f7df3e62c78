"""Frames: how messages lie in the stream of bytes that a carrier brings.

    length   4 bytes, big-endian: of the body
    number   4 bytes: 0 for the first frame of a link, then one more for each
    body     one message
    check    8 bytes: the first of SHA-256(tag ‖ length ‖ number ‖ body)

The carrier need not be trusted: a frame that comes twice is dropped, one that is missing or damaged ends the link. A
link that ends without a `goodbye` or a `refused` was cut.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from domain.errors import PeerFault
from replication.limits import FRAME_BYTES_MAX, HELLO_BYTES_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator

FRAME_TAG: Final = b"gitant/frame/v1\0"
_HEAD_BYTES: Final = 8
_CHECK_BYTES: Final = 8
FRAME_OVERHEAD_BYTES: Final = _HEAD_BYTES + _CHECK_BYTES


class FrameFault(PeerFault):
    """What came is no frame, or not the next one: nothing that follows on this link can be read. `code` is stable."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(f"{code}: {words}")
        self.code = code
        self.words = words


def frame(number: int, body: bytes) -> bytes:
    """The bytes of the frame with this number."""
    assert len(body) <= FRAME_BYTES_MAX
    head = len(body).to_bytes(4, "big") + number.to_bytes(4, "big")
    return head + body + _check(head, body)


class FrameReader:
    """Cuts what comes into bodies; holds at most one frame and what came behind it."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._next = 0
        self.body_bytes_max = HELLO_BYTES_MAX
        """Raised to `FRAME_BYTES_MAX` by whoever reads, when the peer has said hello."""

    def bodies(self, data: bytes) -> Iterator[bytes]:
        """The bodies that `data` completes, in order. Raises `FrameFault`."""
        self._buffer += data
        start = 0
        while (body := self._at(start)) is not None:
            number = int.from_bytes(self._buffer[start + 4 : start + 8], "big")
            start += FRAME_OVERHEAD_BYTES + len(body)
            if number > self._next:
                raise FrameFault("frame-gap", f"frame {number} came where {self._next} was due")
            if number == self._next:
                self._next += 1
                yield body
        del self._buffer[:start]

    @property
    def held_bytes(self) -> int:
        """How much of an unfinished frame is here."""
        return len(self._buffer)

    def _at(self, start: int) -> bytes | None:
        buffer = self._buffer
        if len(buffer) - start < _HEAD_BYTES:
            return None
        length = int.from_bytes(buffer[start : start + 4], "big")
        if length > self.body_bytes_max:
            raise FrameFault("frame-too-large", f"{length} bytes, where {self.body_bytes_max} are taken")
        end = start + _HEAD_BYTES + length
        if len(buffer) < end + _CHECK_BYTES:
            return None
        head, body = bytes(buffer[start : start + _HEAD_BYTES]), bytes(buffer[start + _HEAD_BYTES : end])
        if _check(head, body) != bytes(buffer[end : end + _CHECK_BYTES]):
            raise FrameFault("frame-damaged", "its check does not fit its bytes")
        return body


def _check(head: bytes, body: bytes) -> bytes:
    digest = hashlib.sha256(FRAME_TAG + head)
    digest.update(body)
    return digest.digest()[:_CHECK_BYTES]
