"""A child process that ends when its parent does, whatever the parent ends of."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import Final

ORPHANED: Final = 70
"""Exit code of a child that found its parent gone."""
_PR_SET_PDEATHSIG: Final = 1


def die_with(parent: int) -> None:
    """Have the kernel kill this process when `parent` dies. Elsewhere than on Linux, that is up to a pipe.

    The kernel watches the thread that made the child: it must be one that lives as long as its process.
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:  # it died before it was watched
        os._exit(ORPHANED)
