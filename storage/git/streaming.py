"""Handing a pack to git while it arrives, so that git has read it soon after its last byte is here."""

from __future__ import annotations

import fcntl
import os
import sys
from contextlib import suppress
from threading import Lock, Thread
from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from storage.git.indexer import Indexer

_AHEAD_BYTES: Final = 1 << 20
"""What may be handed on before git has read it; with the 64 KiB of most pipes, each side often waits for the other."""


@final
class Streamed:
    """One run of git on a pack that is still arriving. `feed` and `finish` come one after the other, `end` at any time.

    The thread is its own and lives as long as git does: the kernel ends a child with the thread that made it.
    """

    def __init__(self, indexer: Indexer) -> None:
        self._indexer = indexer
        self._fault: BaseException | None = None
        self._lock = Lock()
        self._is_open = True
        reading, self._writing = os.pipe()
        if sys.platform == "linux":
            with suppress(OSError):  # a user may have only so much in pipes
                fcntl.fcntl(self._writing, fcntl.F_SETPIPE_SZ, _AHEAD_BYTES)
        self._thread = Thread(target=self._run, args=(reading,), name="git-index", daemon=True)
        self._thread.start()

    def feed(self, data: bytes | bytearray) -> None:
        """Hand on bytes that may be looked at. If git has ended already, `finish` says why."""
        with self._lock, memoryview(data) as view:
            given = 0
            while self._is_open and given < len(view):
                try:
                    given += os.write(self._writing, view[given:])
                except BrokenPipeError:
                    self._close()

    def finish(self) -> None:
        """There is no more: wait for git, and raise what `Indexer.run` would."""
        self.end()
        if self._fault is not None:
            raise self._fault

    def end(self) -> None:
        """Wait for git, which sees an end of its input; whoever wants it to end at once kills it before."""
        with self._lock:
            self._close()
        self._thread.join()

    def _close(self) -> None:
        if self._is_open:
            self._is_open = False
            os.close(self._writing)

    def _run(self, reading: int) -> None:
        try:
            self._indexer.read(reading)
        except BaseException as fault:  # noqa: BLE001  # it is raised where it is waited for
            self._fault = fault
