"""What a node does now and then in a process of its own, so that it competes with nobody for an interpreter."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import Final

import trio

_ASKED: Final = frozenset({-signal.SIGINT, -signal.SIGTERM, -signal.SIGHUP})


@dataclass(frozen=True, slots=True)
class Ended:
    """How a chore's process ended, and what it printed."""

    code: int
    told: bytes

    @property
    def was_asked_to(self) -> bool:
        """Whether somebody ended it, which is no fault: a node's stop may reach all processes of its group."""
        return self.code in _ASKED


async def done(module: str, *words: str) -> Ended:
    """Run `python -m MODULE WORDS PARENT` to its end; whoever cancels this kills it."""
    # Not made in a thread of trio's: the kernel ends a child with the thread that made it.
    child = subprocess.Popen(  # noqa: ASYNC220  # it takes a millisecond
        [sys.executable, "-P", "-m", module, *words, str(os.getpid())],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    try:
        told, _ = await trio.to_thread.run_sync(child.communicate, abandon_on_cancel=True)
    finally:
        if child.returncode is None:
            child.kill()
            child.wait()
    return Ended(child.wait(), told)
