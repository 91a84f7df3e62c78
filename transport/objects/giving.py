"""Serving what peers ask for on channels: packs by the engine that serves git clients, and blobs."""

from __future__ import annotations

from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO, Final, TypeVar, final

import trio

from domain.errors import LocalFault
from domain.ids import StreamId
from domain.ports_replication import GitObject
from domain.ports_serving import PackRequest
from transport.carrier.seam import ChannelClosed
from transport.objects.messages import BLOB, GIT, Answer, AskBlob, AskObjects, NotUnderstood, hear, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from domain.ids import Did
    from domain.ports_blobs import Blobs
    from domain.ports_replication import Index
    from domain.ports_serving import OutgoingPack, ServedRepo, ServingStore
    from transport.carrier.seam import Channel, Wire

T = TypeVar("T")
PIECE_BYTES: Final = 256 << 10
GIVEN_AT_ONCE: Final = 4
GIVEN_AT_ONCE_TO_ONE: Final = 2
_ID_HEX: Final = 64


@final
class Giver:
    """Serves all wires of a node. `index` says who may have what."""

    def __init__(self, index: Index, serving: ServingStore, blobs: Blobs) -> None:
        self._index = index
        self._serving = serving
        self._blobs = blobs
        self._threads = trio.CapacityLimiter(GIVEN_AT_ONCE)
        self._turns = trio.CapacityLimiter(GIVEN_AT_ONCE)

    async def serve(self, wire: Wire) -> None:
        """Serve the channels that a peer opens, until the wire ends (`WireClosed`)."""
        mine = trio.CapacityLimiter(GIVEN_AT_ONCE_TO_ONE)
        async with trio.open_nursery() as nursery:
            while True:
                nursery.start_soon(self._one, await wire.accept(), wire.peer, mine)

    async def _one(self, channel: Channel, peer: Did, mine: trio.CapacityLimiter) -> None:
        try:
            async with mine, self._turns:
                await self._give(channel, peer)
        except NotUnderstood as fault:
            channel.reset(str(fault))
        except LocalFault as fault:
            channel.reset(fault.message)
        except ChannelClosed:
            pass
        finally:
            await channel.aclose()

    async def _give(self, channel: Channel, peer: Did) -> None:
        sort, _, name = channel.purpose.partition("/")
        if f"{sort}/" not in {GIT, BLOB} or len(name) != _ID_HEX or not name.isalnum():
            raise NotUnderstood("this node serves git/<stream> and blob/<stream>")
        try:
            stream = StreamId(bytes.fromhex(name))
        except ValueError:
            raise NotUnderstood("a stream's id is 64 hex digits") from None
        held = self._index.held(stream)
        if held is None or not (held.public or self._index.may_read(stream, peer)):
            await say(channel, Answer(refused="there is no such repository here"))
        elif f"{sort}/" == GIT:
            await self._give_objects(channel, stream)
        else:
            await self._give_blob(channel, stream)

    async def _give_objects(self, channel: Channel, stream: StreamId) -> None:
        asked, _ = await hear(channel, AskObjects)
        served = await self._in_thread(partial(self._serving.open, stream))
        try:
            wants = [want.hex() for want in asked.wants]
            if gone := await self._in_thread(partial(served.missing, wants)):
                await say(channel, Answer(refused=f"{min(gone)} is not here"))
                return
            pack = await self._in_thread(partial(_chosen, served, wants, [have.hex() for have in asked.haves]))
            await say(channel, Answer(size=pack.size or 0))
            pieces = pack.chunks()
            while piece := await self._in_thread(partial(_piece, pieces)):
                await channel.send_all(piece)
            await channel.send_eof()
        finally:
            await self._in_thread(served.close)

    async def _give_blob(self, channel: Channel, stream: StreamId) -> None:
        asked, _ = await hear(channel, AskBlob)
        size = self._blobs.size(asked.name)
        if size is None or not self._index.have(stream, GitObject(asked.name, blob=True)) or asked.offset > size:
            await say(channel, Answer(refused="there is no such blob here"))
            return
        file: BinaryIO = await self._in_thread(partial(self._blobs.open, asked.name))
        try:
            await say(channel, Answer(size=size))
            await self._in_thread(partial(file.seek, asked.offset))
            while piece := await self._in_thread(partial(file.read, PIECE_BYTES)):
                await channel.send_all(piece)
            await channel.send_eof()
        finally:
            file.close()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await trio.to_thread.run_sync(work, limiter=self._threads)


def _chosen(served: ServedRepo, wants: list[str], haves: list[str]) -> OutgoingPack:
    common = tuple(have for have in haves if served.has(have))
    request = PackRequest(tuple(wants), common, thin=False, ofs_delta=True)
    return served.pack(request, lambda _: None)


def _piece(chunks: Iterator[bytes | memoryview]) -> bytes:
    """The next bytes of a pack, several chunks at once where these are small; nothing at its end."""
    found: list[bytes] = []
    size = 0
    for chunk in islice(chunks, 1_024):
        found.append(bytes(chunk))
        size += len(chunk)
        if size >= PIECE_BYTES:
            break
    return b"".join(found)
