"""Refusals as they are told: only so many that a log stays readable, whoever knocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

import trio

from transport.carrier.seam import Told, What

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.ids import Did
    from transport.carrier.seam import WireClosed

TOLD_PER_S: Final = 5.0
_BURST: Final = 20.0


@final
class Refusals:
    """Counts those that are not told, and says so with the next one that is."""

    def __init__(self, tell: Callable[[Told], None]) -> None:
        self._tell = tell
        self._tokens = _BURST
        self._at = 0.0
        self._untold = 0

    def add(self, closed: WireClosed, address: str, peer: Did | None) -> None:
        """A connection came to nothing."""
        now = trio.current_time()
        self._tokens = min(_BURST, self._tokens + (now - self._at) * TOLD_PER_S)
        self._at = now
        if self._tokens < 1:
            self._untold += 1
            return
        self._tokens -= 1
        self._tell(Told(What.REFUSED, closed.words, address, False, peer, closed.why, self._untold))
        self._untold = 0
