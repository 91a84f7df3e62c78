"""A log line for each request, if the node is told to write them."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING, final

from gitant.log import get_logger

if TYPE_CHECKING:
    from gitant.asgi import ASGIApp, Message, Receive, Scope, Send

_log = get_logger("gitant.access")


@final
class AccessLog:
    """The application, with a line for each request that ends. Paths go without their query, which may hold secrets."""

    def __init__(self, app: ASGIApp, which: str) -> None:
        self._app = app
        self.which = which
        """The setting `access_log`; may change at any time."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.which == "off" or scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        seen = _Seen(send)
        began = time.perf_counter()
        try:
            await self._app(scope, receive, seen)
        finally:
            if self.which == "all" or seen.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                _tell(scope, seen, 1000 * (time.perf_counter() - began))


@final
class _Seen:
    """What went out of one answer. Until it has begun, it is a failure."""

    __slots__ = ("_send", "body_bytes", "request_id", "status")

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status: int = HTTPStatus.INTERNAL_SERVER_ERROR
        self.body_bytes = 0
        self.request_id = ""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            found = next((value for name, value in message.get("headers", ()) if name.lower() == b"x-request-id"), b"")
            self.request_id = found.decode("latin-1")
        else:
            self.body_bytes += len(message.get("body", b""))
        await self._send(message)


def _tell(scope: Scope, seen: _Seen, took_ms: float) -> None:
    client = scope.get("client")
    facts: dict[str, object] = {
        "method": scope["method"],
        "path": scope["path"],
        "status": int(seen.status),
        "took_ms": round(took_ms, 1),
        "bytes": seen.body_bytes,
        "client": client[0] if client else "",
    }
    if seen.request_id:
        facts["request_id"] = seen.request_id
    _log.info("request", **facts)
