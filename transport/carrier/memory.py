"""Wires inside one process: for tests, and for several nodes in one."""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Final, final

import trio

from domain.errors import Unavailable
from transport.carrier.address import Tcp
from transport.carrier.ground import Reached
from transport.carrier.seam import Why, WireClosed

if TYPE_CHECKING:
    from transport.carrier.address import Web
    from transport.carrier.ground import Taker
    from transport.carrier.seam import Admits

BUFFER_BYTES: Final = 64 << 10
"""What one end may have sent before the other takes it: a kernel's buffers, without the kernel."""


@final
class _Way:
    """One direction. It keeps no more than a kernel would, so a reader that stalls is felt."""

    def __init__(self) -> None:
        self._pieces: deque[bytes] = deque()
        self._held = 0
        self._ended = False
        self._deaf = False
        self._changed = trio.lowlevel.ParkingLot()

    async def put(self, piece: bytes) -> None:
        """Wait for room, and put it in."""
        await self.room()
        if self._deaf or self._ended:
            raise trio.BrokenResourceError("the other end is closed")
        self._pieces.append(piece)
        self._held += len(piece)
        self._changed.unpark_all()

    async def room(self) -> None:
        """Wait for room."""
        while self._held >= BUFFER_BYTES and not self._deaf and not self._ended:
            await self._changed.park()

    async def take(self, bytes_max: int | None) -> bytes:
        """Wait for something; `b""` after the end."""
        while not self._pieces:
            if self._deaf:
                raise trio.ClosedResourceError("this end is closed")
            if self._ended:
                return b""
            await self._changed.park()
        found = self._pieces.popleft()
        if bytes_max is not None and len(found) > bytes_max:
            self._pieces.appendleft(found[bytes_max:])
            found = found[:bytes_max]
        self._held -= len(found)
        self._changed.unpark_all()
        return found

    def end(self) -> None:
        """Nothing more is put in."""
        self._ended = True
        self._changed.unpark_all()

    def leave(self) -> None:
        """Nothing more is taken out."""
        self._deaf = True
        self._pieces.clear()
        self._held = 0
        self._changed.unpark_all()


@final
class MemoryStream(trio.abc.HalfCloseableStream):
    """One end of a pair."""

    def __init__(self, coming: _Way, going: _Way) -> None:
        self._coming = coming
        self._going = going

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send, as the other end takes it."""
        await trio.lowlevel.checkpoint()
        for start in range(0, len(data), BUFFER_BYTES):
            await self._going.put(bytes(data[start : start + BUFFER_BYTES]))

    async def wait_send_all_might_not_block(self) -> None:
        """Wait until there is room."""
        await trio.lowlevel.checkpoint()
        await self._going.room()

    async def send_eof(self) -> None:
        """Say that nothing more comes."""
        await trio.lowlevel.checkpoint()
        self._going.end()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """What has come; `b""` after the end."""
        await trio.lowlevel.checkpoint()
        return await self._coming.take(max_bytes)

    async def aclose(self) -> None:
        """Close this end. What it sent can still be read."""
        self._coming.leave()
        self._going.end()
        await trio.lowlevel.checkpoint()


def memory_pair() -> tuple[MemoryStream, MemoryStream]:
    """Two ends of one connection."""
    one, other = _Way(), _Way()
    return MemoryStream(one, other), MemoryStream(other, one)


@final
class MemoryGround:
    """`Ground` for any number of carriers of one process, which find one another by host and port."""

    def __init__(self) -> None:
        self._listening: dict[Tcp, trio.MemorySendChannel[Reached]] = {}
        self._connections = 0

    async def connect(self, place: Tcp | Web, admits: Admits | None) -> Reached:
        """Connect to a carrier that listens at `place`."""
        del admits  # there is no name that could resolve to somewhere else
        await trio.lowlevel.checkpoint()
        ears = self._listening.get(place) if isinstance(place, Tcp) else None
        if ears is None:
            raise WireClosed(Why.UNREACHABLE, f"nobody answers at {place}")
        near, far = memory_pair()
        self._connections += 1
        await ears.send(Reached(far, "memory", f"memory:{self._connections}"))
        return Reached(near, "memory", str(place))

    async def listen(self, host: str, port: int, take: Taker, ears: trio.Nursery, tasks: trio.Nursery) -> int:
        """Be found at a place."""
        await trio.lowlevel.checkpoint()
        place = Tcp(host, port or len(self._listening) + 1)
        if place in self._listening:
            raise Unavailable(f"{place} is taken", hint="choose another port")
        into, out = trio.open_memory_channel[Reached](0)
        self._listening[place] = into
        ears.start_soon(partial(self._take, place, out, take, tasks))
        return place.port

    async def _take(
        self, place: Tcp, arriving: trio.MemoryReceiveChannel[Reached], take: Taker, tasks: trio.Nursery
    ) -> None:
        try:
            async for reached in arriving:
                tasks.start_soon(take, reached)
        finally:
            del self._listening[place]
