"""Bytes from a thread to the event loop, a few pieces at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from threading import Condition
from typing import Final, final

from transport.git.asgi import ClientGone

_LOOK_UP_S: Final = 1.0
"""How soon a thread notices that its event loop ended without a word."""


@final
class Pipe:
    """The thread writes and waits while the pipe is full; the loop reads."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, chunks_max: int) -> None:
        self._loop = loop
        self._chunks_max = chunks_max
        self._chunks: deque[bytes] = deque()
        self._changed = Condition()
        self._readable = asyncio.Event()
        self._aborted = False
        self._ended = False

    # --- the thread's end

    def write(self, data: bytes) -> None:
        """Pass a piece on; raises `ClientGone` once nobody wants it."""
        with self._changed:
            while len(self._chunks) >= self._chunks_max and not self._aborted:
                self._changed.wait(_LOOK_UP_S)
                self.still_wanted()
            self.still_wanted()
            self._chunks.append(data)
        self._wake()

    def still_wanted(self) -> None:
        """Raise `ClientGone` if nobody reads any more."""
        if self._aborted or self._loop.is_closed():
            raise ClientGone

    def end(self) -> None:
        """Say that no more comes."""
        with self._changed:
            self._ended = True
        self._wake()

    def _wake(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._readable.set)

    # --- the loop's end

    async def read(self) -> bytes | None:
        """The next piece, or None behind the last one."""
        while True:
            with self._changed:
                if self._aborted:
                    raise ClientGone
                if self._chunks:
                    self._changed.notify_all()
                    return self._chunks.popleft()
                if self._ended:
                    return None
                self._readable.clear()
            await self._readable.wait()

    def abort(self) -> None:
        """Nobody reads any more."""
        with self._changed:
            self._aborted = True
            self._chunks.clear()
            self._changed.notify_all()
        self._readable.set()
