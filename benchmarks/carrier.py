"""Bytes between two processes: by a carrier, by the same TLS without anything around it, and by TCP alone."""

from __future__ import annotations

import argparse
import socket
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, final

import trio
from OpenSSL import SSL

from benchmarks._carrying import CLIENT_SEED, PIECE_BYTES, SIZE_BYTES, plain_context
from transport.carrier.address import PeerAddress
from transport.carrier.carrier import NodeCarrier
from transport.carrier.sockets import Sockets
from transport.carrier.tls import Credentials

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from transport.carrier.seam import Wire

NAME = "carrier"
GOAL = "a transfer ≥ 0.5 × a bare pyOpenSSL loop · connecting ≤ 3 × a bare handshake · a frame there and back ≤ 1 ms"

MB = 1_000_000


@contextmanager
def far_end(kind: str) -> Generator[str]:
    """A process at the other end, and where it listens."""
    words = [sys.executable, "-m", "benchmarks._carrying", kind]
    root = Path(__file__).parent.parent
    with subprocess.Popen(words, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        assert process.stdin is not None
        process.stdin.close()


def blocking(port: int, *, tls: bool) -> socket.socket | SSL.Connection:
    """A connection without an event loop."""
    made = socket.create_connection(("127.0.0.1", port))
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
    if not tls:
        return made
    secured = SSL.Connection(CONTEXT, made)
    secured.set_connect_state()
    secured.do_handshake()
    return secured


CONTEXT = plain_context(CLIENT_SEED)


class Rate(NamedTuple):
    """MB/s by the clock, and by the time that the sender had a processor: that one hardly depends on what else runs."""

    mb_per_s: float
    mb_per_processor_s: float

    def __str__(self) -> str:
        return f"{self.mb_per_s:6.0f} MB/s, {self.mb_per_processor_s:6.0f} MB for a second of processor"


@final
class Watch:
    """Began when it was made."""

    def __init__(self) -> None:
        self._clock, self._processor = time.perf_counter(), time.process_time()

    def rate(self, size: int) -> Rate:
        """For so many bytes since then."""
        clock, processor = time.perf_counter() - self._clock, time.process_time() - self._processor
        return Rate(size / clock / MB, size / processor / MB)


def plain(kind: str, size: int, connects: int) -> tuple[Rate, float]:
    """How fast, and ms for each connection."""
    with far_end(kind) as where:
        times = list[float]()
        for _ in range(connects):
            began = time.perf_counter()
            stream = blocking(int(where), tls=kind == "tls")
            stream.sendall((0).to_bytes(SIZE_BYTES, "big"))
            stream.recv(SIZE_BYTES)
            times.append(time.perf_counter() - began)
            stream.close()
        stream = blocking(int(where), tls=kind == "tls")
        piece = bytes(PIECE_BYTES)
        watch = Watch()
        stream.sendall(size.to_bytes(SIZE_BYTES, "big"))
        for _ in range(size // PIECE_BYTES):
            stream.sendall(piece)
        stream.recv(SIZE_BYTES)
        rate = watch.rate(size)
        stream.close()
    return rate, statistics.median(times) * 1_000


async def by_carrier(where: str, size: int, connects: int) -> None:
    """The same by a carrier: a channel, four at once, and the control stream."""
    address = PeerAddress.parse(where)
    carrier = NodeCarrier(Credentials(CLIENT_SEED), Sockets())

    async def idle(_: Wire) -> None:
        await trio.sleep_forever()

    async with trio.open_nursery() as nursery:
        await nursery.start(carrier.run, idle)
        times = list[float]()
        for _ in range(connects):
            began = time.perf_counter()
            wire = await carrier.dial(address)
            times.append(time.perf_counter() - began)
            await wire.aclose()
        wire = await carrier.dial(address)
        rates = [await _transfers(wire, size, count) for count in (1, 4)]
        rates.append(await _frames(wire, size))
        trips = list[float]()
        for _ in range(500):
            began = time.perf_counter()
            await wire.send((400).to_bytes(SIZE_BYTES, "big") + bytes(400))
            await wire.receive()
            trips.append(time.perf_counter() - began)
        nursery.cancel_scope.cancel()
    for name, rate in zip(("one transfer", "four transfers at once", "frames of 1 MiB"), rates, strict=True):
        print(f"carrier, {name:23}{rate}")
    trips.sort()
    print(f"carrier, connecting {statistics.median(times) * 1_000:.1f} ms (median of {connects})")
    print(f"carrier, a frame of 400 bytes there and back {trips[250] * 1_000:.2f} ms, p99 {trips[495] * 1_000:.2f} ms")


async def _transfers(wire: Wire, size: int, count: int) -> Rate:
    async def one() -> None:
        channel = await wire.open("benchmark")
        for _ in range(size // count // PIECE_BYTES):
            await channel.send_all(piece)
        await channel.send_eof()
        assert await channel.receive_some() == b"done"
        await channel.aclose()

    piece = bytes(PIECE_BYTES)
    watch = Watch()
    async with trio.open_nursery() as nursery:
        for _ in range(count):
            nursery.start_soon(one)
    return watch.rate(size)


async def _frames(wire: Wire, size: int) -> Rate:
    frame = bytes(1 << 20)
    watch = Watch()
    await wire.send((size // len(frame) * len(frame)).to_bytes(SIZE_BYTES, "big"))
    for _ in range(size // len(frame)):
        await wire.send(frame)
    assert await wire.receive() == b"done"
    return watch.rate(size)


def main(argv: Sequence[str]) -> None:
    """Side by side, in one run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks carrier --")
    parser.add_argument("--mb", type=int, default=400)
    parser.add_argument("--connects", type=int, default=50)
    args = parser.parse_args(argv)
    size = args.mb * MB // PIECE_BYTES * PIECE_BYTES
    for kind, name in (("tcp", "TCP alone"), ("tls", "bare pyOpenSSL loop")):
        rate, connect_ms = plain(kind, size, args.connects)
        print(f"{name:32}{rate}; connecting {connect_ms:.1f} ms")
    with far_end("carrier") as where:
        trio.run(by_carrier, where, size, args.connects)


if __name__ == "__main__":
    main(sys.argv[1:])
