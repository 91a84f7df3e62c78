"""Locks on folders: nothing of them stays behind, and they end with the process that holds them.

Which folder of a repository is locked for what:

`objects/pack`   tables are made that were missing
`objects`        names of packs come (a push is published) or go (those that were merged)
`quarantine`     packs are being linked (a fork), so none may go: shared; care takes it alone, or puts off what it wants
`care`           somebody tends the repository
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


@contextmanager
def alone(folder: Path) -> Generator[None]:
    """Hold the lock on a folder, which is waited for."""
    with _locked(folder, fcntl.LOCK_EX):
        yield


@contextmanager
def together(folder: Path) -> Generator[None]:
    """Keep those out who want to be alone."""
    with _locked(folder, fcntl.LOCK_SH):
        yield


@contextmanager
def alone_now(folder: Path) -> Generator[bool]:
    """Hold the lock if nobody else does; whether that is so."""
    try:
        with _locked(folder, fcntl.LOCK_EX | fcntl.LOCK_NB):
            yield True
    except BlockingIOError:
        yield False


@contextmanager
def _locked(folder: Path, how: int) -> Generator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, how)
        try:
            yield
        finally:
            # Not by closing alone: a child that another thread is just starting has the descriptor for a moment, too.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
    finally:
        os.close(descriptor)
