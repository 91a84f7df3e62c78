"""One wire on trio: a task that reads, one that writes, one that sees to it that the peer is alive and keeps up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

import trio

from transport.carrier.channel import MuxChannel
from transport.carrier.mux import Mux
from transport.carrier.pace import Bucket, Pace
from transport.carrier.records import RecordFault
from transport.carrier.seam import ChannelClosed, Why, WireClosed, WireStats

if TYPE_CHECKING:
    from domain.ids import Did
    from transport.carrier.lane import Lane
    from transport.carrier.limits import CarrierLimits
    from transport.carrier.queues import Queues
    from transport.carrier.tls import TlsPipe

_QUICK_S: Final = 0.02
_SLOW_S: Final = 0.1
_RECEIVED_AT_ONCE: Final = 1 << 20
_DENSE_BYTES: Final = 256
"""Records that are smaller than this on average are many."""


@final
class PipeWire:
    """`Wire` over a pipe whose other end is proven. Nothing moves until `run` does."""

    def __init__(
        self,
        pipe: TlsPipe,
        address: str,
        *,
        dialled: bool,
        limits: CarrierLimits,
        queues: Queues,
        up: Pace,
        down: Pace,
    ) -> None:
        self._pipe = pipe
        self._address = address
        self._dialled = dialled
        self._limits = limits
        self._queues = queues
        self._up = up
        self._down = down
        self._records = Pace((Bucket(limits.records_per_s, limits.burst_s),))
        self._read_bytes = limits.read_bytes
        self._mux = Mux(dialled=dialled, urgent_max=limits.urgent_records_max, work=self._work)
        self._closed: WireClosed | None = None
        self._leaving: WireClosed | None = None
        self.opened = False
        """Whether both sides have taken it."""
        self._scope = trio.CancelScope()
        self._has_work = trio.lowlevel.ParkingLot()
        self._changed = trio.lowlevel.ParkingLot()
        self._said = False
        self._gone = False
        self._batch_bytes = limits.batch_bytes_max
        self._counted = self._sent = self._received = 0
        self._began_at = self._heard_at = trio.current_time()
        self._moved_at = self._taken_at = self._began_at
        self._control_sent = 0
        self._sending = False
        self._pings = 0
        self._pinged_at = self._began_at
        self._round_trip_s: float | None = None

    # --- what everybody may know --------------------------------------------------------------------

    @property
    def peer(self) -> Did:
        """Whose key the other end has proven to hold."""
        return self._pipe.peer

    @property
    def address(self) -> str:
        """Where the other end is."""
        return self._address

    @property
    def dialled(self) -> bool:
        """Whether this side dialled."""
        return self._dialled

    @property
    def closed(self) -> WireClosed | None:
        """Why it has ended."""
        return self._closed

    @property
    def queued_bytes(self) -> int:
        """What waits on the control stream."""
        return self._mux.control.queued

    def stats(self) -> WireStats:
        """Numbers for metrics and status pages."""
        now = trio.current_time()
        return WireStats(
            sent_bytes=self._sent,
            received_bytes=self._received,
            queued_bytes=self.queued_bytes,
            channels=self._mux.channels,
            round_trip_s=self._round_trip_s,
            age_s=now - self._began_at,
            quiet_s=now - self._heard_at,
        )

    # --- the control stream -------------------------------------------------------------------------

    async def send(self, frame: bytes) -> None:
        """Put a frame on the control stream; waits while much is queued."""
        await trio.lowlevel.checkpoint()
        await self._until_queued(self._limits.send_queue_bytes)
        self._check()
        self.post(frame)

    def post(self, frame: bytes) -> None:
        """Put a frame on the control stream without waiting."""
        if self._closed or self._leaving:
            return
        self._mux.put(self._mux.control, frame)
        self._recount()
        if self.queued_bytes > self._limits.queue_bytes_max:
            self.drop(Why.STALLED, "more waits for the peer than this node keeps for one")
        else:
            self._queues.check()

    async def drained(self, bytes_max: int = 0) -> None:
        """Wait until no more than this is queued."""
        await trio.lowlevel.checkpoint()
        await self._until_queued(bytes_max)
        self._check()

    async def receive(self) -> bytes:
        """Bytes of the control stream, cut anywhere."""
        await trio.lowlevel.checkpoint()
        control = self._mux.control
        while not (found := control.out_of_inbox(_RECEIVED_AT_ONCE)):
            self._check()
            await control.receiving.park()
        self._mux.taken(control)
        return found

    async def _until_queued(self, bytes_max: int) -> None:
        while self.queued_bytes > bytes_max and self._closed is None:
            await self._mux.control.sending.park()

    # --- channels -----------------------------------------------------------------------------------

    async def open(self, purpose: str) -> MuxChannel:
        """Open a channel; waits while as many are open as may be."""
        await trio.lowlevel.checkpoint()
        while True:
            self._check()
            if self._mux.may_open():
                return self._channel(self._mux.open(purpose))
            await self._mux.freed.park()

    async def accept(self) -> MuxChannel:
        """The next channel that the peer opened."""
        await trio.lowlevel.checkpoint()
        while True:
            self._check()
            if lane := self._mux.accept():
                return self._channel(lane)
            await self._mux.opened.park()

    def _channel(self, lane: Lane) -> MuxChannel:
        return MuxChannel(lane, self._mux, self._limits, self._check)

    # --- pausing and ending -------------------------------------------------------------------------

    def pause(self) -> None:
        """Send no data and take no more of it."""
        self._mux.pause(on=True)

    def resume(self) -> None:
        """End a pause."""
        self._taken_at = trio.current_time()
        self._mux.pause(on=False)

    async def aclose(self, why: Why = Why.DONE, words: str = "") -> None:
        """Send what is queued, say why, and end the wire."""
        await self._leave(WireClosed(why, words or "the connection was closed"), self._limits.close_s)
        with trio.CancelScope(shield=True):
            while not self._gone:
                await self._changed.park()

    def drop(self, why: Why, words: str) -> None:
        """End it at once; the peer is told nothing."""
        self._end(WireClosed(why, words))

    async def _leave(self, closed: WireClosed, flush_s: float) -> None:
        """Say why, and give the peer a moment to read it before hanging up."""
        if self._closed is None and self._leaving is None:
            self._leaving = closed
            self._mux.close(closed)
        with trio.CancelScope(shield=True):
            for seconds, done in ((flush_s, self._has_said), (self._limits.linger_s, self._has_ended)):
                with trio.move_on_after(seconds):
                    while not done() and self._closed is None:
                        await self._changed.park()
        self._end(self._leaving or closed)

    def _has_said(self) -> bool:
        return self._said

    def _has_ended(self) -> bool:
        return self._closed is not None

    def _end(self, closed: WireClosed) -> None:
        if self._closed is None:
            self._closed = closed
            self._mux.give_up(ChannelClosed(closed.words, by_peer=closed.by_peer))
            self._recount()
            self._scope.cancel()
            self._changed.unpark_all()

    def _check(self) -> None:
        """Raise if the wire has ended, or is about to."""
        closed = self._closed or self._leaving
        if closed is not None:
            raise WireClosed(closed.why, closed.words, by_peer=closed.by_peer)

    # --- its tasks ----------------------------------------------------------------------------------

    async def run(self) -> None:
        """Carry until it ends, and close what is below. `closed` tells why."""
        try:
            with self._scope:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._write)
                    nursery.start_soon(self._keep)
                    await self._read()
        finally:
            self._end(WireClosed(Why.STOPPING, "the node stops"))
            with trio.CancelScope(shield=True):
                await self._pipe.aclose()
            self._gone = True
            self._changed.unpark_all()

    async def welcomed(self) -> None:
        """Wait until the peer has said that it takes the wire; raises `WireClosed`. For whoever dialled."""
        while not self._mux.welcomed:
            self._check()
            await self._changed.park()

    def welcome(self) -> None:
        """Say that it is taken. For whoever was dialled."""
        self._mux.welcome()

    async def _read(self) -> None:
        """Until the wire ends, whatever the reason."""
        while True:
            try:
                data = await self._pipe.receive_some(self._read_bytes)
                self._heard_at = trio.current_time()
                self._received += len(data)
                ponged, welcomed = self._mux.ponged, self._mux.welcomed
                records = self._mux.received(data)
            except WireClosed as closed:
                self._end(self._mux.closed_by or self._leaving or closed)
                return
            except RecordFault as fault:
                await self._refuse(Why.MALFORMED, str(fault))
                return
            if not data or self._mux.closed_by:
                hung_up = WireClosed(Why.CUT, "the peer hung up without a word")
                self._end(self._mux.closed_by or self._leaving or hung_up)
                return
            if self._mux.ponged != ponged and self._mux.ponged == self._pings:
                self._round_trip_s = self._heard_at - self._pinged_at
            if self._mux.welcomed is not welcomed:
                self._changed.unpark_all()
            # Who sends tiny records gets little read at once: others wait for the processor meanwhile.
            dense = records * _DENSE_BYTES > len(data)
            self._read_bytes = self._limits.batch_bytes_min if dense else self._limits.read_bytes
            self._records.spend(records)
            self._down.spend(len(data))
            await self._down.wait()
            await self._records.wait()

    async def _refuse(self, why: Why, words: str) -> None:
        """End it for something the peer did or failed to do; nothing is sent any more but why."""
        self._mux.hurry()
        self._recount()
        await self._leave(WireClosed(why, words), self._limits.linger_s)

    async def _write(self) -> None:
        limits = self._limits
        while not self._said:
            await self._up.wait()
            batch = self._mux.batch(self._up.piece_bytes(self._batch_bytes))
            self._recount()
            if not batch:
                await self._has_work.park()
                continue
            data = b"".join(batch)
            self._up.spend(len(data))
            began = trio.current_time()
            self._sending = True
            try:
                await self._pipe.send_all(data)
            except WireClosed as closed:
                # What the peer said before it hung up may still wait to be read.
                with trio.move_on_after(limits.linger_s):
                    await trio.sleep_forever()
                self._end(self._leaving or closed)
                return
            now = self._moved_at = trio.current_time()
            self._sending = False
            self._sent += len(data)
            if now - began > _SLOW_S:
                self._batch_bytes = max(limits.batch_bytes_min, self._batch_bytes // 2)
            elif now - began < _QUICK_S:
                self._batch_bytes = min(limits.batch_bytes_max, self._batch_bytes * 2)
            self._said = self._mux.said_all
            if self._said:
                self._changed.unpark_all()

    async def _keep(self) -> None:
        """Ask whether the peer is alive, and drop it when it is not, or does not keep up."""
        limits = self._limits
        look_s = min(limits.ping_s, limits.dead_s, limits.stall_s) / 4
        while True:
            await trio.sleep(look_s)
            now = trio.current_time()
            if now - self._heard_at >= limits.dead_s:
                await self._refuse(Why.DEAD, f"the peer has said nothing for {limits.dead_s:.0f} s")
            if now - self._pinged_at >= limits.ping_s:
                self._pings += 1
                self._pinged_at = now
                self._mux.ping(self._pings)
            if not self._sending:
                self._moved_at = now
            control = self._mux.control
            if control.sent_bytes != self._control_sent or not control.queued or self._mux.paused:
                self._control_sent = control.sent_bytes
                self._taken_at = now
            patience_s = limits.pause_s if self._mux.peer_paused else limits.stall_s
            if now - self._moved_at >= limits.stall_s or now - self._taken_at >= patience_s:
                await self._refuse(Why.STALLED, f"the peer takes nothing for {patience_s:.0f} s of what waits for it")

    def _work(self) -> None:
        if self._mux.overfull:
            self.drop(Why.STALLED, "the peer takes nothing of what waits for it")
        self._has_work.unpark_all()

    def _recount(self) -> None:
        """Tell the queues how long this one is now."""
        self._queues.total += self.queued_bytes - self._counted
        self._counted = self.queued_bytes
