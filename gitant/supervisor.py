"""What `gitant serve` is once it has its folder and its port: the writer's thread, the HTTP workers, the signals.

start    workers are started and listen; the writer opens the log meanwhile; then they are told to go
run      a worker that dies is started again, after a pause that grows while none gets ready
stop     workers take no new connections and end what is under way (10 s at most); then the writer carries out
         what it was handed, and ends
"""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING, Final, final

import structlog
import trio

from domain.errors import LocalFault, Unavailable
from gitant.child import Worker
from gitant.disk import disk_faults
from gitant.limits import DRAIN_S, PROGRESS_EVERY_S, RESTART_FIRST_S, RESTART_MOST_S, STILLBORN_MAX
from gitant.orders import GO, STOP
from gitant.writer.server import WriterServer
from storage.datadir import DataDir

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator

    from gitant.indexer import Indexer
    from gitant.plan import Plan
    from gitant.writer.request import Core

_log = structlog.get_logger("gitant.serve")
_STOPPING: Final = (signal.SIGTERM, signal.SIGINT)


class _CalledOffError(Exception):
    """The node was told to stop while the writer was still opening the log."""


@final
class Supervisor:
    """Runs the processes of one node. `run` returns when all have ended, with the fault that ended them, if any."""

    def __init__(self, plan: Plan, listener: socket.socket, first: Worker) -> None:
        self._plan = plan
        self._first = first
        self._listener = listener
        self._writer = WriterServer(self._open_core)
        self._opened = trio.Event()
        self._stop = trio.Event()
        self._hurry = trio.Event()
        self._stopping = False
        self._fault: LocalFault | None = None
        self._began = self._told = time.monotonic()
        self._stillborn = 0
        self._indexer: Indexer | None = None
        self._serving = trio.Event()

    async def run(self) -> LocalFault | None:
        with trio.open_signal_receiver(*_STOPPING) as signals:
            async with trio.open_nursery() as everything:
                everything.start_soon(self._heed, signals)
                everything.start_soon(self._stop_listening)
                async with trio.open_nursery() as writer:
                    writer.start_soon(self._write)
                    async with trio.open_nursery() as workers:
                        workers.start_soon(self._keep_a_worker, self._first)
                        # One worker is ready sooner when it need not share the processor with its siblings.
                        await self._serving.wait()
                        for _ in range(self._plan.settings.workers - 1):
                            workers.start_soon(self._keep_a_worker)
                    self._writer.stop()
                    if self._indexer is not None:
                        self._indexer.stop()
                everything.cancel_scope.cancel()
        return self._fault

    def _end(self, fault: LocalFault | None = None) -> None:
        self._fault = self._fault or fault
        self._stopping = True
        self._stop.set()
        self._serving.set()

    async def _heed(self, signals: AsyncIterator[int]) -> None:
        async for number in signals:
            if self._stop.is_set():
                _log.warning("told twice to stop: what is under way is cut off")
                self._hurry.set()
            else:
                _log.info("stopping", signal=signal.Signals(number).name)
                self._end()

    async def _stop_listening(self) -> None:
        await self._stop.wait()
        self._listener.close()  # workers do the same when they are told, and the last one ends it

    # --- the writer ---

    async def _write(self) -> None:
        try:
            await trio.to_thread.run_sync(self._writer.run, self._be_opened)
        except _CalledOffError:
            pass
        except LocalFault as fault:
            self._end(fault)
        except Exception:  # noqa: BLE001 - whatever it was, the workers are to end in good order
            _log.exception("the writer ended")
            self._end(Unavailable("the writer ended on a fault of its own", hint="the lines above say more"))

    def _open_core(self) -> Core:
        # These take a while to import, which the workers need not wait for.
        from gitant.indexer import Indexer
        from gitant.writer.opening import open_core
        from storage.faults import unavailable_on_fault
        from storage.git.reader import DulwichReader

        settings = self._plan.settings
        folder = DataDir(settings.data_dir)
        indexer = self._indexer or Indexer(folder.views, DulwichReader(folder.repos))
        with disk_faults(folder.path), unavailable_on_fault(folder.views):
            core = open_core(
                folder,
                settings.caps,
                redaction_delay_days=settings.redaction_delay_days,
                progress=self._tell_progress,
                on_code_change=indexer.wake,
            )
        if self._indexer is None:
            self._indexer = indexer
            indexer.start()
        return core

    def _be_opened(self) -> None:
        trio.from_thread.run_sync(self._opened.set)

    def _tell_progress(self, done: int, total: int) -> None:
        """Called in the writer's thread."""
        if self._stopping:
            raise _CalledOffError
        if time.monotonic() - self._told >= PROGRESS_EVERY_S:
            self._told = time.monotonic()
            _log.info("bringing the views up to date", events=done, of=total)

    # --- the workers ---

    async def _keep_a_worker(self, started: Worker | None = None) -> None:
        pause = RESTART_FIRST_S
        while not self._stop.is_set():
            worker = started or Worker(self._listener)
            started = None
            code = await self._one_life(worker)
            if self._stop.is_set():
                return
            self._stillborn = 0 if worker.was_ready else self._stillborn + 1
            if self._stillborn >= STILLBORN_MAX:
                self._end(Unavailable("the HTTP workers end before they serve", hint="the lines above say why"))
                return
            pause = RESTART_FIRST_S if worker.was_ready else min(2 * pause, RESTART_MOST_S)
            _log.error("an HTTP worker ended and is started again", code=code, after_s=pause)
            with trio.move_on_after(pause):
                await self._stop.wait()

    async def _one_life(self, worker: Worker) -> int:
        """One worker from start to end; its exit code."""
        try:
            worker.brief(self._plan)
            self._writer.attach(worker.writing)
            async with trio.open_nursery() as orders:
                orders.start_soon(self._say_go, worker)
                orders.start_soon(self._say_stop, worker)
                await worker.hear_ready()
                if worker.was_ready:
                    took_ms = round(1000 * (time.monotonic() - self._began))
                    _log.info("an HTTP worker is ready", pid=worker.pid, ms_since_start=took_ms)
                    self._serving.set()
                    await worker.hear_end()
                orders.cancel_scope.cancel()
            return await worker.bury()
        finally:
            worker.end()

    async def _say_go(self, worker: Worker) -> None:
        await self._opened.wait()
        worker.say(GO)

    async def _say_stop(self, worker: Worker) -> None:
        await self._stop.wait()
        if worker.was_ready:
            worker.say(STOP)
            with trio.move_on_after(DRAIN_S):
                await self._hurry.wait()
            _log.warning("an HTTP worker is cut off", pid=worker.pid)
        worker.kill()
