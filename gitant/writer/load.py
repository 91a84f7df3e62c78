"""How much the writer has had to do of late, for what shares its process and can wait."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from collections.abc import Callable

FADES_S: Final = 0.5
"""After so long, work counts for about a third."""
BUSY: Final = 0.4
"""Of a writer that is always at work the load is near one; a push or a comment now and then stays far below this."""


@final
class WriterLoad:
    """Told by the writer's thread, asked by any."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last = (0.0, clock())
        """The seconds worked, faded, and as of when."""
        self._began: float | None = None

    def begins(self) -> None:
        """A batch is begun, which may take long."""
        self._began = self._clock()

    def worked(self, seconds: float) -> None:
        """A batch that took so long is done."""
        self._last = (self._faded() + seconds, self._clock())
        self._began = None

    def is_busy(self) -> bool:
        """Whether it was at work for most of the last moments, as when it takes in a copy or a flood of requests."""
        began = self._began
        under_way = 0.0 if began is None else self._clock() - began
        return (self._faded() + under_way) / FADES_S > BUSY

    def _faded(self) -> float:
        seconds, at = self._last
        return seconds * math.exp((at - self._clock()) / FADES_S)
