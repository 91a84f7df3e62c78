"""Peers through an HTTP port: a real HTTP server in a process of its own relays bytes, keys are proven behind it."""

from __future__ import annotations

import select
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
import trio
from wsproto import ConnectionType, WSConnection
from wsproto.events import Request

from domain.errors import Unavailable
from tests.house.tree import ROOT
from tests.making import key
from tests.transport.carrier.kit import PATIENCE_S, echo, in_real_time, node, read, read_all
from transport.carrier.address import PeerAddress, Web
from transport.carrier.seam import Why, WireClosed
from transport.carrier.sockets import Sockets
from transport.carrier.web_door import PEER_PATH
from transport.carrier.websocket import SUBPROTOCOL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow
MIB = 1 << 20


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """Where the relay's socket belongs, and the HTTP port."""
    relay = tmp_path / "peers.sock"
    words = [sys.executable, "-m", "tests.transport.carrier.web_worker", str(relay)]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        until_served(port)
        yield relay, port
        process.kill()


def until_served(port: int) -> None:
    """The server says its port before it listens there."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=PATIENCE_S):
            return
        assert time.monotonic() < deadline
        select.select([], [], [], 0.02)


def asked_for_a_socket(port: int) -> str:
    """What a server answers to a request for a WebSocket of peers, as far as its headers go."""
    asked = WSConnection(ConnectionType.CLIENT).send(
        Request(host="127.0.0.1", target=PEER_PATH, subprotocols=[SUBPROTOCOL])
    )
    with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as connection:
        connection.sendall(asked)
        return connection.recv(4_096).decode("ascii")


def test_a_wire_through_an_http_port(worker: tuple[Path, int]) -> None:
    relay, port = worker

    async def main() -> None:
        async with node("alice", Sockets()) as alice, node("bob", Sockets(), echo) as bob:

            async def dial(did: str, path: str = "/peer") -> WireClosed | None:
                try:
                    await alice.carrier.dial(PeerAddress(key(did).did, Web(False, "127.0.0.1", port, path)))
                except WireClosed as closed:
                    return closed
                return None

            # The node does not take peers yet: the worker says so.
            closed = await dial("bob")
            assert closed is not None
            assert closed.why is Why.UNREACHABLE
            assert "just now" in closed.words
            answer = await trio.to_thread.run_sync(asked_for_a_socket, port)
            assert answer.startswith("HTTP/1.1 503 ")
            assert "\r\nretry-after: " in answer.lower()
            await bob.carrier.listen_relay(relay)
            assert relay.stat().st_mode & 0o777 == 0o600
            for path in ("/", "/peer/", "/api/v1/status"):
                closed = await dial("bob", path)
                assert closed is not None
                assert closed.why is Why.UNREACHABLE
            # Who is behind it proves a key: whoever stands between can at most cut the line.
            closed = await dial("eve")
            assert closed is not None
            assert closed.why is Why.WRONG_KEY

            assert await dial("bob") is None
            wire, theirs = alice.wire("bob"), bob.wire("alice")
            assert theirs.peer == key("alice").did
            assert theirs.address.startswith("127.0.0.1:")
            assert theirs.address.endswith(" (WebSocket)")
            data = bytes(range(256)) * 16_384
            async with trio.open_nursery() as nursery:
                nursery.start_soon(wire.send, data)
                assert await read(wire, 4 * MIB) == data
            channel = await wire.open("pack")
            async with trio.open_nursery() as nursery:

                async def send() -> None:
                    await channel.send_all(data)
                    await channel.send_eof()

                nursery.start_soon(send)
                assert await read_all(channel) == data
            await theirs.aclose(Why.STOPPING, "the disk is full")
            with pytest.raises(WireClosed, match="the disk is full"):
                await wire.receive()
            # Another who listens at the same place takes over; where there can be no socket, that is said.
            async with node("carol", Sockets()) as carol:
                await carol.carrier.listen_relay(relay)
                assert await dial("carol") is None
                with pytest.raises(Unavailable, match="too long"):
                    await carol.carrier.listen_relay(relay / ("x" * 100))
                with pytest.raises(Unavailable, match="cannot be a socket"):
                    await carol.carrier.listen_relay(relay / "x")

    in_real_time(main)


def test_what_is_no_websocket_is_told_apart() -> None:
    async def main() -> None:
        async with node("alice", Sockets()) as alice, node("bob", Sockets()) as bob, trio.open_nursery() as nursery:

            async def rude(stream: trio.SocketStream) -> None:
                await stream.receive_some()
                await stream.send_all(b"220 mail.example ESMTP\r\n\r\n")

            async def endless(stream: trio.SocketStream) -> None:
                with suppress(trio.BrokenResourceError):
                    await stream.send_all(b"HTTP/1.1 200 OK\r\nX: " + b"x" * (1 << 20))

            async def mute(stream: trio.SocketStream) -> None:
                await stream.receive_some()

            for handler in (rude, endless, mute):
                serve = await nursery.start(trio.serve_tcp, handler, 0)
                other = serve[0].socket.getsockname()[1]
                for secure in (False, True):
                    with pytest.raises(WireClosed) as caught:
                        await alice.carrier.dial(PeerAddress(bob.carrier.did, Web(secure, "localhost", other, "/peer")))
                    assert caught.value.why is Why.UNREACHABLE
                    assert "localhost" in caught.value.words
            nursery.cancel_scope.cancel()

    in_real_time(main)
