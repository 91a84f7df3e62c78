"""The network process: `python -m gitant.network.process CONTROL WRITER PARENT`, descriptors it inherits.

The supervisor starts it beside the HTTP workers and again when it dies: the log is not in it, so nothing is lost. Over
CONTROL come the plan (JSON), `go` once there is a writer, and at last `stop`; `ready` goes back when peers are taken.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import socket
import sys
import time
from collections import Counter, defaultdict
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Final, cast, final

import trio

from domain.errors import LocalFault
from domain.ids import Did, StreamId
from domain.keys import SigningKey
from domain.ports_peers import ALL_PEERS, KnownPeer
from gitant import log
from gitant.limits import GRACE_S
from gitant.log import get_logger
from gitant.network.dialler import Dialler
from gitant.network.exchange import FOUND_MAX, Exchange
from gitant.network.index import ViewsIndex
from gitant.network.introductions import Introductions
from gitant.network.lacking import Ages
from gitant.network.lives import WORDS_CHARS_MAX
from gitant.network.places import asking_socket, relay_socket
from gitant.network.reached import own_addresses
from gitant.network.reads import LogReads
from gitant.network.runner import Runner
from gitant.network.tally import NetworkTally, network_counts
from gitant.network.telling import Teller
from gitant.network.writing import TrioWriter
from gitant.orders import GO, READY, STOP, log_ordered
from gitant.parent import ORPHANED, die_with
from gitant.plan import plan_from
from projections.database import open_readonly
from replication.records import Follows, Identity, Phase
from storage import keys
from storage.blobs import DiskBlobs
from storage.datadir import DataDir
from storage.git.engine.keeping import KeptTables
from storage.git.engine.serving import EngineServing
from storage.git.engine.shelf import Shelf
from storage.git.store import DiskGitStore
from storage.held import SqliteHeld
from storage.local import LocalStore
from storage.log.eventlog import SQLiteEventLog
from storage.peers import SqlitePeerBook
from storage.restored import RestoredFeeds
from transport.carrier.address import PeerAddress
from transport.carrier.carrier import NodeCarrier
from transport.carrier.limits import CarrierLimits
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
_log = get_logger("gitant.network")


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
    try:
        trio.run(_Process(plan, control, writing).run, orders)
    except BaseException as fault:
        with suppress(OSError):
            control.sendall(last_words(fault).encode())
        raise


def last_words(fault: BaseException) -> str:
    """What a process died of, in a sentence: the innermost of what groups of tasks have wrapped."""
    while isinstance(fault, BaseExceptionGroup):
        fault = cast("BaseExceptionGroup[BaseException]", fault).exceptions[0]
    line = " ".join(str(fault).split())
    return f"{type(fault).__name__}: {line}"[:WORDS_CHARS_MAX] if line else type(fault).__name__


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
        self._tally = NetworkTally(network_counts(folder))
        self._ages = Ages(self._index.have)
        self._writer = TrioWriter(writing, self._tally)
        self._getter = Getter(store, blobs, folder.cache / "incoming", settings.attachment_max, self._publish)
        seed = keys.load_or_create(folder.identity_key)
        self._carrier = NodeCarrier(
            Credentials(seed),
            Sockets(),
            limits=CarrierLimits(
                peer_up_bytes_per_s=settings.peer_up_max,
                peer_down_bytes_per_s=settings.peer_down_max,
                up_bytes_per_s=settings.peers_up_max,
                down_bytes_per_s=settings.peers_down_max,
            ),
            known=self._is_known,
            blocked=self._is_blocked,
            paused=self._is_paused,
            tell=self._told,
        )
        self._exchange = Exchange(plan.did, own_addresses(plan.did, settings), random.SystemRandom())
        self._dialler = Dialler(self._carrier, reached=self._reached, given_up=self._given_up)
        self._known: frozenset[Did] = frozenset()
        self._blocked: frozenset[Did] = frozenset()
        self._paused: frozenset[str] = frozenset()
        self._restored = RestoredFeeds(LocalStore(folder.local, create=False))
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
        ok = await self._getter.fetch(wire, stream, objects)
        self._tally.add("objects_fetched" if ok else "objects_failed", len(objects))
        return ok

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
            if self._plan.settings.mdns:
                from gitant.network.lan import Lan  # few need it, and it takes a while to import

                own = own_addresses(self._plan.did, self._plan.settings)
                nursery.start_soon(Lan(self._plan.did, self._plan.settings.host, own, self._found_beside).run)
            if self._plan.settings.peer_exchange == "on":
                introductions = Introductions(self._exchange, self._carrier, self._runner, self._book, self._look)
                nursery.start_soon(introductions.run)
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
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._serve_quietly, wire)
                await self._runner.live(wire)
                nursery.cancel_scope.cancel()
        finally:
            self._tally.moved(wire)

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
            if self._index.keys_changed:
                self._index.keys_changed = False
                self._runner.offer_anew()
            self._count()
            await self._note_compared()

    def _look(self) -> None:
        """Do what the book says."""
        self._version = self._book.version()
        peers = [*self._seeds, *self._book.peers()]
        self._known = frozenset(Did(peer.did) for peer in peers if peer.source == "added")
        self._blocked = frozenset(Did(did) for did in self._book.shunned("peer"))
        self._paused = frozenset(self._book.shunned("pause"))
        self._dialler.know([peer for peer in peers if not self._is_paused(Did(peer.did))], self._blocked)
        self._runner.follow(self._follows())
        tasks = self._tasks
        for wire in self._carrier.wires() if tasks is not None else ():
            assert tasks is not None
            if wire.peer in self._blocked:
                tasks.start_soon(wire.aclose, Why.BLOCKED, "this node does not talk to yours any more")
            elif self._is_paused(wire.peer):
                tasks.start_soon(wire.aclose, Why.PAUSED, "this node pauses with yours")

    async def _note_compared(self) -> None:
        """A node from a backup may sign in a stream once it is level with whoever has a copy and is connected."""
        if not self._restored.doubted():
            return
        phases = defaultdict[StreamId, set[Phase]](set)
        for state in self._runner.core.states():
            phases[state.stream].add(state.phase)
        for stream, found in phases.items():
            level = Phase.EQUAL in found and found <= {Phase.EQUAL, Phase.PARTIAL}
            if level and await trio.to_thread.run_sync(self._restored.clear, stream):
                _log.info("this copy from a backup is level with others: the node writes in it", stream=stream.hex())

    def _count(self) -> None:
        wires = self._carrier.wires()
        here = {wire.peer for wire in wires}
        known = {Did(peer.did) for peer in (*self._seeds, *self._book.peers())} | here
        self._tally.now(
            Counter(self._state_of(peer, here) for peer in known | self._blocked),
            (state.phase for state in self._runner.core.states()),
            wires,
        )
        objects = self._runner.core.objects()
        self._tally.lacking(len(objects), self._ages.oldest_s(objects, trio.current_time()))

    def _state_of(self, peer: Did, here: set[Did]) -> str:
        if peer in here:
            return "connected"
        if peer in self._blocked:
            return "blocked"
        return "paused" if self._is_paused(peer) else "away"

    def _reached(self, address: PeerAddress) -> None:
        self._exchange.proved(address, trio.current_time())

    def _given_up(self, address: PeerAddress) -> None:
        """What nobody here added and nobody reaches is kept no more."""
        if self._book.forget_address(str(address)):
            _log.info("an address that was heard of is forgotten", address=str(address))
            self._exchange.failed(address, trio.current_time())
            self._look()

    def _found_beside(self, address: PeerAddress) -> None:
        """A node announces itself on the local network."""
        peers = self._book.peers()
        if any(peer.address == str(address) for peer in peers) or address.did == self._carrier.did:
            return
        if sum(peer.source == "mdns" for peer in peers) < FOUND_MAX:
            self._book.add_peer(str(address), address.did, "mdns", time.time_ns() // 1_000_000)
            _log.info("a node was found on the local network", address=str(address))
            self._look()

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

    def _is_paused(self, peer: Did) -> bool:
        return ALL_PEERS in self._paused or peer in self._paused

    def _told(self, told: Told) -> None:
        if told.what is What.REFUSED:
            self._runner.complaints.turned_away(told, trio.current_time())
            self._tally.add("refusals", 1 + told.untold)
        _tell(told)

    def _listening(self) -> str:
        return f"{self._plan.settings.host}:{self._port}" if self._port else ""


def _tell(told: Told) -> None:
    """Say in the log what became of a connection."""
    expected = told.what in {What.OPENED, What.ENDED} or told.why is Why.PAUSED
    tell = _log.info if expected else _log.warning
    why = told.why.value if told.why is not None else ""
    more = {"untold": told.untold} if told.untold else {}
    tell(told.words, what=told.what.value, address=told.address, peer=told.peer, dialled=told.dialled, why=why, **more)


if __name__ == "__main__":
    main(sys.argv[1:])
