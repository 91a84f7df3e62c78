"""A pack on its way from a thread to the client: in pieces that it asks for, framed for a band."""

from __future__ import annotations

from collections import deque
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Final, final

from transport.git.asgi import ClientGone
from transport.git.limits import BAND_BYTES_MAX
from transport.git.pktline import DATA

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterator

    from domain.ports_serving import OutgoingPack

_HEADER: Final = b"%04x%c"
_FULL_HEADER: Final = _HEADER % (BAND_BYTES_MAX + 5, DATA)
_WORDS_EACH_S: Final = 0.1


@final
class Words:
    """What a thread says to the event loop. It never waits: words are few, and progress may be left out."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._lock = Lock()
        self._waiting: deque[bytes] = deque()
        self._progress_at = 0.0
        self._aborted = False

    # --- the thread's end

    def say(self, data: bytes) -> None:
        """Pass it on; raises `ClientGone` once nobody wants it."""
        self.still_wanted()
        with self._lock:
            self._waiting.append(data)

    def progress(self, packet: bytes) -> None:
        """Pass it on, unless something was lately or waits still."""
        now = monotonic()
        if not self._waiting and now - self._progress_at >= _WORDS_EACH_S:
            self._progress_at = now
            self.say(packet)

    def still_wanted(self) -> None:
        """Raise `ClientGone` if nobody reads any more."""
        if self._aborted or self._loop.is_closed():
            raise ClientGone

    # --- the loop's end

    def take(self) -> bytes:
        """What has been said since."""
        if self._aborted:
            raise ClientGone
        with self._lock:
            data = b"".join(self._waiting)
            self._waiting.clear()
        return data

    def abort(self) -> None:
        """Nobody reads any more."""
        self._aborted = True


@final
class Outflow:
    """A pack's bytes, some at a time: whoever takes them slowly holds no thread, and little memory."""

    def __init__(self, pack: OutgoingPack, *, banded: bool) -> None:
        self._chunks: Iterator[bytes | memoryview] = pack.chunks()
        self._banded = banded
        self._rest: memoryview | None = None
        self.ended = False
        """Whether all has been pulled."""

    def pull(self, bytes_max: int, piece_bytes_max: int) -> list[bytes]:
        """The next bytes, about so many, in pieces; at least one, be it empty. Blocks; one thread at a time."""
        pieces, left = list[bytes](), bytes_max
        while left > 0 and not self.ended:
            pieces.append(self._piece(min(left, piece_bytes_max)))
            left -= piece_bytes_max
        return pieces

    def _piece(self, bytes_max: int) -> bytes:
        parts, size = list[bytes | memoryview](), 0
        while size < bytes_max:
            chunk = self._rest if self._rest is not None else next(self._chunks, None)
            self._rest = None
            if chunk is None:
                self.ended = True
                break
            room = bytes_max - size
            if len(chunk) > room:
                chunk = memoryview(chunk)
                self._rest = chunk[room:]
                chunk = chunk[:room]
            parts.append(chunk)
            size += len(chunk)
        if not self._banded or not parts:
            return b"".join(parts)
        return _banded(parts, size)


def _banded(parts: list[bytes | memoryview], size: int) -> bytes:
    """As many packets as it takes, the last of them shorter than the others; copied once."""
    if size <= BAND_BYTES_MAX:
        return b"".join([_HEADER % (size + 5, DATA), *parts])
    out, room, left = list[bytes | memoryview](), 0, size
    for part in parts:
        at = 0
        while at < len(part):
            if not room:
                room = min(BAND_BYTES_MAX, left)
                out.append(_FULL_HEADER if room == BAND_BYTES_MAX else _HEADER % (room + 5, DATA))
            step = min(room, len(part) - at)
            out.append(memoryview(part)[at : at + step])
            at, room, left = at + step, room - step, left - step
    return b"".join(out)
