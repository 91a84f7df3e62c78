"""The network process: `python -m gitant.network.process CONTROL WRITER PARENT`, descriptors it inherits.

The supervisor starts it beside the HTTP workers and again when it dies: the log is not in it, so nothing is lost. Over
CONTROL come the plan (JSON), `go` once there is a writer, and at last `stop`; `ready` goes back when peers are taken.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sys
import time
from typing import IO, TYPE_CHECKING, Final, final

import structlog
import trio

from domain.errors import LocalFault
from domain.ids import Did, StreamId
from domain.keys import SigningKey
from domain.ports_peers import KnownPeer
from gitant import log
from gitant.limits import GRACE_S
from gitant.network.dialler import Dialler
from gitant.network.index import ViewsIndex
from gitant.network.places import asking_socket, relay_socket
from gitant.network.reads import LogReads
from gitant.network.runner import Runner
from gitant.network.telling import Teller
from gitant.network.writing import TrioWriter
from gitant.orders import GO, READY, STOP, log_ordered
from gitant.parent import ORPHANED, die_with
from gitant.plan import plan_from
from projections.database import open_readonly
from replication.records import Follows, Identity
from storage import keys
from storage.blobs import DiskBlobs
from storage.datadir import DataDir
from storage.git.engine.keeping import KeptTables
from storage.git.engine.serving import EngineServing
from storage.git.engine.shelf import Shelf
from storage.git.store import DiskGitStore
from storage.held import SqliteHeld
from storage.log.eventlog import SQLiteEventLog
from storage.peers import SqlitePeerBook
from transport.carrier.address import PeerAddress
from transport.carrier.carrier import NodeCarrier
from transport.carrier.seam import Told, What, Why, WireClosed
from transport.carrier.sockets import Sockets
from transport.carrier.tls import Credentials
from transport.objects.getting import Getter
from transport.objects.giving import Giver

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.ports_replication import GitObject
    from gitant.plan import Plan
    from transport.carrier.seam import Wire

BOOK_EVERY_S: Final = 2.0
"""How often the book is looked at although nobody says that it has changed."""
PEOPLE_SOUGHT_MAX: Final = 256
"""People whose names are looked for at a time."""
_log = structlog.get_logger("gitant.network")


def main(argv: list[str]) -> None:
    """Work until told to stop."""
    control_fd, writer_fd, parent = map(int, argv)
    die_with(parent)
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    control, writing = socket.socket(fileno=control_fd), socket.socket(fileno=writer_fd)
    for each in (control, writing):
        os.set_inheritable(each.fileno(), False)
    orders = control.makefile("rb")
    if not (line := orders.readline()):
        sys.exit(ORPHANED)
    plan = plan_from(json.loads(line))
    log.set_up(plan.settings.log_level, plan.settings.log_format)
    while (order := orders.readline()) != GO:
        if order in {b"", STOP}:
            return
    trio.run(_Process(plan, control, writing).run, orders)


@final
class _Process:
    def __init__(self, plan: Plan, control: socket.socket, writing: socket.socket) -> None:
        self._plan = plan
        self._control = control
        settings, folder = plan.settings, DataDir(plan.settings.data_dir)
        self._folder = folder
        self._events = SQLiteEventLog(folder.log, create=False)
        self._book = SqlitePeerBook(folder.local)
        store = DiskGitStore(
            folder.repos, settings.caps, git=shutil.which("git") or "git", tables=(tables := KeptTables())
        )
        blobs = DiskBlobs(folder.blobs)
        self._views = open_readonly(folder.views)
        self._named_at = -1
        self._index = ViewsIndex(self._views, self._events, SqliteHeld(folder.local), store, blobs)
        self._serving = EngineServing(store, tables, Shelf(folder.cache / "packs"))
        self._giver = Giver(self._index, self._serving, blobs)
        self._writer = TrioWriter(writing)
        self._getter = Getter(store, blobs, folder.cache / "incoming", settings.attachment_max, self._publish)
        seed = keys.load_or_create(folder.identity_key)
        self._carrier = NodeCarrier(
            Credentials(seed), Sockets(), known=self._is_known, blocked=self._is_blocked, tell=_tell
        )
        self._dialler = Dialler(self._carrier)
        self._known: frozenset[Did] = frozenset()
        self._blocked: frozenset[Did] = frozenset()
        self._version = -1
        seeds = [PeerAddress.parse(text) for text in settings.seed_peers.split(",") if text]
        self._seeds = [KnownPeer(str(seed), seed.did, "added", 0, None) for seed in seeds]
        self._port = 0
        self._tasks: trio.Nursery | None = None
        identity = Identity(plan.did, frozenset({SigningKey(seed).device}))
        reads = LogReads(folder.views, self._events)
        self._runner = Runner(identity, self._follows(), self._index, reads, self._events, self._writer, self)
        self._teller = Teller(self._carrier, self._dialler, self._runner, self._listening, self._look)

    # --- `Fetcher` ------------------------------------------------------------------------------

    async def fetch(self, wire: Wire, stream: StreamId, objects: Sequence[GitObject]) -> bool:
        """Get objects of a stream from a peer."""
        return await self._getter.fetch(wire, stream, objects)

    async def serve(self, wire: Wire) -> None:
        """Serve the channels that a peer opens."""
        await self._giver.serve(wire)

    async def _publish(self, stream: StreamId, quarantine: str | None) -> None:
        await self._writer.send("replica.objects", {"repo": stream, "quarantine": quarantine})

    # --- life -----------------------------------------------------------------------------------

    async def run(self, orders: IO[bytes]) -> None:
        """Be among peers until told to stop."""
        async with trio.open_nursery() as self._tasks:
            nursery = self._tasks
            nursery.start_soon(self._obey, orders, nursery.cancel_scope)
            nursery.start_soon(self._writer_to_its_end)
            await nursery.start(self._runner.run)
            await nursery.start(self._carrier.run, self._handle)
            self._look()
            await nursery.start(self._teller.serve, asking_socket(self._folder))
            await self._listen()
            nursery.start_soon(self._dialler.run)
            nursery.start_soon(self._look_again)
            self._control.sendall(READY)

    async def _listen(self) -> None:
        settings = self._plan.settings
        await self._carrier.listen_relay(relay_socket(self._folder))
        if settings.peer_port:
            try:
                self._port = await self._carrier.listen(settings.host, settings.peer_port)
            except LocalFault as fault:
                _log.error("peers cannot connect to this node", fault=fault.message, hint=fault.hint)

    async def _handle(self, wire: Wire) -> None:
        self._book.met(wire.peer, time.time_ns() // 1_000_000)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._serve_quietly, wire)
            await self._runner.live(wire)
            nursery.cancel_scope.cancel()

    async def _serve_quietly(self, wire: Wire) -> None:
        try:
            await self.serve(wire)
        except* WireClosed:
            pass

    async def _writer_to_its_end(self) -> None:
        await self._writer.run()
        _log.error("the writer is gone")
        os._exit(ORPHANED)

    async def _obey(self, orders: IO[bytes], scope: trio.CancelScope) -> None:
        while line := await trio.to_thread.run_sync(orders.readline, abandon_on_cancel=True):
            if logging := log_ordered(line):
                log.set_up(*logging[:2])
            elif line == STOP:
                with trio.move_on_after(GRACE_S):
                    await self._carrier.stop("this node is told to stop")
                scope.cancel()
                return
        os._exit(ORPHANED)

    # --- the book -------------------------------------------------------------------------------

    async def _look_again(self) -> None:
        while True:
            await trio.sleep(BOOK_EVERY_S)
            if self._book.version() != self._version or self._index.position != self._named_at:
                self._look()

    def _look(self) -> None:
        """Do what the book says."""
        self._version = self._book.version()
        peers = [*self._seeds, *self._book.peers()]
        self._known = frozenset(Did(peer.did) for peer in peers if peer.source == "added")
        self._blocked = frozenset(Did(did) for did in self._book.shunned("peer"))
        self._dialler.know(peers, self._blocked)
        self._runner.follow(self._follows())
        for wire in self._carrier.wires():
            if wire.peer in self._blocked and self._tasks is not None:
                self._tasks.start_soon(wire.aclose, Why.BLOCKED, "this node does not talk to yours any more")

    def _follows(self) -> Follows:
        follows = self._book.follows()
        self._named_at = self._index.position
        return Follows(
            people=self._index.unnamed(PEOPLE_SOUGHT_MAX),
            everything=any(each.sort == "all" for each in follows),
            principals=frozenset(Did(each.name) for each in follows if each.sort == "principal"),
            streams=frozenset(StreamId(bytes.fromhex(each.name)) for each in follows if each.sort == "repo"),
            hidden=frozenset(StreamId(bytes.fromhex(name)) for name in self._book.shunned("repo")),
            blocked=frozenset(Did(did) for did in self._book.shunned("principal")),
        )

    def _is_known(self, peer: Did) -> bool:
        return peer in self._known

    def _is_blocked(self, peer: Did) -> bool:
        return peer in self._blocked

    def _listening(self) -> str:
        return f"{self._plan.settings.host}:{self._port}" if self._port else ""


def _tell(told: Told) -> None:
    """Say in the log what became of a connection."""
    tell = _log.info if told.what in {What.OPENED, What.ENDED} else _log.warning
    why = told.why.value if told.why is not None else ""
    tell(told.words, what=told.what.value, address=told.address, peer=told.peer, dialled=told.dialled, why=why)


if __name__ == "__main__":
    main(sys.argv[1:])
