"""The few things of ASGI 3 that git needs: a body that may be gzipped, and an answer that may be streamed."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, final

from domain.errors import InvalidInput

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

Headers = tuple[tuple[bytes, bytes], ...]

NO_CACHE: Final[Headers] = (
    (b"expires", b"Fri, 01 Jan 1980 00:00:00 GMT"),
    (b"pragma", b"no-cache"),
    (b"cache-control", b"private, no-cache, max-age=0, must-revalidate"),
)
_PIECE_BYTES_MAX: Final = 64 * 1024
_GZIP_WINDOW: Final = 31


class ClientGone(Exception):
    """The client hung up."""


@final
class Body:
    """A request's body, inflated in bounded pieces."""

    def __init__(self, receive: Receive, encoding: str, *, stall_s: float) -> None:
        if encoding not in {"", "identity", "gzip", "x-gzip"}:
            raise InvalidInput(f"bodies may be gzipped or plain, not {encoding[:40]!r}")
        self._receive = receive
        self._stall_s = stall_s
        self._gzip = zlib.decompressobj(_GZIP_WINDOW) if encoding.endswith("gzip") else None
        self._raw = b""
        self._ended = False

    async def read(self) -> bytes:
        """Some bytes, or none at the end. Raises `ClientGone` if the client does not finish, or not in time."""
        while True:
            if self._raw:
                piece = self._take()
                if piece:
                    return piece
            elif not self._ended:
                await self._next()
            elif self._gzip is not None and not self._gzip.eof:
                raise InvalidInput("the gzipped body is cut off")
            else:
                return b""

    async def drain(self, *, bytes_max: int) -> None:
        """Let the client finish sending what nobody will read: most read no answer before they have."""
        self._gzip = None
        count = len(self._raw)
        self._raw = b""
        while not self._ended and count <= bytes_max:
            await self._next()
            count += len(self._raw)
            self._raw = b""

    async def _next(self) -> None:
        try:
            async with asyncio.timeout(self._stall_s):
                message = await self._receive()
        except TimeoutError:
            raise ClientGone from None
        if message["type"] == "http.disconnect":
            raise ClientGone
        self._raw = message.get("body", b"")
        self._ended = not message.get("more_body", False)

    def _take(self) -> bytes:
        if self._gzip is None:
            piece, self._raw = self._raw, b""
            return piece
        if self._gzip.eof:
            raise InvalidInput("there are bytes behind the end of the gzipped body")
        try:
            piece = self._gzip.decompress(self._raw, _PIECE_BYTES_MAX)
        except zlib.error:
            raise InvalidInput("the body says that it is gzipped, and is not") from None
        self._raw = self._gzip.unconsumed_tail or self._gzip.unused_data
        return piece


@final
class Reply:
    """The answer to one request."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False

    async def start(self, content_type: str, *, status: int = 200, headers: Headers = NO_CACHE) -> None:
        self.started = True
        await self._send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [(b"content-type", content_type.encode()), *headers],
            }
        )

    async def write(self, data: bytes) -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self, data: bytes = b"") -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": False})

    async def whole(self, content_type: str, data: bytes, *, status: int = 200, headers: Headers = NO_CACHE) -> None:
        length = (b"content-length", str(len(data)).encode())
        await self.start(content_type, status=status, headers=(*headers, length))
        await self.end(data)

    async def text(self, status: int, text: str, *headers: tuple[bytes, bytes]) -> None:
        """A sentence for a person; git shows it behind `remote:`."""
        await self.whole(
            "text/plain; charset=utf-8", f"{text}\n".encode(), status=status, headers=(*NO_CACHE, *headers)
        )
