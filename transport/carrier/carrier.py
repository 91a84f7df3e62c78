"""A node's carrier: makes wires and takes them, proves who is at the other end, and keeps one for each peer."""

from __future__ import annotations

import math
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, final

import trio

from transport.carrier.gate import Gate, group_of
from transport.carrier.limits import PROTOCOL, PROVING, CarrierLimits
from transport.carrier.pace import Bucket, Pace
from transport.carrier.queues import Queues
from transport.carrier.records import Kind, close_body, record
from transport.carrier.refusals import Refusals
from transport.carrier.relay import listen_relay
from transport.carrier.roster import Roster
from transport.carrier.seam import ChannelClosed, Told, What, Why, WireClosed
from transport.carrier.wire import PipeWire

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from domain.ids import Did
    from transport.carrier.address import PeerAddress
    from transport.carrier.ground import Ground, Reached
    from transport.carrier.seam import Admits, Handler
    from transport.carrier.tls import Credentials, TlsPipe


def _nobody(_: Did) -> bool:
    return False


def _unheard(_: Told) -> None:
    pass


@final
class NodeCarrier:
    """`Carrier` over any ground.

    `known` tells for whom places are kept free, `blocked` who is not talked to, `paused` who is not for now; `tell`
    hears of wires and refusals.
    """

    def __init__(
        self,
        credentials: Credentials,
        ground: Ground,
        *,
        limits: CarrierLimits | None = None,
        known: Callable[[Did], bool] = _nobody,
        blocked: Callable[[Did], bool] = _nobody,
        paused: Callable[[Did], bool] = _nobody,
        tell: Callable[[Told], None] = _unheard,
    ) -> None:
        self.limits = limits or CarrierLimits()
        self._credentials = credentials
        self._ground = ground
        self._known = known
        self._blocked = blocked
        self._paused = paused
        self._tell = tell
        self._refusals = Refusals(tell)
        self._gate = Gate(self.limits)
        self._roster: Roster[PipeWire] = Roster(credentials.did)
        self._queues = Queues(self.limits.queues_bytes_max, self._roster.all)
        self._up = Bucket(self.limits.up_bytes_per_s, self.limits.burst_s)
        self._down = Bucket(self.limits.down_bytes_per_s, self.limits.burst_s)
        self._dialling: dict[Did, trio.Event] = {}
        self._listening = trio.CancelScope()
        self._wiring: trio.Nursery | None = None
        self._ears: trio.Nursery | None = None
        self._handler: Handler | None = None

    # --- what the node does with it -----------------------------------------------------------------

    @property
    def did(self) -> Did:
        """This node's name."""
        return self._credentials.did

    @property
    def half_open(self) -> int:
        """Handshakes that others began and have not done."""
        return self._gate.half_open

    def wires(self) -> tuple[PipeWire, ...]:
        """The wires there are."""
        return tuple(wire for wire in self._roster.all() if wire.closed is None)

    def wire(self, peer: Did) -> PipeWire | None:
        """The wire with a peer."""
        wire = self._roster.get(peer)
        return wire if wire is not None and wire.closed is None else None

    async def run(self, handler: Handler, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Carry wires until cancelled."""
        self._handler = handler
        async with trio.open_nursery() as self._wiring:
            with self._listening:
                async with trio.open_nursery() as self._ears:
                    task_status.started()
                    await trio.sleep_forever()
            await trio.sleep_forever()  # stopped, but not cancelled: wires may still be saying goodbye

    async def listen(self, host: str, port: int) -> int:
        """Take connections at an address of this machine from now on; the port."""
        assert self._ears is not None
        assert self._wiring is not None
        return await self._ground.listen(host, port, self._taken, self._ears, self._wiring)

    async def listen_relay(self, path: Path) -> None:
        """Take connections that HTTP workers pass on at `path`; raises `Unavailable` if that cannot be."""
        assert self._ears is not None
        assert self._wiring is not None
        await listen_relay(path, self._taken, self._ears, self._wiring)

    async def dial(self, address: PeerAddress, *, admits: Admits | None = None) -> PipeWire:
        """The wire with that peer: a new one, or the one there is."""
        peer = address.did
        if peer == self.did:
            raise WireClosed(Why.SELF, "that is this node itself")
        await trio.lowlevel.checkpoint()
        while (pending := self._dialling.get(peer)) is not None:
            await pending.wait()
        if (there := self.wire(peer)) is not None:
            return there
        self._dialling[peer] = trio.Event()
        try:
            assert self._wiring is not None
            made: PipeWire = await self._wiring.start(self._dialled, address, admits)
        except WireClosed as fault:
            if fault.why is Why.DUPLICATE and (there := self.wire(peer)) is not None:
                return there
            raise
        else:
            return made
        finally:
            self._dialling.pop(peer).set()

    async def prove(self, address: PeerAddress, *, admits: Admits | None = None) -> None:
        """Whether the peer's key is held where it should be, whatever wires there are; raises `WireClosed` if not."""
        with trio.move_on_after(self.limits.handshake_s) as deadline:
            reached = await self._ground.connect(address.place, admits)
            try:
                pipe = await self._credentials.secure(reached.stream, dialled=True, expected=address.did, proving=True)
                if pipe.speaks != PROVING:
                    raise WireClosed(Why.VERSION, "the node there only takes whole connections")
                with suppress(WireClosed):
                    await pipe.receive_some()  # once it has looked at our key it hangs up
            finally:
                await trio.aclose_forcefully(reached.stream)
        if deadline.cancelled_caught:
            raise WireClosed(Why.LATE, f"{address.place} took over {self.limits.handshake_s:.0f} s for the handshake")

    async def stop(self, words: str) -> None:
        """Take no more connections, and end the wires in good order."""
        self._listening.cancel()
        async with trio.open_nursery() as nursery:
            for wire in self.wires():
                nursery.start_soon(wire.aclose, Why.STOPPING, words)

    # --- one connection -----------------------------------------------------------------------------

    async def _taken(self, reached: Reached) -> None:
        """A connection that somebody made, to its end."""
        with ExitStack() as place:
            wire = await self._admitted(reached, place)
            if wire is not None:
                wire.welcome()
                await self._live(wire)

    async def _admitted(self, reached: Reached, place: ExitStack) -> PipeWire | None:
        """Prove who it is and find a place for it, all before the deadline; None if that came to nothing."""
        group, pipe, wire = group_of(reached.host), None, None
        closed = WireClosed(Why.FULL, "it gave way to others while its handshake was not done")
        if refusal := self._gate.knock(group, trio.current_time()):
            await trio.aclose_forcefully(reached.stream)
            self._refusals.add(WireClosed(Why.FULL, refusal), reached.address, None)
            return None
        try:
            with trio.CancelScope() as scope, self._gate.shaking(group, scope):
                try:
                    with trio.fail_after(self.limits.handshake_s):
                        pipe = await self._credentials.secure(reached.stream, dialled=False)
                    if pipe.speaks == PROVING:
                        return None  # nothing was wanted but the key
                    wire = self._placed(pipe, reached, place, dialled=False)
                    self._enroll(wire)
                except trio.TooSlowError:
                    closed = WireClosed(Why.LATE, f"the handshake took over {self.limits.handshake_s:.0f} s")
                except WireClosed as fault:
                    closed, wire = fault, None
                    if pipe is not None:
                        await self._turn_away(pipe, fault)
        finally:
            if wire is None:
                await trio.aclose_forcefully(reached.stream)
        if wire is None:
            self._refusals.add(closed, reached.address, pipe.peer if pipe is not None else None)
        return wire

    async def _dialled(
        self, address: PeerAddress, admits: Admits | None, task_status: trio.TaskStatus[PipeWire]
    ) -> None:
        """A connection that this node makes, to its end; raises `WireClosed` if it comes to nothing."""
        deadline = trio.current_time() + self.limits.handshake_s
        with ExitStack() as place:
            try:
                with trio.fail_at(deadline):
                    reached = await self._ground.connect(address.place, admits)
                    wire = await self._proven(reached, address.did, place)
            except trio.TooSlowError:
                words = f"{address.place} took over {self.limits.handshake_s:.0f} s for the handshake"
                raise WireClosed(Why.LATE, words) from None
            await self._live(wire, task_status, deadline)

    async def _proven(self, reached: Reached, expected: Did, place: ExitStack) -> PipeWire:
        try:
            pipe = await self._credentials.secure(reached.stream, dialled=True, expected=expected)
            return self._placed(pipe, reached, place, dialled=True)
        except BaseException:
            await trio.aclose_forcefully(reached.stream)
            raise

    def _placed(self, pipe: TlsPipe, reached: Reached, place: ExitStack, *, dialled: bool) -> PipeWire:
        """A wire for a proven peer, if it may have one; raises `WireClosed`."""
        peer, limits = pipe.peer, self.limits
        if pipe.speaks != PROTOCOL:
            raise WireClosed(Why.VERSION, f"this node speaks {PROTOCOL.decode()}, and the other does not")
        if peer == self.did:
            raise WireClosed(Why.SELF, "both ends have the same key: that is one node, or a copy of it")
        if self._blocked(peer):
            raise WireClosed(Why.BLOCKED, f"this node does not talk to {'that one' if dialled else 'yours'}")
        if self._paused(peer):
            raise WireClosed(Why.PAUSED, f"this node pauses with {'that one' if dialled else 'yours'}")
        place.enter_context(self._gate.wire(group_of(reached.host), dialled=dialled, known=self._known(peer)))
        return PipeWire(
            pipe,
            reached.address,
            dialled=dialled,
            limits=limits,
            queues=self._queues,
            up=Pace((self._up, Bucket(limits.peer_up_bytes_per_s, limits.burst_s))),
            down=Pace((self._down, Bucket(limits.peer_down_bytes_per_s, limits.burst_s))),
        )

    def _enroll(self, wire: PipeWire) -> None:
        """Make it the wire with its peer; raises `WireClosed` if there is one that is kept instead."""
        old = self._roster.get(wire.peer)
        if old is not None and old.closed is not None:
            self._roster.remove(wire.peer, old)  # it has ended, and is only being put away
        loser = self._roster.add(wire.peer, wire, dialled=wire.dialled)
        words = "both nodes keep another connection that they have"
        if loser is wire:
            raise WireClosed(Why.DUPLICATE, words)
        if loser is not None:
            assert self._wiring is not None
            self._wiring.start_soon(loser.aclose, Why.DUPLICATE, words)

    async def _live(
        self, wire: PipeWire, task_status: trio.TaskStatus[PipeWire] | None = None, deadline: float = math.inf
    ) -> None:
        """Run a wire and its handler to their end. With a `task_status`, have the peer's welcome first."""
        fault: WireClosed | None = None
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._carry, wire)
            try:
                if task_status is not None and (fault := await self._greeted(wire, deadline)) is None:
                    task_status.started(wire)
                if fault is None:
                    wire.opened = True
                    self._tell(Told(What.OPENED, "connected", wire.address, wire.dialled, wire.peer))
                    await self._handle(wire)
            finally:
                if trio.current_effective_deadline() == -math.inf:
                    wire.drop(Why.STOPPING, "the node stops")  # who is cancelled has no time for goodbyes
                await wire.aclose(fault.why if fault else Why.DONE, fault.words if fault else "")
        if fault is not None:
            raise fault

    async def _carry(self, wire: PipeWire) -> None:
        """Run a wire to its end, however long its handler takes to notice."""
        try:
            await wire.run()
        finally:
            self._roster.remove(wire.peer, wire)
            ended = wire.closed
            assert ended is not None
            if wire.opened:
                self._tell(Told(What.ENDED, ended.words, wire.address, wire.dialled, wire.peer, ended.why))

    async def _greeted(self, wire: PipeWire, deadline: float) -> WireClosed | None:
        """Wait for the peer's welcome, and make this the wire with it; else why not."""
        try:
            with trio.fail_at(deadline):
                await wire.welcomed()
            self._enroll(wire)
        except trio.TooSlowError:
            return WireClosed(Why.LATE, "the peer proved its key and then said nothing")
        except WireClosed as fault:
            return fault
        return None

    async def _handle(self, wire: PipeWire) -> None:
        assert self._handler is not None
        try:
            await self._handler(wire)
        except* (WireClosed, ChannelClosed):
            pass  # the wire has ended, which is told of anyway

    async def _turn_away(self, pipe: TlsPipe, closed: WireClosed) -> None:
        """Say why in a sentence; the peer has a moment to read it."""
        with trio.move_on_after(self.limits.linger_s), suppress(WireClosed):
            await pipe.send_all(record(Kind.CLOSE, body=close_body(closed)))
            while await pipe.receive_some():
                pass
