"""Carriers for tests: joined in memory under a clock that jumps, or by real sockets."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, final

import trio
import trio.testing

from tests.making import key, seed_of
from transport.carrier.address import PeerAddress, Tcp
from transport.carrier.carrier import NodeCarrier
from transport.carrier.memory import MemoryGround
from transport.carrier.records import Kind, RecordReader, closed_by, record
from transport.carrier.seam import What
from transport.carrier.tls import Credentials

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from transport.carrier.ground import Ground
    from transport.carrier.records import Record
    from transport.carrier.seam import Channel, Handler, Told, Why, Wire, WireClosed
    from transport.carrier.tls import TlsPipe
    from transport.carrier.wire import PipeWire

PATIENCE_S = 20
"""For what takes milliseconds on a machine that does nothing else."""


def in_no_time(main: Callable[[], Awaitable[object]]) -> None:
    """Run on a clock that jumps to the next deadline whenever nobody has anything to do."""
    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))


def in_real_time(main: Callable[[], Awaitable[object]]) -> None:
    """Run on the real clock, but not for ever."""

    async def bounded() -> None:
        with trio.fail_after(PATIENCE_S):
            await main()

    trio.run(bounded)


async def idle(_: Wire) -> None:
    """Leave a wire to the test."""
    await trio.sleep_forever()


async def drain(wire: Wire) -> None:
    """Keep a wire while it lasts, and do nothing with what comes."""
    while True:
        await wire.receive()


async def echo(wire: Wire) -> None:
    """Send back what comes, on the control stream and on channels."""

    async def back(channel: Channel) -> None:
        while data := await channel.receive_some():
            await channel.send_all(data)
        await channel.send_eof()
        await channel.aclose()

    async with trio.open_nursery() as nursery:

        async def channels() -> None:
            while True:
                nursery.start_soon(back, await wire.accept())

        nursery.start_soon(channels)
        while True:
            await wire.send(await wire.receive())


@final
class Node:
    """A carrier that runs, where it listens, and what it told."""

    def __init__(self, name: str, ground: Ground, **options: Any) -> None:
        self.name = name
        self.told: list[Told] = []
        self.carrier = NodeCarrier(Credentials(seed_of(name)), ground, tell=self.told.append, **options)
        self.port = 0

    @property
    def address(self) -> PeerAddress:
        return PeerAddress(self.carrier.did, Tcp("127.0.0.1", self.port))

    async def dial(self, other: Node) -> PipeWire:
        return await self.carrier.dial(other.address)

    def wire(self, other: str) -> PipeWire:
        found = self.carrier.wire(key(other).did)
        assert found is not None
        return found

    def ended(self) -> list[tuple[Why | None, str]]:
        return [(each.why, each.words) for each in self.told if each.what is What.ENDED]

    def refused(self) -> list[tuple[Why | None, str]]:
        return [(each.why, each.words) for each in self.told if each.what is What.REFUSED]

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait for something that comes of itself."""
        with trio.fail_after(600):
            while not holds():  # noqa: ASYNC110  # what it waits for has no event
                await trio.sleep(0.05)


@asynccontextmanager
async def node(name: str, ground: Ground | None = None, handler: Handler = idle, **options: Any) -> AsyncIterator[Node]:
    """A node that listens."""
    made = Node(name, ground or MemoryGround(), **options)
    async with trio.open_nursery() as nursery:
        await nursery.start(made.carrier.run, handler)
        made.port = await made.carrier.listen("127.0.0.1", 0)
        yield made
        nursery.cancel_scope.cancel()


async def read(wire: Wire, size: int) -> bytes:
    """So many bytes of the control stream."""
    parts = []
    while size > 0:
        parts.append(await wire.receive())
        size -= len(parts[-1])
    return b"".join(parts)


async def read_all(channel: Channel) -> bytes:
    """A channel to its end."""
    parts = []
    while part := await channel.receive_some():
        parts.append(part)
    return b"".join(parts)


@final
class Raw:
    """A peer by hand: proven, welcome, and from there on as rude as a test wants it."""

    def __init__(self, pipe: TlsPipe) -> None:
        self.pipe = pipe
        self._reader = RecordReader()
        self._records: list[Record] = []

    @classmethod
    async def dial(cls, name: str, ground: Ground, other: Node) -> Raw:
        """Dial a node and wait to be welcomed."""
        reached = await ground.connect(other.address.place, None)
        raw = cls(await Credentials(seed_of(name)).secure(reached.stream, dialled=True, expected=other.carrier.did))
        assert (await raw.next()).kind is Kind.WELCOME
        return raw

    async def next(self) -> Record:
        """The next record that the node sends."""
        while not self._records:
            data = await self.pipe.receive_some()
            assert data, "the node hung up"
            self._records.extend(self._reader.records(data))
        return self._records.pop(0)

    async def closed(self) -> WireClosed:
        """Read on until the node says why it closes."""
        while (each := await self.next()).kind is not Kind.CLOSE:
            pass
        return closed_by(each.body)

    async def say(self, kind: Kind, channel: int = 0, body: bytes = b"") -> None:
        await self.pipe.send_all(record(kind, channel, body))
