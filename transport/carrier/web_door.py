"""WebSockets of peers in an HTTP worker, as plain ASGI: bytes are passed on to the node's main process, unread.

This one file runs on asyncio, beside the HTTP application; `relay.py` is the other end of its socket.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, final

from transport.carrier.relay import preface
from transport.carrier.websocket import MESSAGE_BYTES_MAX, SUBPROTOCOL

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, MutableMapping
    from pathlib import Path

    Message = MutableMapping[str, Any]
    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

PEER_PATH: Final = "/peer"
RELAYED_MAX: Final = 64
RELAYED_PER_ADDRESS_MAX: Final = 16
"""WebSockets of one worker; the main process has its own limits on top.

The server holds a message until it is whole, up to 64 MiB, and can be told no other bound: so this bounds what
strangers can make it hold. Whoever sends such a message to its end is hung up on.
"""
RETRY_AFTER_S: Final = 2
_TRY_LATER: Final = 1013
_AWAY: Final = b"this node takes no peers just now; try again soon\n"
_FULL: Final = b"this node has as many peers as it takes; try again soon\n"
_PROTOCOL_ERROR: Final = 1002
_GOING_AWAY: Final = 1001
_TOO_BIG: Final = 1009


def _is_of_a_page(scope: Scope) -> bool:
    """Whether a browser asks, which says for what page whenever it does.

    A page of anybody's could make keys, speak the protocol, and be a peer of what only its reader's machine reaches.
    """
    return any(name == b"origin" for name, _ in scope.get("headers", ()))


def _client(scope: Scope) -> str:
    return str((scope.get("client") or ("unknown", 0))[0])


@final
class WebDoor:
    """An ASGI application for scopes of type `websocket` at `PEER_PATH`. `path` is where the carrier's relay listens.

    `host_of` says whose connection a scope is, as proxies that are trusted say.
    """

    def __init__(self, path: Path, host_of: Callable[[Scope], str] = _client) -> None:
        self._path = path
        self._host_of = host_of
        self._open = Counter[str]()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        is_peer = scope["path"] == PEER_PATH and SUBPROTOCOL in scope.get("subprotocols", ())
        if not is_peer or _is_of_a_page(scope):
            await send({"type": "websocket.close", "code": _PROTOCOL_ERROR})
            return
        host = self._host_of(scope)
        if self._open.total() >= RELAYED_MAX or self._open[host] >= RELAYED_PER_ADDRESS_MAX:
            await try_later(scope, send, _FULL)
            return
        self._open[host] += 1
        try:
            await self._relay(scope, host, receive, send)
        finally:
            self._open[host] -= 1
            self._open += Counter()  # forgets who has none

    async def _relay(self, scope: Scope, host: str, receive: Receive, send: Send) -> None:
        try:
            reader, writer = await asyncio.open_unix_connection(self._path, limit=MESSAGE_BYTES_MAX)
        except OSError:  # the node starts, stops, or takes no peers
            await try_later(scope, send, _AWAY)
            return
        try:
            writer.write(preface(host, (scope.get("client") or ("", 0))[1]))
            await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL})
            ways = {asyncio.ensure_future(_inwards(receive, writer)), asyncio.ensure_future(_outwards(reader, send))}
            try:
                ended, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
            with suppress(Exception):  # whatever the server says to a client that is gone
                await send({"type": "websocket.close", "code": _code_of(ended)})
        finally:
            writer.close()  # the client's last words are still passed on


async def try_later(scope: Scope, send: Send, words: bytes = _AWAY) -> None:
    """Answer a WebSocket's request with 503, where the server lets an application say so; else with what it says."""
    if "websocket.http.response" not in scope.get("extensions", ()):
        await send({"type": "websocket.close", "code": _TRY_LATER})
        return
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(words)),
        (b"retry-after", b"%d" % RETRY_AFTER_S),
    ]
    await send({"type": "websocket.http.response.start", "status": 503, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": words})


def _code_of(ended: Iterable[asyncio.Future[int]]) -> int:
    """What a client is told that is hung up on."""
    codes = [each.result() for each in ended if each.exception() is None]
    return next((code for code in codes if code != _GOING_AWAY), _GOING_AWAY)


async def _inwards(receive: Receive, writer: asyncio.StreamWriter) -> int:
    """From the client to the node, until the client leaves, or sends text or what no peer sends at once; a code why."""
    while (message := await receive())["type"] == "websocket.receive":
        data = message.get("bytes")
        if not data:
            break
        if len(data) > MESSAGE_BYTES_MAX:
            return _TOO_BIG
        writer.write(data)
        await writer.drain()
    return _GOING_AWAY


async def _outwards(reader: asyncio.StreamReader, send: Send) -> int:
    """From the node to the client, until the node hangs up."""
    while data := await reader.read(MESSAGE_BYTES_MAX):
        await send({"type": "websocket.send", "bytes": data})
    return _GOING_AWAY
