"""A channel as the node above holds it: a stream of bytes beside the control stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import trio

from transport.carrier.seam import ChannelClosed

if TYPE_CHECKING:
    from collections.abc import Callable

    from transport.carrier.lane import Lane
    from transport.carrier.limits import CarrierLimits
    from transport.carrier.mux import Mux

_PIECE_BYTES = 64 << 10


@final
class MuxChannel(trio.abc.HalfCloseableStream):
    """`Channel` over a lane. `check` raises when the whole wire has ended."""

    def __init__(self, lane: Lane, mux: Mux, limits: CarrierLimits, check: Callable[[], None]) -> None:
        self._lane = lane
        self._mux = mux
        self._limits = limits
        self._check = check

    @property
    def purpose(self) -> str:
        """What the opener said it is for."""
        return self._lane.purpose

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send, waiting while the peer does not take it."""
        await trio.lowlevel.checkpoint()
        # What is queued must not change, and whoever hands over a buffer may fill it again.
        view = memoryview(data if isinstance(data, bytes) else bytes(data))
        for start in range(0, len(view), _PIECE_BYTES):
            while self._lane.queued >= self._limits.channel_queue_bytes and not self._lane.closed:
                await self._progress()
            self._check_open()
            self._mux.put(self._lane, view[start : start + _PIECE_BYTES])
        if not view:
            self._check_open()

    async def wait_send_all_might_not_block(self) -> None:
        """Wait until there is room."""
        await trio.lowlevel.checkpoint()
        while self._lane.queued >= self._limits.channel_queue_bytes and not self._lane.closed:
            await self._progress()

    async def send_eof(self) -> None:
        """Say that nothing more comes in this direction."""
        await trio.lowlevel.checkpoint()
        if not self._lane.eof_queued:
            self._check_open()
            self._mux.end(self._lane)

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """What has come; `b""` after the peer's last."""
        await trio.lowlevel.checkpoint()
        while True:
            if found := self._lane.out_of_inbox(max_bytes):
                self._mux.taken(self._lane)
                return found
            if self._lane.eof_received and not self._lane.left:
                return b""
            self._check_open(sending=False)
            await self._lane.receiving.park()

    def reset(self, words: str) -> None:
        """Give it up in both directions."""
        self._mux.reset(self._lane, words)

    async def aclose(self) -> None:
        """Done with it; what was sent before `send_eof` still arrives."""
        if not self._lane.over:
            self._mux.leave(self._lane)
        await trio.lowlevel.checkpoint()

    async def _progress(self) -> None:
        """Wait until some of the queue has gone, but not for ever."""
        limits = self._limits
        with trio.move_on_after(limits.pause_s if self._mux.peer_paused else limits.channel_stall_s) as scope:
            await self._lane.sending.park()
        if scope.cancelled_caught and not self._mux.paused:
            self._mux.reset(self._lane, "the other side takes nothing any more")

    def _check_open(self, *, sending: bool = True) -> None:
        self._check()
        closed = self._lane.closed
        if closed is not None:
            raise ChannelClosed(closed.words, by_peer=closed.by_peer)
        if self._lane.left or (sending and self._lane.eof_queued):
            raise trio.ClosedResourceError("this end was closed before")
