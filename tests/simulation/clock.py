"""Simulated time: what happens when, in one order, whatever the machine does."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Clock:
    """Milliseconds since the network began, and everything that is still to happen."""

    def __init__(self) -> None:
        self.now_ms = 0
        self.steps = 0
        self._queue: list[tuple[int, int, Callable[[], object]]] = []
        self._made = 0

    def after(self, delay_ms: int, action: Callable[[], object]) -> None:
        """Do `action` in a while; what is due at one moment happens in the order it was asked for."""
        self._made += 1
        heapq.heappush(self._queue, (self.now_ms + max(0, delay_ms), self._made, action))

    def run(self, until_ms: int) -> None:
        """Let time pass."""
        while self._queue and self._queue[0][0] <= until_ms:
            self.now_ms, _, action = heapq.heappop(self._queue)
            self.steps += 1
            action()
        self.now_ms = until_ms
