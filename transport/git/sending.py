"""One answer to a fetch on its way out, begun when there is something to say."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, TypeVar, final

from transport.git.pace import Pace
from transport.git.pktline import PROGRESS, band

if TYPE_CHECKING:
    from transport.git.asgi import Reply
    from transport.git.job import Job
    from transport.git.outflow import Words
    from transport.git.pace import Watch

T = TypeVar("T")
CONTENT_TYPE: Final = "application/x-git-upload-pack-result"
_PATIENCE_S: Final = 0.1
"""What is ready sooner goes out at once and in one piece: two small ones would have the second wait for the network."""


@final
class Sending:
    """Words that a thread says go before what is written next."""

    def __init__(self, reply: Reply, words: Words, watch: Watch) -> None:
        self._reply = reply
        self._pace = Pace(watch)
        self._words = words
        self._keepalive_s = watch.limits.keepalive_s

    @property
    def begun(self) -> bool:
        return self._reply.started

    async def while_working(self, work: asyncio.Future[T], job: Job) -> T:
        """Wait for `work`; if that takes a while, pass on what it says, and at least that it is at work."""
        quiet_s = 0.0
        try:
            while not (await asyncio.wait({work}, timeout=_PATIENCE_S))[0]:
                quiet_s += _PATIENCE_S
                data = self._words.take()
                if not data and job.banded and quiet_s >= self._keepalive_s:
                    data = band(PROGRESS, b"")  # before the pack, an empty packet of data would be a line of the answer
                if data:
                    quiet_s = 0.0
                    await self.write(data)
        finally:
            await asyncio.wait({work})
            work.exception()  # nobody else asks for it if the client is gone
        return work.result()

    async def write(self, data: bytes) -> float:
        """Send a piece, and say how many seconds that took; `ClientGone` if the client hung up or takes too long."""
        if words := self._words.take():
            data = words + data
        if not self._reply.started:
            await self._reply.start(CONTENT_TYPE)
        return await self._pace.write(self._reply, data)

    async def end(self, data: bytes) -> None:
        """Send the last piece; what has no other is sent whole, with its length."""
        data = self._words.take() + data
        if self._reply.started:
            await self._pace.end(self._reply, data)
        else:
            await self._reply.whole(CONTENT_TYPE, data)
