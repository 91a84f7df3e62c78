"""Numbers that one process keeps and others read: a small file of 64-bit cells, mapped into memory.

Counting costs an addition. A reader sees each number whole, and those of one moment as good as together.
"""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_CELL_BYTES: Final = 8
_MODE: Final = 0o600


@final
class Cells:
    """Cells by name, all 0 at first. Used in one thread; without a path nobody else sees them."""

    def __init__(self, names: Sequence[str], path: Path | None = None) -> None:
        size = _CELL_BYTES * len(names)
        self._place = {name: place for place, name in enumerate(names)}
        if path is None:
            self._map: mmap.mmap | None = None
            self._cells = memoryview(bytearray(size)).cast("Q")
            return
        path.touch(mode=_MODE)
        path.write_bytes(bytes(size))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), size)
        self._cells = memoryview(self._map).cast("Q")

    def add(self, name: str, count: int = 1) -> None:
        """Count; below zero it does not go."""
        place = self._place[name]
        self._cells[place] = max(0, self._cells[place] + count)

    def put(self, name: str, value: int) -> None:
        self._cells[self._place[name]] = value

    def get(self, name: str) -> int:
        return self._cells[self._place[name]]

    def close(self) -> None:
        """Let go of the file; what is counted from now on nobody sees."""
        if self._map is not None:
            private = memoryview(bytearray(self._cells)).cast("Q")
            self._cells.release()
            self._cells = private
            self._map.close()
            self._map = None


def read_cells(names: Sequence[str], path: Path) -> dict[str, int]:
    """What stands in the cells of another process; empty where there are none."""
    try:
        data = path.read_bytes()
    except OSError:
        return {}
    if len(data) != _CELL_BYTES * len(names):
        return {}
    return dict(zip(names, memoryview(data).cast("Q"), strict=True))
