"""Answers too large to hold many of: anybody may ask for them, and then take them as slowly as they like."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, final

from domain.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Generator

    from litestar.types import Send

SMALL_BYTES_MAX: Final = 256 << 10
"""What goes into the buffers of a connection at one go, and is not counted."""
HELD_BYTES_MAX: Final = 256 << 20
"""Of larger answers on their way out, in one worker."""
STALL_S: Final = 60.0
"""Who takes nothing for so long is cut off."""
READS_MAX: Final = 2

reading: Final = asyncio.Semaphore(READS_MAX)
"""For reads of objects of any size: each is in memory more than once while it is read."""


@final
class _Held:
    """The answers on their way; used on the worker's event loop only."""

    def __init__(self) -> None:
        self._bytes = 0

    @contextmanager
    def counting(self, count: int) -> Generator[None]:
        if self._bytes and self._bytes + count > HELD_BYTES_MAX:
            raise Unavailable("too many large answers are on their way already", hint="try again in a moment")
        self._bytes += count
        try:
            yield
        finally:
            self._bytes -= count


held: Final = _Held()


async def send_pieces(send: Send, body: bytes) -> None:
    """Send a body in pieces, each once there is room for it. To return before the end cuts the connection off."""
    whole = memoryview(body)
    try:
        for at in range(0, len(whole), SMALL_BYTES_MAX):
            piece = bytes(whole[at : at + SMALL_BYTES_MAX])
            async with asyncio.timeout(STALL_S):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
    except TimeoutError:
        return
    await send({"type": "http.response.body", "body": b"", "more_body": False})
