"""Lines of the log as server-sent events, for as long as the client stays."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final, final

from litestar.response.base import ASGIResponse

from domain.errors import Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Iterable

    from litestar.types import Receive, Scope, Send

    from api.asking import Asking
    from api.live.feed import Feed, Reader
    from domain.ports_views import LogFilter, LogLine

RETRY_MS: Final = 1_000
"""How long a client is asked to wait before it connects again."""
_BEAT: Final = b": still here\n\n"
_GOODBYE: Final = b": the node is stopping; go on with the last id\n\n"


@final
class EventStream(ASGIResponse):
    """One client's stream; Litestar hands it to the server as it is."""

    def __init__(
        self,
        feed: Feed,
        asking: Asking,
        wanted: LogFilter,
        after: int,
        *,
        fresh: bool,
        seconds: int | None,
    ) -> None:
        """`fresh`: the client does not know `after` yet. `seconds` is when to end at the latest."""
        self._feed = feed
        self._asking = asking
        self._actor = asking.actor
        self._wanted = wanted
        self._after = after
        self._fresh = fresh
        self._seconds = seconds
        self._settings = asking.ports.settings
        self._told = after
        self.status_code = 200

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's three
        with self._feed.reader(self._actor, self._wanted, self._after) as reader:
            self._asking.facts.answered = time.perf_counter()
            headers = [
                (b"content-type", b"text/event-stream"),
                (b"gitant-position", b"%d" % self._after),
                (b"x-accel-buffering", b"no"),
            ]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            if not self._asking.facts.head:
                gone = asyncio.ensure_future(_gone(receive))
                gone.add_done_callback(lambda _: reader.woken.set())
                try:
                    await self._tell(reader, gone, send)
                except TimeoutError:
                    return  # to return before the last piece cuts the connection off
                finally:
                    gone.cancel()
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _tell(self, reader: Reader, gone: asyncio.Future[None], send: Send) -> None:
        known_at = beaten_at = time.monotonic()
        until = None if self._seconds is None else known_at + self._seconds
        beat_s, look_s = self._settings.heartbeat_s, min(self._settings.heartbeat_s, self._settings.credentials_s)
        if self._actor.did is None:
            look_s = beat_s
        # An id without data moves only what the client would send as Last-Event-ID.
        await self._send(send, b"retry: %d\n%b\n" % (RETRY_MS, b"id: %d\n" % self._after if self._fresh else b""))
        while not gone.done():
            # Where there is always something to send, nobody ever waits for a look.
            if time.monotonic() - known_at >= look_s:
                if not await self._is_known():
                    return
                known_at = time.monotonic()
            if lines := self._feed.take(reader):
                await self._send(send, _rendered(lines))
                self._told = lines[-1].position
                continue
            if self._feed.ended:
                await self._send(send, _GOODBYE)
                return
            patience = look_s if until is None else min(look_s, until - time.monotonic())
            if patience <= 0:
                return
            try:
                async with asyncio.timeout(patience):
                    await reader.woken.wait()
            except TimeoutError:
                if not await self._is_known():
                    return
                known_at = time.monotonic()
                if known_at - beaten_at >= beat_s or look_s == beat_s:
                    beaten_at = known_at
                    await self._send(send, self._beat(reader))

    def _beat(self, reader: Reader) -> bytes:
        """A sign of life; where much went by that the client did not want, it need not be looked at again."""
        if (looked_at := self._feed.looked_at(reader)) == self._told:
            return _BEAT
        self._told = looked_at
        return b"%bid: %d\n\n" % (_BEAT[:-1], looked_at)

    async def _is_known(self) -> bool:
        """Whether the asker is who they were: credentials may end before a stream does."""
        try:
            return await self._asking.known_now() == self._actor
        except Unauthenticated:
            return False

    async def _send(self, send: Send, piece: bytes) -> None:
        async with asyncio.timeout(self._settings.stream_stall_s):
            await send({"type": "http.response.body", "body": piece, "more_body": True})


def _rendered(lines: Iterable[LogLine]) -> bytes:
    return b"".join(b"id: %d\ndata: %b\n\n" % (line.position, line.doc) for line in lines)


async def _gone(receive: Receive) -> None:
    """Return when the client has hung up."""
    while (await receive())["type"] != "http.disconnect":
        pass
