"""The dialling side of a WebSocket: a stream of bytes through somebody's HTTP port.

Nothing in it is trusted: the same mutual TLS as everywhere runs inside, so a proxy on the way sees what a router sees.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

import trio
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Ping,
    RejectConnection,
    Request,
    TextMessage,
)
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from transport.carrier.seam import Why, WireClosed

if TYPE_CHECKING:
    from wsproto.events import Event

    from transport.carrier.address import Web

SUBPROTOCOL: Final = "gitant.peer.1"
MESSAGE_BYTES_MAX: Final = 64 << 10
"""What goes into one message: whoever relays it holds it whole."""
_CHUNK_BYTES: Final = 64 << 10
_ANSWER_BYTES_MAX: Final = 64 << 10
_TRY_LATER: Final = 503


async def upgraded(stream: trio.abc.Stream, place: Web) -> WebSocketStream:
    """Ask the HTTP server at the other end of `stream` for a WebSocket; raises `WireClosed` if it gives none."""
    protocol = WSConnection(ConnectionType.CLIENT)
    host = str(place).partition("://")[2].partition("/")[0]
    await stream.send_all(protocol.send(Request(host=host, target=place.path, subprotocols=[SUBPROTOCOL])))
    received = 0
    while True:
        data = bytes(await stream.receive_some(_CHUNK_BYTES))
        received += len(data)
        if not data or received > _ANSWER_BYTES_MAX:
            raise WireClosed(Why.UNREACHABLE, f"{place} gives no proper answer")
        try:
            protocol.receive_data(data)
            answer = next(iter(protocol.events()), None)
        except RemoteProtocolError as fault:
            raise WireClosed(Why.UNREACHABLE, f"{place} answers with something that is no HTTP") from fault
        if isinstance(answer, RejectConnection) and answer.status_code == _TRY_LATER:
            raise WireClosed(Why.UNREACHABLE, f"{place} takes no peers just now")
        if isinstance(answer, RejectConnection):
            raise WireClosed(Why.UNREACHABLE, f"{place} answers {answer.status_code}: no peers are taken there")
        if isinstance(answer, AcceptConnection):
            if answer.subprotocol != SUBPROTOCOL:
                raise WireClosed(Why.UNREACHABLE, f"{place} takes WebSockets, but not for peers")
            return WebSocketStream(stream, protocol)


@final
class WebSocketStream(trio.abc.Stream):
    """The bytes of the messages, wherever they are cut."""

    def __init__(self, stream: trio.abc.Stream, protocol: WSConnection) -> None:
        self._stream = stream
        self._protocol = protocol
        self._pongs = b""
        """Answers to pings go along with what is sent next: a reader that sends could wait for ever."""

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send as messages of bytes."""
        parts = [self._pongs]
        self._pongs = b""
        try:
            parts += [
                self._protocol.send(BytesMessage(bytes(data[start : start + MESSAGE_BYTES_MAX])))
                for start in range(0, len(data), MESSAGE_BYTES_MAX)
            ]
        except LocalProtocolError as fault:
            raise trio.BrokenResourceError("the WebSocket is closed") from fault
        await self._stream.send_all(b"".join(parts))

    async def wait_send_all_might_not_block(self) -> None:
        """Wait until the stream below takes more."""
        await self._stream.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """The bytes that came; `b""` when the other side closed."""
        while True:
            data = bytes(await self._stream.receive_some(max_bytes or _CHUNK_BYTES))
            try:
                self._protocol.receive_data(data or None)
                parts = [part for event in self._protocol.events() if (part := self._part(event)) is not None]
            except RemoteProtocolError as fault:
                raise trio.BrokenResourceError("the other side breaks WebSocket's rules") from fault
            if found := b"".join(parts):
                return found
            if not data or b"" in parts:
                return b""

    async def aclose(self) -> None:
        """Close the stream below; whoever is at the other end knows why from inside."""
        await self._stream.aclose()

    def _part(self, event: Event) -> bytes | None:
        """An event's bytes; empty for the end, None for those that have none."""
        if isinstance(event, BytesMessage):
            return bytes(event.data) or None
        if isinstance(event, CloseConnection):
            return b""
        if isinstance(event, TextMessage):
            raise trio.BrokenResourceError("the other side sends text")
        if isinstance(event, Ping) and len(self._pongs) < _CHUNK_BYTES:
            self._pongs += self._protocol.send(event.response())
        return None
