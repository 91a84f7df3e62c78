"""Serve a fetch or a clone: the negotiation is ours, the objects and the pack are dulwich's.

dulwich's own handler is not used, because it refuses a plain fetch from a shallow clone, refuses a want that was a
tip when the refs were told and is none any more (a push came between), and takes exponential time on large depths.
Everything that blocks runs in a thread; a pipe of a few pieces is between it and the client.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final, final

from dulwich.object_format import SHA1
from dulwich.object_store import MissingObjectFinder
from dulwich.objects import ObjectID
from dulwich.pack import write_pack_from_container

from domain.errors import InvalidInput, LocalFault, TooLarge, Unavailable
from transport.git.asgi import ClientGone
from transport.git.history import History
from transport.git.limits import BAND_BYTES_MAX
from transport.git.negotiate import DEPTH_INFINITE, acknowledge, parse_fetch
from transport.git.objects import ServedObjects
from transport.git.pace import Pace
from transport.git.pipe import Pipe
from transport.git.pktline import DATA, FATAL, FLUSH, PROGRESS, band, pkt

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from domain.ports_git import AdvertisedRef, GitStore, RepoAddress
    from transport.git.asgi import Body, Receive, Reply
    from transport.git.limits import GitLimits
    from transport.git.negotiate import FetchRequest
    from transport.git.turns import Turns

CONTENT_TYPE: Final = "application/x-git-upload-pack-result"
_REUSE_SHARE: Final = 8
"""To find the deltas it may send as they are, dulwich reads all packs whole; for a few objects that is not worth it."""
_log = logging.getLogger(__name__)


@final
class Uploader:
    """Serves the fetches of one worker process."""

    def __init__(self, store: GitStore, limits: GitLimits, turns: Turns) -> None:
        self._store = store
        self._limits = limits
        self._turns = turns
        self._large_requests = 0

    async def upload(self, repo: RepoAddress, body: Body, receive: Receive, reply: Reply) -> None:
        """Answer one POST."""
        request = parse_fetch(await self._whole(body))
        if request is None:
            await reply.whole(CONTENT_TYPE, b"")
            return
        async with self._turns.turn():
            pipe = Pipe(asyncio.get_running_loop(), chunks_max=self._limits.queued_chunks_max)
            work = self._turns.run(self._serve, repo, request, pipe)
            watch = asyncio.ensure_future(_hang_up(receive, pipe))
            try:
                await reply.start(CONTENT_TYPE)
                pace = Pace(self._limits, self._turns)
                while (chunk := await pipe.read()) is not None:
                    await pace.write(reply, chunk)
                await work
                await reply.end()
            finally:
                pipe.abort()
                watch.cancel()
                await asyncio.wait({work})

    async def _whole(self, body: Body) -> bytes:
        """The request. Of large ones only a few are held at once: anybody may send them, as slowly as they like."""
        content = bytearray()
        large = False
        try:
            while piece := await body.read():
                content += piece
                if len(content) > self._limits.fetch_request_bytes_max:
                    raise TooLarge(f"the request is larger than {self._limits.fetch_request_bytes_max} bytes")
                if len(content) > self._limits.small_request_bytes and not large:
                    if self._large_requests >= self._limits.large_requests_max:
                        raise Unavailable("too many large fetches at once", hint="try again in a moment")
                    self._large_requests += 1
                    large = True
            return bytes(content)
        finally:
            self._large_requests -= large

    def _serve(self, repo: RepoAddress, request: FetchRequest, pipe: Pipe) -> None:
        """In a thread: write the whole answer into the pipe."""
        try:
            refs = self._store.advertised(repo.id)
            answer = _Answer(self._store.path(repo.id), refs, request, pipe, self._limits)
            try:
                answer.write()
            finally:
                answer.close()
        except LocalFault as fault:
            pipe.write(pkt(f"ERR {fault.message}\n".encode()))
        except ClientGone:
            pass
        finally:
            pipe.end()


async def _hang_up(receive: Receive, pipe: Pipe) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    pipe.abort()


@final
class _Answer:
    """One fetch, answered in a thread."""

    def __init__(
        self,
        path: Path,
        refs: Sequence[AdvertisedRef],
        request: FetchRequest,
        pipe: Pipe,
        limits: GitLimits,
    ) -> None:
        self._objects = ServedObjects(path / "objects")
        self._refs = refs
        self._request = request
        self._pipe = pipe
        self._history = History(self._objects, commits_max=limits.walk_commits_max, still_wanted=pipe.still_wanted)

    def close(self) -> None:
        self._objects.close()

    def write(self) -> None:
        request = self._request
        self._check_wants()
        shallow, haves_count = request.shallow, True
        if request.depth is not None:
            shallow, haves_count = self._deepen(request.depth), False
            if request.asks_for_depth_only:
                return
        acks, common, pack_follows = acknowledge(request, self._has, self._enough)
        self._pipe.write(acks)
        if pack_follows:
            # A new depth may ask for what lies below a commit the client has, so all within it is sent.
            self._send_pack(common if haves_count else [], shallow)

    def _check_wants(self) -> None:
        """Only what is a tip or in the past of one is given away."""
        tips = {oid for ref in self._refs for oid in (ref.oid, ref.peeled) if oid is not None}
        others = set(self._request.wants) - tips
        if others and not self._history.reachable(others, (ref.oid for ref in self._refs)):
            raise InvalidInput(f"not our ref {min(others)}")

    def _deepen(self, depth: int) -> frozenset[str]:
        """Tell the client where its history will end now; those commits are returned."""
        ends, above = self._history.cut(self._request.wants, min(depth, DEPTH_INFINITE))
        lines = [f"shallow {oid}" for oid in sorted(ends - self._request.shallow)]
        lines += [f"unshallow {oid}" for oid in sorted(above & self._request.shallow)]
        self._pipe.write(b"".join(pkt(line.encode()) for line in lines) + FLUSH)
        return frozenset(ends)

    def _has(self, oid: str) -> bool:
        self._pipe.still_wanted()
        return ObjectID(oid.encode()) in self._objects

    def _enough(self, common: Sequence[str]) -> bool:
        return self._history.all_meet(self._request.wants, common)

    def _send_pack(self, haves: Sequence[str], shallow: frozenset[str]) -> None:
        out = _Out(self._pipe, self._request.capabilities)
        try:
            edge = self._history.edge(self._request.wants, haves, shallow)
            finder = MissingObjectFinder(
                self._objects,
                haves=[ObjectID(oid.encode()) for oid in edge],
                wants=[ObjectID(oid.encode()) for oid in self._request.wants],
                shallow={ObjectID(oid.encode()) for oid in shallow | edge},
                progress=out.progress,
                get_tagged=self._tags if "include-tag" in self._request.capabilities else None,
            )
            oids = list(finder)
            reuse = len(oids) * _REUSE_SHARE > sum(len(pack) for pack in self._objects.packs)
            write_pack_from_container(out.write, self._objects, oids, SHA1, reuse_deltas=reuse)
        except (ClientGone, LocalFault):
            raise
        except Exception:
            # The client must not take the cut for the end of a short pack.
            out.fatal("this node failed to make the pack; its log says why")
            raise
        out.end()

    def _tags(self) -> dict[ObjectID, ObjectID]:
        """Tags to send along when what they lead to is sent."""
        return {
            ObjectID(ref.peeled.encode()): ObjectID(ref.oid.encode()) for ref in self._refs if ref.peeled is not None
        }


@final
class _Out:
    """Pack bytes and words on their way to the client, in pieces of a packet each."""

    def __init__(self, pipe: Pipe, capabilities: frozenset[str]) -> None:
        self._pipe = pipe
        self._banded = "side-band-64k" in capabilities
        self._talks = self._banded and "no-progress" not in capabilities
        self._waiting = bytearray()

    def write(self, data: bytes) -> None:
        self._waiting += data
        while len(self._waiting) >= BAND_BYTES_MAX:
            self._send(bytes(self._waiting[:BAND_BYTES_MAX]))
            del self._waiting[:BAND_BYTES_MAX]

    def progress(self, text: bytes) -> None:
        self._pipe.still_wanted()
        if self._talks:
            self._pipe.write(band(PROGRESS, text))

    def fatal(self, text: str) -> None:
        if self._banded:
            self._pipe.write(band(FATAL, text.encode()))

    def end(self) -> None:
        if self._waiting:
            self._send(bytes(self._waiting))
        if self._banded:
            self._pipe.write(FLUSH)

    def _send(self, data: bytes) -> None:
        self._pipe.write(band(DATA, data) if self._banded else data)
