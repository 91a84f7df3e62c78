"""What `gitant serve` is once it has its folder and its port: the writer's thread, the HTTP workers, the signals.

start    workers are started and listen; the writer opens the log meanwhile; then they are told to go
run      a worker that dies is started again, after a pause that grows while none gets ready
reload   on SIGHUP settings and certificate are read again; new workers take the places of the old ones if need be
stop     workers take no new connections and end what is under way (`drain_s_max` at most); then the writer carries
         out what it was handed, and ends
"""

from __future__ import annotations

import dataclasses
import signal
import time
from typing import TYPE_CHECKING, Final, final

import trio

from domain.errors import LocalFault, Unavailable
from gitant import log
from gitant.cells import Cells
from gitant.crew import Crew
from gitant.disk import disk_faults
from gitant.limits import PROGRESS_EVERY_S
from gitant.listening import url_of
from gitant.log import get_logger
from gitant.network.keeper import NetworkKeeper
from gitant.network.needed import has_peers
from gitant.network.places import writer_socket
from gitant.notify import READY, STOPPING, notify
from gitant.plan import OPENING_CELLS, opening_counts, writer_counts
from gitant.reload import Reloading, difference, note_change, write_outcome
from gitant.tls import tls_files
from gitant.writer.doorway import keep_open
from gitant.writer.server import WriterServer
from gitant.writer.tally import WriterTally
from storage.datadir import DataDir

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Callable

    from domain.ids import StreamId
    from gitant.care.rounds import Rounds
    from gitant.child import Worker
    from gitant.indexer import Indexer
    from gitant.plan import Plan
    from gitant.settings import Settings
    from gitant.writer.request import Core

_log = get_logger("gitant.serve")
_HEEDED: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class _CalledOffError(Exception):
    """The node was told to stop while the writer was still opening the log."""


@final
class Supervisor:
    """Runs the processes of one node. `run` returns when all have ended, with the fault that ended them, if any."""

    def __init__(self, plan: Plan, listener: socket.socket, first: Worker, reread: Callable[[], Settings]) -> None:
        self._plan = plan
        self._first = first
        self._reread = reread
        self._listener = listener
        self._folder = DataDir(plan.settings.data_dir)
        self._writer = WriterServer(
            self._open_core, WriterTally(writer_counts(self._folder)), want_peers=self._want_peers
        )
        self._network = NetworkKeeper(plan, self._writer)
        self._crew = Crew(plan, listener, self._writer, self._end)
        self._certificate = _digest(plan.settings)
        self._reloads = 0
        self._reloading = trio.Lock()
        self._stop = trio.Event()
        self._stopping = False
        self._fault: LocalFault | None = None
        self._told = time.monotonic()
        self._indexer: Indexer | None = None
        self._rounds: Rounds | None = None
        self._opening = Cells(OPENING_CELLS, opening_counts(self._folder))

    async def run(self) -> LocalFault | None:
        with trio.open_signal_receiver(*_HEEDED) as signals:
            async with trio.open_nursery() as everything:
                everything.start_soon(self._heed, signals, everything)
                everything.start_soon(self._stop_listening)
                everything.start_soon(self._announce)
                everything.start_soon(self._back_up)
                everything.start_soon(self._tend_repositories)
                everything.start_soon(self._look_for_peers)
                everything.start_soon(self._take_commands)
                async with trio.open_nursery() as writer:
                    writer.start_soon(self._write)
                    async with trio.open_nursery() as network:
                        network.start_soon(self._network.run)
                        await self._crew.run(self._first)
                        self._network.stop()
                    self._writer.stop()
                    if self._indexer is not None:
                        self._indexer.stop()
                everything.cancel_scope.cancel()
        return self._fault

    def _end(self, fault: LocalFault | None = None) -> None:
        self._fault = self._fault or fault
        self._stopping = True
        self._stop.set()
        self._crew.stop()

    async def _heed(self, signals: AsyncIterator[int], everything: trio.Nursery) -> None:
        async for number in signals:
            if number == signal.SIGHUP:
                everything.start_soon(self._reload)
            elif self._stop.is_set():
                _log.warning("told twice to stop: what is under way is cut off")
                self._crew.hurry.set()
            else:
                _log.info("stopping", signal=signal.Signals(number).name)
                notify(STOPPING)
                self._end()

    async def _stop_listening(self) -> None:
        await self._stop.wait()
        self._listener.close()  # workers do the same when they are told, and the last one ends it

    async def _announce(self) -> None:
        await self._crew.serving.wait()
        if not self._stop.is_set():
            notify(READY)

    async def _look_for_peers(self) -> None:
        await self._crew.opened.wait()
        if has_peers(self._folder, self._plan.settings):
            self._network.want()

    async def _take_commands(self) -> None:
        await self._crew.opened.wait()
        await keep_open(writer_socket(self._folder), self._writer.attach)

    def _want_peers(self) -> None:
        """Called in the writer's thread."""
        trio.from_thread.run_sync(self._network.want)

    async def _back_up(self) -> None:
        await self._crew.opened.wait()
        from gitant.backup.schedule import Schedule  # not needed before the node serves

        await Schedule(self._folder, self._plan.did, lambda: self._plan.settings).run()

    async def _tend_repositories(self) -> None:
        await self._crew.opened.wait()
        from gitant.care.rounds import Rounds  # not needed before the node serves

        self._rounds = Rounds(self._folder, lambda: self._plan.settings, self._writer.load.is_busy)
        await self._rounds.run()

    def _code_changed(self, stream: StreamId) -> None:
        """Called in the writer's thread."""
        if self._indexer is not None:
            self._indexer.wake(stream)
        if self._rounds is not None:
            self._rounds.wake(stream)

    # --- reloading ---

    async def _reload(self) -> None:
        async with self._reloading:
            self._reloads += 1
            await self._crew.serving.wait()
            if self._stop.is_set():
                return
            try:
                outcome = await self._reloaded()
                await trio.to_thread.run_sync(note_change, self._folder, outcome)
            except LocalFault as fault:
                _log.error("nothing was reloaded", fault=fault.message, hint=fault.hint)
                outcome = Reloading(self._plan.settings, fault=f"{fault.message} ({fault.hint})")
            try:
                write_outcome(self._folder, self._reloads, outcome)
            except OSError as fault:
                _log.warning("the outcome of a reload could not be written", fault=str(fault))

    async def _reloaded(self) -> Reloading:
        old = self._plan.settings
        certificate = _digest(new := self._reread())
        outcome = difference(old, new, renewed=certificate != self._certificate)
        if (old.tls_cert == "") != (new.tls_cert == ""):
            raise Unavailable("HTTP does not become HTTPS by a reload, nor the reverse", hint="start the node again")
        plan = dataclasses.replace(self._plan, settings=outcome.settings)
        if outcome.workers and not await self._crew.replace(plan):
            raise Unavailable("new HTTP workers do not start, so the old ones go on", hint="the lines above say why")
        self._plan, self._certificate = plan, certificate
        if new.tls_cert:
            self._folder.write_node_info(url_of(self._listener, "https"), new.tls_cert)
        log.set_up(plan.settings.log_level, plan.settings.log_format)
        self._crew.tell_of_logging(plan)
        self._network.tell_of_logging(plan)
        _log.info("reloaded", changed=[*outcome.at_once, *outcome.workers], needs_restart=[*outcome.restart])
        return outcome

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
        folder = self._folder
        indexer = self._indexer or Indexer(folder.views, DulwichReader(folder.repos), is_busy=self._writer.load.is_busy)
        with disk_faults(folder.path), unavailable_on_fault(folder.views):
            core = open_core(
                folder,
                settings.caps,
                redaction_delay_days=settings.redaction_delay_days,
                delete_grace_days=settings.delete_grace_days,
                audit_days=settings.audit_days,
                rules=settings.desk_rules,
                progress=self._tell_progress,
                on_code_change=self._code_changed,
            )
        if self._indexer is None:
            self._indexer = indexer
            indexer.start()
        return core

    def _be_opened(self) -> None:
        trio.from_thread.run_sync(self._crew.opened.set)

    def _tell_progress(self, done: int, total: int) -> None:
        """Called in the writer's thread."""
        if self._stopping:
            raise _CalledOffError
        self._opening.put("total", total)
        self._opening.put("done", done)
        if time.monotonic() - self._told >= PROGRESS_EVERY_S:
            self._told = time.monotonic()
            _log.info("bringing the views up to date", events=done, of=total)


def _digest(settings: Settings) -> bytes:
    """What tells a certificate from the next; raises `LocalFault` for one that cannot be used."""
    files = tls_files(settings)
    return files.digest() if files is not None else b""
