"""How the C library gives memory back to the system: not so soon that each piece of a large answer is cleared anew."""

from __future__ import annotations

import ctypes
import sys
from typing import Final

KEPT_BYTES_MAX: Final = 16 << 20
"""What the top of a heap may hold unused before it is given back."""
_PIECE_BYTES_MAX: Final = 2 << 20
"""What is larger is a mapping of its own, and gone as soon as it is not needed."""
_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3


def keep_pieces() -> None:
    """Have pieces of answers made where pieces were before. Only where the C library is glibc; harmless elsewhere.

    Left alone, glibc maps anew what has more than 128 KiB, or trims it off its heap, and the system fills each page
    with zeros: sending eight clones at once took half as much again.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _PIECE_BYTES_MAX)
        mallopt(_M_TRIM_THRESHOLD, KEPT_BYTES_MAX)
