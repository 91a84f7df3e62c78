"""A TCP relay that holds everything back a little, in both directions: a long cable."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, final

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

_READ_BYTES = 64 << 10


@final
class Relay:
    """Passes what comes at `host:port` on to `there`, `delay_s` later, in a thread of its own."""

    def __init__(self, host: str, port: int, there: tuple[str, int], delay_s: float) -> None:
        self._there = there
        self._delay_s = delay_s
        self._tasks = set[asyncio.Task[None]]()
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True, name="relay").start()
        asyncio.run_coroutine_threadsafe(asyncio.start_server(self._one, host, port), self._loop).result(10)

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._there)
        except OSError:
            writer.close()
            return
        self._spawn(self._carry(reader, far_writer))
        self._spawn(self._carry(far_reader, writer))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Each piece leaves its delay after it came, however many are on the way."""
        with suppress(OSError):
            while data := await reader.read(_READ_BYTES):
                self._loop.call_later(self._delay_s, _pass, writer, data)
        self._loop.call_later(self._delay_s, writer.close)


def _pass(writer: asyncio.StreamWriter, data: bytes) -> None:
    if not writer.is_closing():
        writer.write(data)
