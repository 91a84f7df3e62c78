"""A real server (Granian) around the git app, in a thread of the test process."""

from __future__ import annotations

import asyncio
import http.client
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from granian.constants import Interfaces
from granian.server.embed import Server

from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Generator

    from transport.git.asgi import ASGIApp

START_TIMEOUT_S = 10.0


@contextmanager
def serving(app: ASGIApp) -> Generator[int]:
    """Serve `app` and yield the port."""
    port = free_port()
    ready = threading.Event()
    holder: list[tuple[Server, asyncio.AbstractEventLoop]] = []

    async def main() -> None:
        server = Server(app, port=port, interface=Interfaces.ASGINL, log_enabled=False)
        holder.append((server, asyncio.get_running_loop()))
        ready.set()
        await server.serve()

    thread = threading.Thread(target=lambda: asyncio.run(main()), name="test-server")
    thread.start()
    try:
        assert ready.wait(START_TIMEOUT_S)
        _wait_until_it_answers(port)
        yield port
    finally:
        server, loop = holder[0]
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(server.stop)
        thread.join(START_TIMEOUT_S)
        assert not thread.is_alive()


def _wait_until_it_answers(port: int) -> None:
    """Knock until the socket is open: the kernel refuses at once, so this takes a moment only."""
    for _ in range(100_000):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_TIMEOUT_S)
        try:
            connection.request("GET", "/")
            connection.getresponse().read()
        except ConnectionRefusedError:
            continue
        finally:
            connection.close()
        return
    raise AssertionError("the server did not start")
