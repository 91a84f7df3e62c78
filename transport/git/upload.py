"""Serve what git clients fetch: requests are read here, worked out in threads, and sent as fast as each client reads.

A client has a place among those served from its whole request on to the end of its answer. A thread works for it only
while objects are chosen and while the next piece of the pack is made: one that reads slowly, or not at all, holds two
pieces in memory and no thread (`pace.py` says how long).
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final, final

from domain.errors import LocalFault, TooLarge, Unavailable
from transport.git.advertise import UPLOAD, advertisement
from transport.git.answer import Answer
from transport.git.asgi import ClientGone
from transport.git.job import Job
from transport.git.limits import BAND_BYTES_MAX
from transport.git.listing import Listings
from transport.git.moving import Moving
from transport.git.outflow import Words
from transport.git.pace import Watch
from transport.git.pktline import FATAL, band, pkt
from transport.git.sending import Sending
from transport.git.turns import Turns
from transport.git.v2 import capabilities

if TYPE_CHECKING:
    from domain.ports_git import RepoAddress
    from domain.ports_serving import ServingStore
    from transport.git.asgi import Body, Receive, Reply
    from transport.git.limits import GitLimits
    from transport.git.moving import Share
    from transport.git.outflow import Outflow

_BROKEN: Final = "this node failed to make the pack; its log says why"
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
        self._watch = Watch(limits, self._places)
        self._moving = Moving(limits)
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
            out = Sending(reply, words, self._watch)
            job = Job(partial(self._opened, repo, words), self._limits.small_bytes_max)
            try:
                await self._answer(job, version, data, out)
            finally:
                if not job.closed:
                    await asyncio.shield(self._asking.run(job.close))
                words.abort()
                watch.cancel()

    def _opened(self, repo: RepoAddress, words: Words) -> Answer:
        return Answer(repo.id, repo.default_branch, self._serving.open(repo.id), self._listings, words, repo.notice)

    async def _answer(self, job: Job, version: int, data: bytes, out: Sending) -> None:
        try:
            if version == 2 and _FETCH not in data[:_COMMAND_BYTES]:
                found = await out.while_working(self._asking.run(job.begin, version, data), job)
            else:
                async with self._choosing.turn():
                    found = await out.while_working(self._choosing.run(job.begin, version, data), job)
            if isinstance(found, bytes):
                await out.end(found)
            else:
                await self._stream(found, out, job.end)
        except LocalFault as fault:
            if not job.opened:
                raise
            text = " ".join(filter(None, [fault.message, fault.hint]))
            await out.end(_last_words(text, banded=job.banded))
        except (ClientGone, asyncio.CancelledError):
            raise
        except Exception:
            # The client must not take the cut for the end of a short pack.
            if job.opened and (job.banded or not out.begun):
                await out.write(_last_words(_BROKEN, banded=job.banded))
            raise

    async def _stream(self, flow: Outflow, out: Sending, end: bytes) -> None:
        """Send pieces as fast as they are taken, in turn with all others who are sent some; the `end` with the last.

        What the server has taken and not yet sent is as much as the next pull brings, so nothing is made ahead here.
        """
        with self._moving.share() as share:
            while True:
                pieces = await self._next(flow, share)
                if flow.ended:
                    break
                for piece in pieces:
                    share.taken(len(piece), await out.write(piece))
            for piece in pieces[:-1]:
                await out.write(piece)
        await out.end(pieces[-1] + end)

    async def _next(self, flow: Outflow, share: Share) -> list[bytes]:
        async with self._moving.turn():
            pulling = self._places.run(flow.pull, share.bytes, share.piece_bytes)
            try:
                await asyncio.wait({pulling})
            except asyncio.CancelledError:
                await asyncio.wait({pulling})  # nobody may close what a thread still reads
                pulling.exception()  # nobody asks for it any more
                raise
            return pulling.result()

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


def _last_words(text: str, *, banded: bool) -> bytes:
    """Why no pack comes, in the form that a client understands at this point."""
    return band(FATAL, f"{text}\n".encode()) if banded else pkt(f"ERR {text}\n".encode()[:BAND_BYTES_MAX])


async def _hang_up(receive: Receive, words: Words) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    words.abort()
