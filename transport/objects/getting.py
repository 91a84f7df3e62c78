"""Getting objects and blobs from a peer: into a quarantine that is checked like any push, and by their hash.

A blob that is cut off goes on where it ended, with the same peer or another. Nothing of what comes is trusted.
"""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar, final

import structlog
import trio

from domain.errors import LocalFault
from domain.ports_git import PackRefused
from transport.carrier.seam import ChannelClosed, WireClosed
from transport.objects.messages import BLOB, GIT, HAVES_MAX, Answer, AskBlob, AskObjects, NotUnderstood, hear, say

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from domain.ids import StreamId
    from domain.ports_blobs import Blobs
    from domain.ports_git import GitStore, Quarantine
    from domain.ports_replication import GitObject
    from transport.carrier.seam import Channel, Wire

    Publish = Callable[[StreamId, str | None], Awaitable[None]]

T = TypeVar("T")
FEED_BYTES: Final = 1 << 20
QUIET_S: Final = 60.0
"""A peer that sends nothing of a transfer for so long is left for another."""
_log = structlog.get_logger("gitant.network")


class NotGot(Exception):
    """Why a transfer came to nothing, in a sentence."""


@final
class Getter:
    """Gets what events need. `publish(stream, quarantine)` has the writer put objects in place and move refs."""

    def __init__(self, store: GitStore, blobs: Blobs, partial_dir: Path, blob_bytes_max: int, publish: Publish) -> None:
        self._store = store
        self._blobs = blobs
        self._partial = partial_dir
        self._blob_bytes_max = blob_bytes_max
        self._publish = publish
        self._busy: dict[StreamId, trio.Lock] = {}

    async def fetch(self, wire: Wire, stream: StreamId, objects: Sequence[GitObject]) -> bool:
        """Get objects of a stream from the peer at the other end; whether all of them are here now."""
        git = [each.name for each in objects if not each.blob]
        blobs = [each.name for each in objects if each.blob]
        lock = self._busy.setdefault(stream, trio.Lock())
        try:
            async with lock:
                if git:
                    await self._get_objects(wire, stream, git)
                for name in blobs:
                    await self._get_blob(wire, stream, name)
        except (NotGot, NotUnderstood, ChannelClosed, WireClosed, LocalFault, PackRefused) as fault:
            words = fault.message if isinstance(fault, LocalFault) else str(fault)
            _log.info("objects could not be got from a peer", peer=wire.peer, stream=stream.hex(), why=words)
            return False
        finally:
            if not lock.statistics().tasks_waiting and not lock.locked():
                self._busy.pop(stream, None)
        return True

    # --- git ------------------------------------------------------------------------------------

    async def _get_objects(self, wire: Wire, stream: StreamId, names: list[bytes]) -> None:
        oids = [name.hex() for name in names]
        here = await _in_thread(partial(self._store.kinds, stream, oids))
        wanted = [oid for oid in oids if oid not in here]
        quarantine = None
        if wanted:
            quarantine = await self._receive(wire, stream, wanted)
        try:
            await self._publish(stream, quarantine.token if quarantine is not None else None)
        finally:
            if quarantine is not None:
                await _in_thread(quarantine.discard)

    async def _receive(self, wire: Wire, stream: StreamId, wanted: list[str]) -> Quarantine:
        refs = await _in_thread(partial(self._store.refs, stream))
        haves = sorted(set(refs.values()))[:HAVES_MAX]
        quarantine = await _in_thread(partial(self._store.quarantine, stream, hasty=True))
        channel = await wire.open(f"{GIT}{stream.hex()}")
        try:
            ask = AskObjects([bytes.fromhex(oid) for oid in wanted], [bytes.fromhex(oid) for oid in haves])
            await say(channel, ask)
            answer, rest = await _timely(partial(hear, channel, Answer))
            if answer.refused:
                raise NotGot(answer.refused)
            await _pour(channel, rest, quarantine.feed)
            await _in_thread(partial(quarantine.finish, wanted))
        except BaseException:
            with trio.CancelScope(shield=True):
                await _in_thread(quarantine.discard)
            raise
        finally:
            await channel.aclose()
        return quarantine

    # --- blobs ----------------------------------------------------------------------------------

    async def _get_blob(self, wire: Wire, stream: StreamId, name: bytes) -> None:
        if self._blobs.size(name) is not None:
            return
        self._partial.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._partial / name.hex()
        channel = await wire.open(f"{BLOB}{stream.hex()}")
        try:
            offset = path.stat().st_size if path.exists() else 0
            await say(channel, AskBlob(name, offset))
            answer, rest = await _timely(partial(hear, channel, Answer))
            if answer.refused:
                raise NotGot(answer.refused)
            if answer.size > self._blob_bytes_max:
                raise NotGot(f"a blob of {answer.size:,} bytes, and this node takes {self._blob_bytes_max:,}")
            with path.open("ab") as file:
                left = _Bounded(file.write, answer.size - offset)
                await _pour(channel, rest, left.feed)
        finally:
            await channel.aclose()
        await _in_thread(partial(self._keep, path, name, answer.size))

    def _keep(self, path: Path, name: bytes, size: int) -> None:
        """Check a whole blob and keep it; one that is wrong is begun again from nothing."""
        if path.stat().st_size < size:
            raise NotGot("the peer ended before the blob did")
        with path.open("rb") as file:
            right = hashlib.file_digest(file, "sha256").digest() == name
            if right:
                file.seek(0)
                draft = self._blobs.draft(size)
                try:
                    while piece := file.read(FEED_BYTES):
                        draft.feed(piece)
                    draft.finish()
                except BaseException:
                    draft.discard()
                    raise
        path.unlink()
        if not right:
            raise NotGot("the peer's bytes are not those of the blob")


@final
class _Bounded:
    def __init__(self, feed: Callable[[bytes], object], left: int) -> None:
        self._feed = feed
        self._left = left

    def feed(self, data: bytes) -> None:
        if len(data) > self._left:
            raise NotGot("the peer sends more than the blob has")
        self._left -= len(data)
        self._feed(data)


async def _pour(channel: Channel, first: bytes, feed: Callable[[bytes], object]) -> None:
    """Feed all that comes to the channel's end, in pieces large enough for a thread to be worth it."""
    held = bytearray(first)
    while True:
        data = await _timely(channel.receive_some)
        held += data
        if held and (not data or len(held) >= FEED_BYTES):
            await _in_thread(partial(feed, bytes(held)))
            held.clear()
        if not data:
            return


async def _timely(work: Callable[[], Awaitable[T]]) -> T:
    with trio.move_on_after(QUIET_S):
        return await work()
    raise NotGot(f"the peer sent nothing for {QUIET_S:.0f} s")


async def _in_thread(work: Callable[[], T]) -> T:
    return await trio.to_thread.run_sync(work)
