"""Connections by the hundred: what they leave behind, and whom a thousand half-open ones keep out."""

from __future__ import annotations

import resource
from random import Random
from typing import TYPE_CHECKING, Final

import trio

from tests.transport.carrier.kit import Node, drain, echo, node
from tests.transport.carrier.many import Usage, usage
from transport.carrier.limits import CarrierLimits
from transport.carrier.seam import Why
from transport.carrier.sockets import Sockets

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HALF_OPEN: Final = 1_000
BYTES_LEFT_MAX: Final = 8 << 20
"""What a process may have grown by: heaps are never quite flat."""
PATIENCE_S: Final = 120


def run_carrier(rounds: int, seed: int, scratch: Path, say: Callable[[str], None]) -> None:
    """So many connections that end in every way, then a thousand that never become one."""
    del scratch

    async def main() -> None:
        limits = CarrierLimits(linger_s=0.2, handshakes_per_address_per_s=0, handshakes_per_s=0)
        async with node("bob", Sockets(), echo, limits=limits) as bob, node("alice", Sockets(), drain) as alice:
            say(await _cycles(alice, bob, rounds, Random(seed)))
            say(await _half_open(alice, bob))

    trio.run(main)


async def _cycles(alice: Node, bob: Node, rounds: int, rng: Random) -> str:
    """Connect, transfer, end: in good order from either side, by a lost connection, in the middle of a transfer."""
    before: Usage | None = None
    for number in range(rounds):
        if number == rounds // 4:  # by now everything that is made once has been
            before = await _settled(alice, bob)
        wire = await alice.dial(bob)
        channel = await wire.open("blob")
        await channel.send_all(bytes(rng.randrange(1, 300_000)))
        await channel.receive_some()
        how = rng.randrange(4)
        if how == 0:
            await wire.aclose()
        elif how == 1:
            await bob.wire("alice").aclose(Why.STOPPING, "enough")
        elif how == 2:
            wire.drop(Why.CUT, "the cable")
        else:
            with trio.move_on_after(rng.random() / 100):
                await channel.send_all(bytes(4 << 20))
            bob.wire("alice").drop(Why.CUT, "the other cable")
        with trio.fail_after(PATIENCE_S):
            await alice.until(lambda: not alice.carrier.wires() and not bob.carrier.wires())
    assert before is not None
    after = await _settled(alice, bob)
    assert after.descriptors <= before.descriptors, f"{before}, then {after}"
    assert after.tasks <= before.tasks + 2, f"{before}, then {after}"
    assert after.resident_bytes - before.resident_bytes < BYTES_LEFT_MAX, f"{before}, then {after}"
    return f"{rounds} connections: {before} after a quarter, {after} at the end"


async def _half_open(alice: Node, bob: Node) -> str:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    before, served, streams = usage(), 0, list[trio.SocketStream]()
    for number in range(HALF_OPEN):
        stream = await trio.open_tcp_stream("127.0.0.1", bob.port)
        await stream.send_all(b"\x16\x03\x01\x02\x00"[: number % 6])
        streams.append(stream)
        if number % 50 == 0:
            wire = await alice.dial(bob)
            channel = await wire.open("blob")
            await channel.send_all(b"anyone?")
            assert await channel.receive_some() == b"anyone?"
            served += 1
            if number % 100 == 0:
                await wire.aclose()
        assert bob.carrier.half_open <= bob.carrier.limits.half_open_max
    held = usage().descriptors - before.descriptors - len(streams)
    with trio.fail_after(PATIENCE_S):
        await bob.until(lambda: bob.carrier.half_open == 0)  # by the deadline of the handshake, and no hint of ours
    for stream in streams:
        await trio.aclose_forcefully(stream)
    after = await _settled(alice, bob)
    assert after.descriptors <= before.descriptors + 2, f"{before}, then {after}"
    return (
        f"{HALF_OPEN} half-open connections, {held} descriptors held at most, {served} honest ones served: then {after}"
    )


async def _settled(alice: Node, bob: Node) -> Usage:
    """Without any wire."""
    for wire in (*alice.carrier.wires(), *bob.carrier.wires()):
        await wire.aclose()
    with trio.fail_after(PATIENCE_S):
        await alice.until(lambda: not alice.carrier.wires() and not bob.carrier.wires())
    alice.told.clear()
    bob.told.clear()
    return usage()
