"""Bandwidth caps: a bucket that fills with time, and may be overdrawn by what was just sent or received."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import trio

if TYPE_CHECKING:
    from collections.abc import Sequence


@final
class Bucket:
    """So many bytes (or records) a second by trio's clock; 0 is no cap. `burst_s` is how long unused ones last."""

    def __init__(self, bytes_per_s: int, burst_s: float) -> None:
        self.bytes_per_s = bytes_per_s
        self._burst_s = burst_s
        self._free_at = 0.0
        """When what was spent so far will have been earned."""

    def wait_s(self, now: float) -> float:
        """How long until bytes may move; 0 if they may now."""
        return max(0.0, self._free_at - now) if self.bytes_per_s else 0.0

    def spend(self, size: int, now: float) -> None:
        """So many bytes move now."""
        if self.bytes_per_s:
            self._free_at = max(self._free_at, now - self._burst_s) + size / self.bytes_per_s


@final
class Pace:
    """The buckets that one direction of one wire draws from: its own, and the one that all share."""

    def __init__(self, buckets: Sequence[Bucket]) -> None:
        self._buckets = tuple(buckets)

    async def wait(self) -> None:
        """Wait until bytes may move. Others may have been faster in the meantime, so it looks again."""
        left_s = self._left_s()
        while left_s > 0:
            await trio.sleep(left_s)
            left_s = self._left_s()

    def spend(self, size: int) -> None:
        """So many bytes move now."""
        now = trio.current_time()
        for bucket in self._buckets:
            bucket.spend(size, now)

    def piece_bytes(self, bytes_max: int) -> int:
        """How much to move at once, so that others get their turn several times a second."""
        rates = [bucket.bytes_per_s for bucket in self._buckets if bucket.bytes_per_s]
        return min(bytes_max, max(1 << 10, min(rates) // 8)) if rates else bytes_max

    def _left_s(self) -> float:
        now = trio.current_time()
        return max((bucket.wait_s(now) for bucket in self._buckets), default=0.0)
