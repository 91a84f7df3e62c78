"""One HTTP worker: `python -m gitant.worker CONTROL WRITER LISTENER PARENT`, descriptors it inherits.

Over CONTROL the supervisor sends lines: the plan (JSON), `go` once there is a writer, how to log when that changes,
at last `stop`. The worker answers `ready`. When CONTROL closes, the supervisor is gone and so is the worker.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import resource
import signal
import socket
import sys
import threading
from functools import partial
from importlib import import_module
from typing import IO, TYPE_CHECKING, Final, final

from gitant.absent import absent
from gitant.limits import GRACE_S, IDLE_S
from gitant.memory import keep_pieces
from gitant.orders import GO, LEAVE, READY, STOP, log_ordered
from gitant.parent import ORPHANED, die_with

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gitant.access import AccessLog
    from gitant.plan import Plan

_SLOW_IMPORTS: Final = ("gitant.node", "gitant.http_server", "uvloop")


def main(argv: list[str]) -> None:
    """Work until told to stop."""
    control_fd, writer_fd, listener_fd, parent = map(int, argv)
    die_with(parent)
    # Ctrl-C and a SIGTERM to the whole group reach the workers, too, but it is the supervisor that ends them.
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    for descriptor in (control_fd, writer_fd, listener_fd):
        os.set_inheritable(descriptor, False)
    _allow_descriptors()
    keep_pieces()
    control = socket.socket(fileno=control_fd)
    orders = control.makefile("rb")

    gc.disable()  # there is no garbage in loading modules, and looking for it takes an eighth of the time
    # The supervisor has more to do until it knows the plan, and this is what takes longest here.
    with absent("pydantic", "rich"):  # Litestar loads them if they are there, and a worker starts a fifth slower
        for name in _SLOW_IMPORTS:
            import_module(name)
    from gitant import log
    from gitant.plan import plan_from

    if not (line := orders.readline()):
        sys.exit(ORPHANED)
    plan = plan_from(json.loads(line))
    log.set_up(plan.settings.log_level, plan.settings.log_format)
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_work(plan, control, orders, socket.socket(fileno=writer_fd), listener_fd))


def _allow_descriptors() -> None:
    """Have as many open files as may be had: each event stream is one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@final
class _Orders:
    """What the supervisor says, heard in a thread of its own: that it is gone is noticed even by a busy loop."""

    def __init__(self, lines: IO[bytes], access: AccessLog) -> None:
        self.go = asyncio.Event()
        """There is a writer, or nothing to wait for any more."""
        self.stop = asyncio.Event()
        self.grace_s = 0.0
        """How long those who have connected may take to ask, once it is to stop."""
        self._access = access
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._follow, args=(lines,), daemon=True).start()

    def _follow(self, lines: IO[bytes]) -> None:
        try:
            for line in lines:
                if logging := log_ordered(line):
                    self._loop.call_soon_threadsafe(self._log_like, *logging)
                else:
                    self._loop.call_soon_threadsafe({GO: self.go.set, LEAVE: self.leave, STOP: self.end}[line])
        except OSError:
            pass  # a connection that is reset has the same meaning as one that is closed
        os._exit(ORPHANED)

    def leave(self) -> None:
        self.grace_s = GRACE_S
        self.end()

    def end(self) -> None:
        self.stop.set()
        self.go.set()

    def _log_like(self, level: str, form: str, access: str) -> None:
        from gitant import log

        log.set_up(level, form)
        self._access.which = access


async def _work(plan: Plan, control: socket.socket, lines: IO[bytes], writing: socket.socket, listener: int) -> None:
    from gitant import log
    from gitant.access import AccessLog
    from gitant.asgi import WORKER_CELLS, Front
    from gitant.cells import Cells
    from gitant.http_server import HttpServer
    from gitant.node import worker_apps
    from gitant.plan import how_far, opening_counts, worker_counts
    from gitant.tls import tls_files
    from gitant.writer.client import WriterClient
    from storage.datadir import DataDir

    cells = Cells(WORKER_CELLS, worker_counts(DataDir(plan.settings.data_dir), os.getpid()))
    front = Front(cells, partial(how_far, opening_counts(DataDir(plan.settings.data_dir))))
    access = AccessLog(front, plan.settings.access_log)
    orders = _Orders(lines, access)
    server = HttpServer(access, listener, tls_files(plan.settings))
    log.set_up(plan.settings.log_level, plan.settings.log_format)  # anew: the server has its own ideas of logging
    serving = asyncio.ensure_future(server.serve())
    serving.add_done_callback(lambda _: orders.end())
    writer = await WriterClient.over(writing)
    async with worker_apps(plan, writer) as apps:
        gc.freeze()  # what is loaded by now stays, so nobody need look through it again
        gc.enable()
        await orders.go.wait()
        if not orders.stop.is_set():
            front.open(apps.api, apps.git, apps.peers)
            control.sendall(READY)
            await _get_ready(orders.stop, apps.prepare)
        server.stop_accepting()
        front.leave()
        await asyncio.sleep(orders.grace_s)
        apps.end_streams()
        server.end()
        await serving
    writer.close()


async def _get_ready(stop: asyncio.Event, prepare: Callable[[], Awaitable[None]]) -> None:
    """Serve until told to stop, and after a while get ready what the first page would wait for."""
    try:
        await asyncio.wait_for(stop.wait(), IDLE_S)
    except TimeoutError:
        preparing = asyncio.ensure_future(prepare())
        await stop.wait()
        await preparing


if __name__ == "__main__":
    main(sys.argv[1:])
