"""What the writer counts: batches, how large they were and how long they took, and who waits."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Final, final

from gitant.cells import Cells

if TYPE_CHECKING:
    from pathlib import Path

SIZES: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256)
SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
NAMES: Final = (
    "batches",
    "requests",
    "refused",
    "waiting",
    "position",
    "busy_ns",
    *(f"size_{bound}" for bound in (*SIZES, "more")),
    *(f"took_{bound}" for bound in (*SECONDS, "more")),
)
"""`size_` and `took_` cells count what fell between the bound before and theirs."""
_NS_PER_S: Final = 1_000_000_000


@final
class WriterTally:
    """The writer's counts since the node started."""

    def __init__(self, path: Path | None = None) -> None:
        self._cells = Cells(NAMES, path)

    def batch(self, size: int, refused: int, seconds: float) -> None:
        """A batch of `size` requests, some of them refused, was carried out and answered."""
        self._cells.add("batches")
        self._cells.add("requests", size)
        self._cells.add("refused", refused)
        self._cells.add("busy_ns", int(seconds * _NS_PER_S))
        self._cells.add(f"size_{(*SIZES, 'more')[bisect_left(SIZES, size)]}")
        self._cells.add(f"took_{(*SECONDS, 'more')[bisect_left(SECONDS, seconds)]}")

    def now(self, *, waiting: int, position: int) -> None:
        """How many requests wait, and where the log ends."""
        self._cells.put("waiting", waiting)
        self._cells.put("position", position)

    def close(self) -> None:
        self._cells.close()
