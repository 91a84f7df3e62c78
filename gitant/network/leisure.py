"""When to do what nobody waits for: once nothing more urgent has come for a moment, or after a while anyway."""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, final

import trio

if TYPE_CHECKING:
    from collections.abc import Generator

QUIET_S: Final = 0.5
PATIENCE_S: Final = 10.0


@final
class Leisure:
    """What is urgent runs within `work`, one at a time; what is not begins with `come`."""

    def __init__(self) -> None:
        self._resting = trio.Event()
        self._resting.set()
        self._ended = -math.inf

    @contextmanager
    def work(self) -> Generator[None]:
        """Something urgent goes on within."""
        self._resting = trio.Event()
        try:
            yield
        finally:
            self._ended = trio.current_time()
            self._resting.set()

    async def come(self) -> None:
        """Wait until no work was done for `QUIET_S`, and `PATIENCE_S` at most."""
        with trio.move_on_after(PATIENCE_S):
            while True:
                await self._resting.wait()
                if trio.current_time() >= self._ended + QUIET_S:
                    return
                await trio.sleep_until(self._ended + QUIET_S)
