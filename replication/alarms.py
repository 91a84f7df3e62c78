"""Who is to be called when: a heap of times, drained by `Replicator.woke`."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable


class Alarms:
    """One alarm for each name; setting it again moves it."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Hashable]] = []
        self._set: dict[Hashable, tuple[int, Callable[[int], None]]] = {}
        self._count = 0

    def put(self, name: Hashable, at_ms: int, call: Callable[[int], None]) -> None:
        """Have `call(now)` called at a time."""
        standing = self._set.get(name)
        self._set[name] = (at_ms, call)
        if standing is None or standing[0] != at_ms:
            self._count += 1
            heapq.heappush(self._heap, (at_ms, self._count, name))

    def sooner(self, name: Hashable, at_ms: int, call: Callable[[int], None]) -> None:
        """Like `put`, unless the alarm is set for an earlier time."""
        standing = self._set.get(name)
        if standing is None or at_ms < standing[0]:
            self.put(name, at_ms, call)

    def drop(self, name: Hashable) -> None:
        """Call nobody."""
        self._set.pop(name, None)

    def due(self, now: int) -> None:
        """Call everybody whose time has come."""
        while self._heap and self._heap[0][0] <= now:
            at_ms, _, name = heapq.heappop(self._heap)
            standing = self._set.get(name)
            if standing is not None and standing[0] == at_ms:
                del self._set[name]
                standing[1](now)

    def next_ms(self) -> int | None:
        """The earliest time; None if there is none."""
        while self._heap:
            at_ms, _, name = self._heap[0]
            standing = self._set.get(name)
            if standing is not None and standing[0] == at_ms:
                return at_ms
            heapq.heappop(self._heap)
        return None
