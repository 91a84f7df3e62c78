"""What waits on the control streams of all wires together, and who goes when it is too much."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, final

from transport.carrier.seam import Why

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Queue(Protocol):
    """One wire's."""

    @property
    def queued_bytes(self) -> int:
        """How long it is."""
        ...

    def drop(self, why: Why, words: str) -> None:
        """End the wire."""
        ...


@final
class Queues:
    """The sum, which every wire keeps up to date; `wires` tells which there are."""

    def __init__(self, bytes_max: int, wires: Callable[[], Iterable[Queue]]) -> None:
        self.total = 0
        self._bytes_max = bytes_max
        self._wires = wires

    def check(self) -> None:
        """Drop whoever has most waiting, if all have too much."""
        while self.total > self._bytes_max:
            longest = max(self._wires(), key=lambda wire: wire.queued_bytes, default=None)
            if longest is None or not longest.queued_bytes:
                return
            longest.drop(Why.STALLED, "more waits for all peers than this node keeps, and most of it for this one")
