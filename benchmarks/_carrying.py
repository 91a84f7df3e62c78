"""The far end of `benchmarks carrier`: `python -m benchmarks._carrying KIND` takes bytes and says when it has them.

It prints where it listens, and ends when its standard input does.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

import trio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from OpenSSL import SSL

from transport.carrier.address import PeerAddress, Tcp
from transport.carrier.carrier import NodeCarrier
from transport.carrier.certificate import certificate_for
from transport.carrier.seam import Channel, ChannelClosed, Wire, WireClosed
from transport.carrier.sockets import Sockets
from transport.carrier.tls import CIPHER, Credentials

SIZE_BYTES: Final = 8
PIECE_BYTES: Final = 128 << 10
SERVER_SEED: Final = bytes([1]) * 32
CLIENT_SEED: Final = bytes([2]) * 32


def plain_context(seed: bytes) -> SSL.Context:
    """TLS with nothing but keys: the least that pyOpenSSL must do for the same bytes."""
    key = Ed25519PrivateKey.from_private_bytes(seed)
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_min_proto_version(SSL.TLS1_3_VERSION)
    context.set_tls13_ciphersuites(CIPHER)
    context.use_certificate(certificate_for(key, datetime.now(UTC)))
    context.use_privatekey(key)
    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_: True)
    return context


def take(stream: socket.socket | SSL.Connection) -> None:
    """Count bytes until as many have come as the first eight say, answer, and begin again."""
    with suppress(SSL.Error, OSError):
        while head := stream.recv(SIZE_BYTES):
            left = int.from_bytes(head, "big")
            while left > 0:
                left -= len(stream.recv(min(left, PIECE_BYTES)))
            stream.sendall(head)
    stream.close()


def serve_blocking(*, tls: bool) -> None:
    """A thread for each connection: no event loop in the way."""
    context = plain_context(SERVER_SEED)
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    print(listener.getsockname()[1], flush=True)
    while True:
        accepted, _ = listener.accept()
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        if not tls:
            threading.Thread(target=take, args=(accepted,), daemon=True).start()
            continue
        secured = SSL.Connection(context, accepted)
        secured.set_accept_state()
        threading.Thread(target=take, args=(secured,), daemon=True).start()


async def serve_carrier() -> None:
    """A node's carrier, which takes channels and frames alike."""
    carrier = NodeCarrier(Credentials(SERVER_SEED), Sockets())

    async def transfer(channel: Channel) -> None:
        with suppress(ChannelClosed, WireClosed):
            while await channel.receive_some():
                pass
            await channel.send_all(b"done")
            await channel.send_eof()
            await channel.aclose()

    async def handle(wire: Wire) -> None:
        async with trio.open_nursery() as nursery:

            async def channels() -> None:
                while True:
                    nursery.start_soon(transfer, await wire.accept())

            nursery.start_soon(channels)
            left = -1
            while data := await wire.receive():
                if left < 0:
                    left, data = int.from_bytes(data[:SIZE_BYTES], "big"), data[SIZE_BYTES:]
                left -= len(data)
                if left <= 0:
                    wire.post(b"done")
                    left = -1

    async with trio.open_nursery() as nursery:
        await nursery.start(carrier.run, handle)
        port = await carrier.listen("127.0.0.1", 0)
        print(PeerAddress(carrier.did, Tcp("127.0.0.1", port)), flush=True)


def _end_with_input() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=_end_with_input, daemon=True).start()
    if sys.argv[1] == "carrier":
        trio.run(serve_carrier)
    else:
        serve_blocking(tls=sys.argv[1] == "tls")
