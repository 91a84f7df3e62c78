"""An HTTP worker as the supervisor sees it: a process, and a line to it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, final

from gitant.limits import DEATH_S
from gitant.orders import READY

if TYPE_CHECKING:
    from gitant.plan import Plan


@final
class Worker:
    """One worker process. Made in the main thread only: the kernel ends a child with the thread that made it.

    It imports what it needs, listens once it knows the plan, and serves once it is told that there is a writer.
    """

    def __init__(self, listener: socket.socket) -> None:
        control, their_control = socket.socketpair()
        self.writing, their_writing = socket.socketpair()
        """The writer's end of the worker's line to it."""
        with their_control, their_writing:
            descriptors = [their_control.fileno(), their_writing.fileno(), listener.fileno()]
            # -P: nothing is imported from the folder the node happens to be started in.
            words = [sys.executable, "-P", "-m", "gitant.worker", *map(str, descriptors), str(os.getpid())]
            self._process = subprocess.Popen(
                words, pass_fds=descriptors, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
            )
        control.setblocking(False)
        self._control = control
        self.was_ready = False
        """Whether it ever served."""

    @property
    def pid(self) -> int:
        return self._process.pid

    def brief(self, plan: Plan) -> None:
        """Tell the worker what it works for."""
        self.say(json.dumps(plan.plain()).encode() + b"\n")

    def say(self, order: bytes) -> None:
        """Send a line. All that is ever said fits the socket's buffer, and a worker that is gone does not mind."""
        with suppress(OSError):
            self._control.send(order)

    async def hear_ready(self) -> None:
        """Wait until the worker serves or is gone."""
        self.was_ready = await self._hear() == READY

    async def hear_end(self) -> None:
        """Wait until the worker is gone."""
        while await self._hear():
            pass

    async def bury(self) -> int:
        """Wait for the process to end, soon; its exit code."""
        import trio

        with suppress(subprocess.TimeoutExpired):
            await trio.to_thread.run_sync(self._process.wait, DEATH_S)
        return self.end()

    def end(self) -> int:
        """Kill what is left of the worker; its exit code."""
        self._control.close()
        self.kill()
        return self._process.wait()

    def kill(self) -> None:
        self._process.kill()

    async def _hear(self) -> bytes:
        import trio

        await trio.lowlevel.wait_readable(self._control)
        try:
            return self._control.recv(64)
        except ConnectionError:
            return b""
