"""A bounded number of clients at work, a bounded number waiting, and threads for those at work."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, ParamSpec, TypeVar, final

from domain.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

P = ParamSpec("P")
T = TypeVar("T")


@final
class Turns:
    """Blocking work of one sort, off the event loop."""

    def __init__(self, name: str, *, at_once_max: int, waiting_max: int, threads_max: int = 0) -> None:
        self._name = name
        self._slots = asyncio.Semaphore(at_once_max)
        self._waiting_max = waiting_max
        self._waiting = 0
        # twice: the one that clears up after a client must not wait for the one still busy with it
        self._threads = ThreadPoolExecutor(threads_max or 2 * at_once_max, thread_name_prefix=f"git-{name}")

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        return self._waiting

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[None]:
        """Wait for a place; told to come back later if too many do."""
        if self._slots.locked() and self._waiting >= self._waiting_max:
            raise Unavailable(f"too many git clients {self._name} at once", hint="try again in a moment")
        self._waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._slots.release()

    def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> asyncio.Future[T]:
        """Do `work` in a thread."""
        return asyncio.get_running_loop().run_in_executor(self._threads, lambda: work(*args, **kwargs))
