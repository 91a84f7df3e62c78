"""Serve what git clients fetch: requests are read here, worked out in threads, and sent as fast as each client reads.

A client has a place among those served from its whole request on to the end of its answer. A thread works for it only
while objects are chosen and while the next piece of the pack is made: one that reads slowly, or not at all, holds two
pieces in memory and no thread (`pace.py` says how long).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, final

from domain.errors import LocalFault, TooLarge, Unavailable
from transport.git.advertise import UPLOAD, advertisement
from transport.git.answer import Answer
from transport.git.asgi import ClientGone
from transport.git.limits import BAND_BYTES_MAX
from transport.git.listing import Listings
from transport.git.outflow import Outflow, Words
from transport.git.pace import Pace
from transport.git.pktline import DATA, FATAL, FLUSH, band, pkt
from transport.git.turns import Turns
from transport.git.v2 import capabilities

if TYPE_CHECKING:
    from domain.ports_git import RepoAddress
    from domain.ports_serving import OutgoingPack, ServingStore
    from transport.git.asgi import Body, Receive, Reply
    from transport.git.limits import GitLimits

CONTENT_TYPE: Final = "application/x-git-upload-pack-result"
_QUICK_S: Final = 0.2
"""Who takes a piece within this time gets larger ones."""
_BROKEN: Final = "this node failed to make the pack; its log says why"
_BUFFERS_BYTES: Final = 8 << 20
_PATIENCE_S: Final = 0.1
"""What is ready sooner goes out at once and in one piece: two small ones would have the second wait for the network."""
_FETCH: Final = b"command=fetch"
_COMMAND_BYTES: Final = 256


@final
class Uploader:
    """Serves the fetches of one worker process."""

    def __init__(self, serving: ServingStore, limits: GitLimits, agent: str) -> None:
        self._serving = serving
        self._limits = limits
        self._agent = agent
        waiting = limits.waiting_max
        self._places = Turns("fetching", at_once_max=limits.uploads_max, waiting_max=waiting, threads_max=2)
        # Apart from those, so that short questions do not stand in line behind the pieces of large answers.
        self._asking = Turns("asking", at_once_max=limits.uploads_max, waiting_max=waiting, threads_max=4)
        self._choosing = Turns(
            "choosing", at_once_max=limits.choosing_max, waiting_max=limits.uploads_max, threads_max=limits.choosing_max
        )
        self._listings = Listings(limits.listings_bytes_max)
        self._large_requests = 0

    async def advertised(self, service: str, repo: RepoAddress, version: int) -> bytes:
        """The body of `GET info/refs`; of protocol v2 it says nothing of the repository."""
        if version == 2 and service == UPLOAD:
            return capabilities(self._agent)
        return await self._asking.run(self._advertised, service, repo, version)

    def _advertised(self, service: str, repo: RepoAddress, version: int) -> bytes:
        served = self._serving.open(repo.id)
        try:
            listing = self._listings.of(repo.id, repo.default_branch, served)
            return advertisement(service, listing, agent=self._agent, version=version)
        finally:
            served.close()

    async def upload(self, repo: RepoAddress, version: int, body: Body, receive: Receive, reply: Reply) -> None:
        """Answer one POST."""
        data = await self._whole(body)
        async with self._places.turn():
            words = Words(asyncio.get_running_loop())
            watch = asyncio.ensure_future(_hang_up(receive, words))
            out = _Sending(reply, Pace(self._limits, self._places), words, self._limits)
            try:
                answer = await self._asking.run(self._opened, repo, words)
                try:
                    await self._answer(answer, version, data, out)
                finally:
                    await asyncio.shield(self._asking.run(answer.close))
            finally:
                words.abort()
                watch.cancel()

    def _opened(self, repo: RepoAddress, words: Words) -> Answer:
        return Answer(repo.id, repo.default_branch, self._serving.open(repo.id), self._listings, words, repo.notice)

    async def _answer(self, answer: Answer, version: int, data: bytes, out: _Sending) -> None:
        try:
            if version == 2 and _FETCH not in data[:_COMMAND_BYTES]:
                pack = await out.while_working(self._asking.run(answer.begin, version, data), answer)
            else:
                async with self._choosing.turn():
                    pack = await out.while_working(self._choosing.run(answer.begin, version, data), answer)
            if pack is None:
                await out.end(b"")
            else:
                await self._stream(Outflow(pack, banded=answer.banded), out, FLUSH if answer.banded else b"")
        except LocalFault as fault:
            text = " ".join(filter(None, [fault.message, fault.hint]))
            await out.end(_last_words(text, banded=answer.banded))
        except (ClientGone, asyncio.CancelledError):
            raise
        except Exception:
            # The client must not take the cut for the end of a short pack.
            if answer.banded or not out.begun:
                await out.write(_last_words(_BROKEN, banded=answer.banded))
            raise

    async def _stream(self, flow: Outflow, out: _Sending, end: bytes) -> None:
        """Send a piece while the next is made, and the `end` with the last."""
        pulling = self._places.run(flow.pull, out.piece_bytes)
        try:
            while True:
                piece = await asyncio.shield(pulling)
                if flow.ended:
                    break
                pulling = self._places.run(flow.pull, out.piece_bytes)
                await out.write(piece)
        finally:
            await asyncio.wait({pulling})  # nobody may close what a thread still reads
            pulling.exception()
        await out.end(piece + end)

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


@final
class _Sending:
    """An answer on its way out, begun when there is something to say."""

    def __init__(self, reply: Reply, pace: Pace, words: Words, limits: GitLimits) -> None:
        self._reply = reply
        self._pace = pace
        self._words = words
        self._keepalive_s = limits.keepalive_s
        self._pieces_max = max(1, limits.piece_bytes_max // BAND_BYTES_MAX)
        self._pieces = 1
        self._sent_bytes = 0

    @property
    def begun(self) -> bool:
        return self._reply.started

    @property
    def piece_bytes(self) -> int:
        """How much of the pack to send next: a packet, or some to a client that is known to take them fast."""
        return self._pieces * BAND_BYTES_MAX

    async def while_working(self, work: asyncio.Future[OutgoingPack | None], answer: Answer) -> OutgoingPack | None:
        """Wait for `work`; if that takes a while, pass on what it says, and at least that it is at work."""
        quiet_s = 0.0
        try:
            while not (await asyncio.wait({work}, timeout=_PATIENCE_S))[0]:
                quiet_s += _PATIENCE_S
                data = self._words.take()
                if not data and answer.banded and quiet_s >= self._keepalive_s:
                    data = band(DATA, b"")
                if data:
                    quiet_s = 0.0
                    await self.write(data)
        finally:
            await asyncio.wait({work})
        return work.result()

    async def write(self, data: bytes) -> None:
        """Send a piece; raises `ClientGone` if the client hung up or takes too long."""
        data = self._words.take() + data
        if not self._reply.started:
            await self._reply.start(CONTENT_TYPE)
        quick = await self._pace.write(self._reply, data) < _QUICK_S
        self._sent_bytes += len(data)
        # The first bytes go into buffers on the way, whether or not the client reads any.
        self._pieces = self._pieces_max if quick and self._sent_bytes > _BUFFERS_BYTES else 1

    async def end(self, data: bytes) -> None:
        """Send the last piece; what has no other is sent whole, with its length."""
        data = self._words.take() + data
        if self._reply.started:
            await self._pace.end(self._reply, data)
        else:
            await self._reply.whole(CONTENT_TYPE, data)


def _last_words(text: str, *, banded: bool) -> bytes:
    """Why no pack comes, in the form that a client understands at this point."""
    return band(FATAL, f"{text}\n".encode()) if banded else pkt(f"ERR {text}\n".encode()[:BAND_BYTES_MAX])


async def _hang_up(receive: Receive, words: Words) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    words.abort()
