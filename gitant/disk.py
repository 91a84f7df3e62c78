"""What the disk complains about while a node starts, in words on what to do."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING

from domain.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


@contextmanager
def disk_faults(folder: Path) -> Generator[None]:
    """Turn the system's errors into `Unavailable`. `folder` is the data folder, for those that name no file."""
    try:
        yield
    except OSError as fault:
        full = fault.errno in {errno.ENOSPC, errno.EDQUOT}
        raise Unavailable(
            f"{fault.filename or folder} cannot be used: {fault.strerror}",
            hint="free some space on its disk" if full else "check the owner and mode of the data folder",
        ) from fault
