"""The network process as the supervisor keeps it: started when the node has peers, and again when it dies."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final, final

import trio

from gitant.limits import DEATH_S, GRACE_S, RESTART_FIRST_S, RESTART_MOST_S
from gitant.log import get_logger
from gitant.network.lives import Lives, died_of, write_lives
from gitant.orders import GO, READY, STOP, log_order
from storage.datadir import DataDir

if TYPE_CHECKING:
    from gitant.plan import Plan
    from gitant.writer.server import WriterServer

_HEARD_BYTES: Final = 4 << 10
_log = get_logger("gitant.serve")


@final
class NetworkKeeper:
    """Keeps one network process from when it is wanted until `stop`. `run` returns when it has ended."""

    def __init__(self, plan: Plan, writer: WriterServer) -> None:
        self._plan = plan
        self._writer = writer
        self._wanted = trio.Event()
        self._stop = trio.Event()
        self._control: socket.socket | None = None
        self._folder = DataDir(plan.settings.data_dir)
        self._lives = Lives()

    def want(self) -> None:
        """There are peers, or something to follow."""
        self._wanted.set()

    def stop(self) -> None:
        """End it, in good order."""
        self._stop.set()
        self._wanted.set()
        self._say(STOP)

    def tell_of_logging(self, plan: Plan) -> None:
        """Have it log as `plan` says, and the next one, too."""
        self._plan = plan
        self._say(log_order(plan.settings))

    async def run(self) -> None:
        """Start it, and start it again."""
        await self._note(self._lives)
        await self._wanted.wait()
        pause = RESTART_FIRST_S
        if not self._stop.is_set():
            await self._note(Lives(wanted=True))
        while not self._stop.is_set():
            was_ready, fault = await self._one_life()
            if self._stop.is_set():
                return
            pause = RESTART_FIRST_S if was_ready else min(2 * pause, RESTART_MOST_S)
            deaths = self._lives.deaths + 1
            _log.error("the network process ended and is started again", why=fault, deaths=deaths, after_s=pause)
            await self._note(Lives(deaths, fault, time.time_ns() // 1_000_000, wanted=True))
            with trio.move_on_after(pause):
                await self._stop.wait()

    async def _note(self, lives: Lives) -> None:
        """Have others see it: it was restarted, and why."""
        self._lives = lives
        try:
            await trio.to_thread.run_sync(write_lives, self._folder, lives)
        except OSError as fault:
            _log.warning("how the network process fares could not be written", fault=str(fault))

    async def _one_life(self) -> tuple[bool, str]:
        """From its start to its end: whether it got ready, and what it died of."""
        control, theirs = socket.socketpair()
        writing, their_writing = socket.socketpair()
        descriptors = [theirs.fileno(), their_writing.fileno()]
        words = [sys.executable, "-P", "-m", "gitant.network.process", *map(str, descriptors), str(os.getpid())]
        with theirs, their_writing:
            process = subprocess.Popen(  # noqa: ASYNC220  # it takes a millisecond, and one thread has to own it
                words, pass_fds=descriptors, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
            )
        control.setblocking(False)
        self._control = control
        try:
            self._say(json.dumps(self._plan.plain()).encode() + b"\n")
            self._writer.attach(writing)
            self._say(GO)
            if self._stop.is_set():
                self._say(STOP)
            last_words = await self._hear()
            was_ready = last_words == READY
            last_words = b"" if was_ready else last_words
            if was_ready:
                await self._note(replace(self._lives, taking=True))
            while was_ready and (heard := await self._hear()):
                last_words = heard
            with suppress(subprocess.TimeoutExpired):
                await trio.to_thread.run_sync(process.wait, GRACE_S + DEATH_S)
            return was_ready, died_of(process.poll() or 0, last_words.decode(errors="replace").strip())
        finally:
            self._control = None
            control.close()
            process.kill()
            process.wait()

    def _say(self, order: bytes) -> None:
        if self._control is not None:
            with suppress(OSError):
                self._control.send(order)

    async def _hear(self) -> bytes:
        assert self._control is not None
        await trio.lowlevel.wait_readable(self._control)
        try:
            return self._control.recv(_HEARD_BYTES)
        except ConnectionError:
            return b""
