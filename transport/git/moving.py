"""Who is sent how much at a time: everybody in turn, more to those who take it fast, little held for the others."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, final

from transport.git.limits import BAND_BYTES_MAX

if TYPE_CHECKING:
    from collections.abc import Generator

    from transport.git.limits import GitLimits

_QUICK_S: Final = 0.2
"""Who takes a piece within this time is not slow."""
_BUFFERS_BYTES: Final = 8 << 20
"""What is first sent goes into buffers on the way, whether or not the client reads any."""


@final
class Moving:
    """The large answers of one process.

    Some hundred clients that begin at once would each have a piece ready in every round of the event loop, and whoever
    asks something short would wait for all of them, several times. So a few move at a time, in turn.
    """

    def __init__(self, limits: GitLimits) -> None:
        self._limits = limits
        self._turns = asyncio.Semaphore(limits.moving_max)
        self._trusted = 0

    def turn(self) -> asyncio.Semaphore:
        """To be held while the next pieces are made, and not while they wait for the client."""
        return self._turns

    @contextmanager
    def share(self) -> Generator[Share]:
        """For one answer, from its beginning to its end."""
        trusted = self._trusted < self._limits.trusted_max
        self._trusted += trusted
        try:
            yield Share(self._limits, trusted=trusted)
        finally:
            self._trusted -= trusted


@final
class Share:
    """How much one client is sent at a time.

    A few are believed to be fast from the beginning; the others have to take more than buffers hold first. So of many
    that read nothing most hold little.
    """

    def __init__(self, limits: GitLimits, *, trusted: bool) -> None:
        self._limits = limits
        self._trusted = trusted
        self._taken_bytes = 0
        self.bytes = 0
        """How much to make next: a packet or two, or as much as a server has room for."""
        self.piece_bytes = 0
        """In pieces of so much, of which the server holds several."""
        self._allow(quick=True)

    def taken(self, size: int, seconds: float) -> None:
        """A piece was passed on, and that took so long."""
        self._taken_bytes += size
        self._allow(quick=seconds < _QUICK_S)

    def _allow(self, *, quick: bool) -> None:
        if quick and (self._trusted or self._taken_bytes > _BUFFERS_BYTES):
            self.bytes, self.piece_bytes = self._limits.ahead_bytes_max, self._limits.piece_bytes_max
        else:
            # Making two at once costs little more than one, for the way to a thread and back is most of it.
            self.bytes, self.piece_bytes = BAND_BYTES_MAX * (1 + quick), BAND_BYTES_MAX
