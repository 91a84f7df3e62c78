"""Turns for what takes seconds to compute: crawlers ask for it by the thousand, and other readers must not wait."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, final

from domain.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

AT_ONCE_MAX: Final = 2
"""In one worker: the rest of its threads stay free for what is quick."""
WAITING_MAX: Final = 16


@final
class Turns:
    """Lets a few in at once, lets some wait, and sends the others away."""

    def __init__(self, at_once_max: int = AT_ONCE_MAX, waiting_max: int = WAITING_MAX) -> None:
        self._free = asyncio.Semaphore(at_once_max)
        self._waiting = 0
        self._waiting_max = waiting_max

    @asynccontextmanager
    async def one(self) -> AsyncGenerator[None]:
        """Wait for a turn; raises `Unavailable` where too many do already."""
        if self._waiting >= self._waiting_max:
            raise Unavailable("too many such answers are being computed already", hint="try again in a moment")
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._free.release()


turns: Final = Turns()
