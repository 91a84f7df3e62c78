"""An HTTP worker with nothing but peers' WebSockets: `python -m tests.transport.carrier.web_worker RELAY`."""

from __future__ import annotations

import asyncio
import socket
import sys
from pathlib import Path
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from transport.carrier.web_door import WebDoor


async def main() -> None:
    door = WebDoor(Path(sys.argv[1]))

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await door(scope, receive, send)
        else:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"a web page"})

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Server(
        app,
        address="127.0.0.1",
        port=port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        websockets=True,
        log_enabled=False,
    )
    print(port, flush=True)
    await server.serve()


if __name__ == "__main__":
    asyncio.run(main())
