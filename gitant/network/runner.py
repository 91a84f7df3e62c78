"""Carries out what the replication core decides, in order, and reports back what came of it.

The core is called from one task's turn at a time and never awaits. What takes time (the writer, reads, transfers) is
done by tasks of its own; stores go to the writer one after the other, because each builds on the one before.
"""

from __future__ import annotations

import math
import random
from functools import partial
from typing import TYPE_CHECKING, Final, final

import trio

from domain.envelope import read_own
from domain.errors import DiskFull, LocalFault
from domain.ids import EventId
from gitant.collector import without_collector
from gitant.log import get_logger
from gitant.network.complaints import Complaints
from gitant.network.leisure import Leisure
from gitant.network.parcels import bytes3, parcels, store_request
from replication.effects import (
    Checked,
    Close,
    Fetch,
    Heard,
    LinkId,
    Mend,
    Note,
    Outcome,
    Read,
    ReadVouched,
    Send,
    Store,
    WakeAt,
)
from replication.node import Replicator
from transport.carrier.seam import Why, WireClosed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from domain.ids import StreamId
    from gitant.network.fetching import Fetcher
    from gitant.network.index import ViewsIndex
    from gitant.network.reads import LogReads
    from gitant.network.writing import TrioWriter
    from replication.effects import Effect
    from replication.limits import Limits
    from replication.records import Follows, Identity
    from storage.log.eventlog import SQLiteEventLog
    from transport.carrier.seam import Wire

READS_AT_ONCE: Final = 2
FETCHES_AT_ONCE: Final = 4
_NEWS_ROWS: Final = 1_000
_log = get_logger("gitant.network")
_RENAMED: Final = {"code": "refusal", "event": "event_id", "peer": "other_peer", "stream": "other_stream"}
"""What notes call their values, where a line of the log has another use for the name."""
_QUIET: Final = frozenset({"event-expired", "news-dropped"})


def _unheard(_: Wire, __: Sequence[str]) -> None:
    pass


@final
class Runner:
    """One node's core, on the wires it is given with `live`. `run` is its life."""

    def __init__(
        self,
        identity: Identity,
        follows: Follows,
        index: ViewsIndex,
        reads: LogReads,
        log: SQLiteEventLog,
        writer: TrioWriter,
        fetcher: Fetcher,
        limits: Limits | None = None,
    ) -> None:
        self.core = Replicator(identity, index, random.SystemRandom(), follows, limits)
        self.index = index
        self.wires: dict[LinkId, Wire] = {}
        self._reads = reads
        self._log = log
        self._writer = writer
        self._fetcher = fetcher
        self._links = 0
        self._wake_at = math.inf
        self._earlier = trio.Event()
        self._stored: set[EventId] = set()
        """What this process had stored and has not yet seen in the log's growth."""
        self._to_store, self._stores = trio.open_memory_channel[Store | Mend | Checked](math.inf)
        self._reading = trio.CapacityLimiter(READS_AT_ONCE)
        self._fetching = trio.CapacityLimiter(FETCHES_AT_ONCE)
        self._leisure = Leisure()
        self._nursery: trio.Nursery | None = None
        self.heard: Callable[[Wire, Sequence[str]], None] = _unheard
        """Called with where nodes are, as peers say."""
        self.complaints = Complaints()
        self.changed = trio.Event()
        """Set, and replaced, whenever states may have changed."""

    @property
    def now(self) -> int:
        """Monotonic milliseconds."""
        return round(trio.current_time() * 1_000)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Carry out effects, wake the core, and tell it of what others have written, until cancelled."""
        async with trio.open_nursery() as self._nursery:
            self._nursery.start_soon(self._store_all)
            self._nursery.start_soon(self._wake_all)
            self._nursery.start_soon(self._follow)
            task_status.started()
            self.do(self.core.woke(self.now))

    async def live(self, wire: Wire) -> None:
        """Speak with a peer until the wire ends; what a carrier's handler is to do."""
        self._links += 1
        link = LinkId(self._links)
        self.wires[link] = wire
        try:
            self.do(self.core.connected(link, wire.peer, self.now))
            while True:
                data = await wire.receive()
                with without_collector():  # of what is read from bytes all is kept, or freed at once
                    effects = self.core.received(link, data, self.now)
                self.do(effects)
        except WireClosed:
            pass
        finally:
            if self.wires.pop(link, None) is not None:
                self.do(self.core.disconnected(link, self.now))

    def do(self, effects: Sequence[Effect]) -> None:
        """Carry out, in order, what the core has decided."""
        for effect in effects:
            match effect:
                case Send():
                    if (wire := self.wires.get(effect.link)) is not None:
                        wire.post(effect.data)
                case Store() | Mend() | Checked():
                    self._to_store.send_nowait(effect)
                case Read():
                    self._spawn(partial(self._read, effect))
                case Fetch():
                    self._spawn(partial(self._fetch, effect))
                case Heard():
                    if (wire := self.wires.get(effect.link)) is not None:
                        self.heard(wire, effect.addresses)
                case WakeAt():
                    self._wake_at = effect.at_ms
                    self._earlier.set()
                case Close():
                    if (wire := self.wires.pop(effect.link, None)) is not None:
                        self._spawn(partial(wire.aclose, Why.DONE, effect.reason))
                case Note():
                    self._note(effect)
        if effects:
            self.changed.set()
            self.changed = trio.Event()

    def follow(self, follows: Follows) -> None:
        """Replicate other things from now on."""
        if follows != self.core.follows:
            for stream in follows.hidden ^ self.core.follows.hidden:
                self.index.forget(stream)
            self.do(self.core.follow(follows, self.now))

    def offer_anew(self) -> None:
        """Who may have what may be another now: say to each peer what there is for it."""
        self.do(self.core.follow(self.core.follows, self.now))

    def introduce(self, told: Callable[[Wire], Sequence[str]]) -> None:
        """Tell each connected peer where other nodes are: what `told` says for its wire."""
        for link, wire in list(self.wires.items()):
            self.do(self.core.introduce(link, told(wire), self.now))

    def gained(self, stream: StreamId) -> None:
        """Another process of this node has brought objects of a stream: say to each peer what there is."""
        self._grow()
        self.do(self.core.gained(stream, self.index.present(stream), self.now))

    def compare(self, *, thorough: bool) -> None:
        """Compare with all peers now."""
        self.do(self.core.compare(self.now, thorough=thorough))

    # --- what takes time ------------------------------------------------------------------------

    def _spawn(self, work: Callable[[], Awaitable[object]]) -> None:
        assert self._nursery is not None
        self._nursery.start_soon(work)

    async def _store_all(self) -> None:
        async for effect in self._stores:
            match effect:
                case Store():
                    with self._leisure.work():
                        await self._store(effect)
                case Mend():
                    events = [bytes3(event) for event in effect.events]
                    outcome = await self._asked("replica.mend", {"events": events})
                    self.do(self.core.stored(effect.token, outcome, self.now))
                case Checked():
                    await self._asked("replica.checked", {"events": list(effect.events)})

    async def _asked(self, command: str, args: dict[str, object]) -> Outcome:
        try:
            await self._writer.send(command, args)
        except LocalFault as fault:
            _log.warning("the writer could not take in what peers sent", fault=fault.message)
            return Outcome.FAILED
        return Outcome.STORED

    async def _store(self, effect: Store) -> None:
        held = set[EventId]()
        outcome, why = Outcome.STORED, ""
        for part in parcels(effect.events):
            self._stored.update(event.id for event in part)
            try:
                answer = await self._writer.send("replica.store", store_request(part, effect.vouched))
            except LocalFault as fault:
                _log.warning("events of peers could not be stored", fault=fault.message, events=len(part))
                self._stored.difference_update(event.id for event in part)
                outcome, why = Outcome.FAILED, _told(fault)
                break
            held.update(EventId(name) for name in answer.extra["held"])
            if early := answer.extra["early"]:
                _log.info("events of peers have to come again, with what is before them", events=len(early))
                self._stored.difference_update(EventId(name) for name in early)
                outcome = Outcome.FAILED
                break
        self._stored -= held
        self._grow()
        if outcome is Outcome.FAILED:
            # What was kept of it is in the log all the same, and the core has to know.
            kept = [event for event in effect.events if self.index.link(event.id) is not None]
            self.do(self.core.appended(kept, self.now, effect.vouched))
        self.do(self.core.stored(effect.token, outcome, self.now, frozenset(held), why))

    async def _read(self, effect: Read) -> None:
        if isinstance(effect.query, ReadVouched):
            # To check these takes more of the processor than all else that is done for an event in this process.
            await self._leisure.come()
        rows = await trio.to_thread.run_sync(self._reads.read, effect.query, limiter=self._reading)
        self.do(self.core.read(effect.token, rows, self.now))

    async def _fetch(self, effect: Fetch) -> None:
        ok = False
        wire = self.wires.get(effect.link)
        if wire is not None:
            async with self._fetching:
                ok = await self._fetcher.fetch(wire, effect.stream, effect.objects)
        self.do(self.core.fetched(effect.token, ok, self.now))

    async def _wake_all(self) -> None:
        while True:
            self._earlier = trio.Event()
            with trio.move_on_at(self._wake_at / 1_000 if self._wake_at < math.inf else math.inf) as waited:
                await self._earlier.wait()
            if waited.cancelled_caught:
                self._wake_at = math.inf
                self.do(self.core.woke(self.now))

    async def _follow(self) -> None:
        """Tell the core of what was written on this node."""
        while True:
            self._grow()
            await self._writer.grown(self.index.position)

    def _grow(self) -> None:
        """Take in what the log has taken; what others than this process had written is news."""
        fresh = self.index.refresh()
        positions = [position for position, name in fresh if name not in self._stored]
        self._stored.difference_update(name for _, name in fresh)
        for start in range(0, len(positions), _NEWS_ROWS):
            rows = self._log.by_positions(positions[start : start + _NEWS_ROWS])
            news = [read_own(row.header, row.signature, row.payload) for row in rows]
            places = self._log.are_vouched([row.position for row in rows])
            vouched = {event.id for event, row in zip(news, rows, strict=True) if row.position in places}
            self.do(self.core.appended(news, self.now, vouched))

    def _note(self, note: Note) -> None:
        self.complaints.noted(note, trio.current_time())
        tell = _log.debug if note.code in _QUIET else _log.info
        values = {
            _RENAMED.get(name, name): value.hex() if isinstance(value, bytes) else value
            for name, value in (note.values or {}).items()
        }
        stream = note.stream.hex() if note.stream is not None else None
        tell(note.words, code=note.code, peer=note.peer, stream=stream, **values)


def _told(fault: LocalFault) -> str:
    """What peers hear of a fault: nothing of this node's folders."""
    return "this node's disk is full" if isinstance(fault, DiskFull) else "this node cannot store events now"
