"""Bytes that are made for one answer: in memory while they are few, then in a file without a name."""

from __future__ import annotations

import mmap
import tempfile
from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from pathlib import Path

SPILL_BYTES_MAX: Final = 4 << 20
"""So much of one answer is held in memory."""


@final
class Spill:
    """Takes bytes and gives them back as one view; the view alone keeps what is behind it."""

    def __init__(self, scratch: Path) -> None:
        self.size = 0
        self._file = tempfile.SpooledTemporaryFile(SPILL_BYTES_MAX, dir=str(scratch))  # noqa: SIM115 (closed by view)

    def add(self, data: bytes) -> None:
        """Put these bytes behind the others."""
        self._file.write(data)
        self.size += len(data)

    def view(self) -> memoryview:
        """All bytes; nothing can be added any more."""
        with self._file as file:
            if self.size <= SPILL_BYTES_MAX:
                file.seek(0)
                return memoryview(file.read())
            file.flush()
            return memoryview(mmap.mmap(file.fileno(), self.size, access=mmap.ACCESS_READ))

    def close(self) -> None:
        """Let go, where nobody asked for the view."""
        self._file.close()
