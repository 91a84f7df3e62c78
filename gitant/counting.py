"""Counts git's requests beside the API's, by route template only."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from api.routes.system import TALLY

if TYPE_CHECKING:
    from litestar import Litestar

    from api.tally import Tally
    from gitant.asgi import ASGIApp, Message, Receive, Scope, Send

_SERVICES: Final = ("/info/refs", "/git-upload-pack", "/git-receive-pack")


def counted(app: ASGIApp, tally: Tally) -> ASGIApp:
    """`app` with each of its requests recorded when it ends."""

    async def counting(scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        status = 500
        received = sent = 0

        async def receiving() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            return message

        async def sending(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                sent += len(message.get("body", b""))
            await send(message)

        try:
            await app(scope, receiving, sending)
        finally:
            took_s = time.perf_counter() - began
            tally.record(scope["method"], template(scope["path"]), status, took_s, received, sent)

    return counting


def template(path: str) -> str:
    """The route that a git path belongs to; empty for none, so that nobody's names become labels."""
    service = next((each for each in _SERVICES if path.endswith(f".git{each}")), None)
    if service is None:
        return ""
    address = path.removesuffix(f".git{service}").strip("/")
    return f"/{{owner}}/{{name}}.git{service}" if "/" in address else f"/{{id}}.git{service}"


def tally_of(api: Litestar) -> Tally:
    """The counts that an API application keeps."""
    found: Tally = api.state[TALLY]
    return found
