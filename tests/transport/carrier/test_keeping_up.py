"""Peers that die, stall, pause or have little bandwidth. Times are those of a clock that jumps, not of the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio

from tests.transport.carrier.kit import Raw, drain, echo, idle, in_no_time, node, read, read_all
from transport.carrier.limits import CarrierLimits
from transport.carrier.memory import MemoryGround
from transport.carrier.records import Kind, closed_by
from transport.carrier.seam import ChannelClosed, Why, WireClosed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Call = Callable[..., Awaitable[object]]

MIB = 1 << 20
KIB = 1 << 10


def test_a_peer_that_says_nothing_is_dead_after_three_missed_pings() -> None:
    async def main() -> None:
        ground = MemoryGround()
        async with node("bob", ground, drain) as bob:
            await Raw.dial("alice", ground, bob)
            began = trio.current_time()
            await bob.until(bob.ended)
            assert bob.ended() == [(Why.DEAD, "the peer has said nothing for 45 s")]
            assert 45 <= trio.current_time() - began < 50

    in_no_time(main)


def test_a_peer_that_answers_pings_stays() -> None:
    async def main() -> None:
        ground = MemoryGround()
        async with node("alice", ground) as alice, node("bob", ground, echo) as bob:
            wire = await alice.dial(bob)
            await trio.sleep(1_200)
            assert wire.stats().round_trip_s is not None
            await wire.send(b"still there?")
            assert await read(wire, 12) == b"still there?"

    in_no_time(main)


@pytest.mark.parametrize("reads", [False, True])
def test_a_peer_that_takes_nothing_is_dropped_and_nobody_else_notices(reads: bool) -> None:
    """It either reads no bytes at all, or reads and answers pings but gives no credit."""

    async def main() -> None:
        ground = MemoryGround()
        async with node("alice", ground) as alice, node("bob", ground) as bob, node("carol", ground, echo) as carol:
            frozen, told = await Raw.dial("eve", ground, alice), list[Why]()

            async def answer() -> None:
                while (each := await frozen.next()).kind is not Kind.CLOSE:
                    if each.kind is Kind.PING:
                        await frozen.say(Kind.PONG, 0, each.body)
                told.append(closed_by(each.body).why)

            async with trio.open_nursery() as nursery:
                if reads:
                    nursery.start_soon(answer)
                wire = await alice.dial(carol)
                began = trio.current_time()
                alice.wire("eve").post(b"x" * 6 * MIB)
                while not alice.ended():
                    asked = trio.current_time()
                    await wire.send(b"anyone?")
                    assert await read(wire, 7) == b"anyone?"
                    assert trio.current_time() - asked < 0.1
                    await trio.sleep(1)
                assert 30 <= trio.current_time() - began < 40
            assert told == [Why.STALLED] * reads
            assert alice.ended() == [(Why.STALLED, "the peer takes nothing for 30 s of what waits for it")]
            del bob

    in_no_time(main)


def test_a_peer_that_pauses_is_not_stalled_and_gets_everything_in_the_end() -> None:
    async def main() -> None:
        ground = MemoryGround()
        async with node("alice", ground) as alice, node("bob", ground) as bob:
            wire = await alice.dial(bob)
            theirs = bob.wire("alice")
            theirs.pause()
            ours = await wire.open("transfer")
            await trio.sleep(1)
            wire.post(b"x" * 6 * MIB)
            await ours.send_all(b"y" * 100 * KIB)
            await ours.send_eof()
            await trio.sleep(30 * 60)
            assert theirs.stats().received_bytes < 5 * MIB, "more came than there was credit for"
            with trio.move_on_after(60) as nothing:
                await theirs.send(b"z")
                await wire.receive()
            assert nothing.cancelled_caught
            theirs.resume()
            assert await read(theirs, 6 * MIB) == b"x" * 6 * MIB
            assert len(await read_all(await theirs.accept())) == 100 * KIB
            assert await read(wire, 1) == b"z"

    in_no_time(main)


def test_a_peer_whose_queue_is_too_long_is_dropped() -> None:
    async def main() -> None:
        ground = MemoryGround()
        limits = CarrierLimits(queue_bytes_max=10 * MIB, queues_bytes_max=25 * MIB)
        async with node("alice", ground, limits=limits) as alice:
            names = ("bob", "carol", "dave", "eve")
            for name in names:
                await Raw.dial(name, ground, alice)
            bob, carol, dave, eve = (alice.wire(name) for name in names)
            bob.post(b"x" * 11 * MIB)
            assert bob.closed is not None
            assert "for one" in bob.closed.words
            # All together have a bound, too, and whoever has most waiting goes.
            carol.post(b"x" * 9 * MIB)
            dave.post(b"x" * 8 * MIB)
            for _ in range(4):
                eve.post(b"x" * 2 * MIB)
            assert alice.ended() == []
            eve.post(b"x" * MIB)
            await alice.until(lambda: len(alice.ended()) == 2)
            assert {why for why, _ in alice.ended()} == {Why.STALLED}
            assert [wire.closed is None for wire in (carol, dave, eve)] == [False, True, True]

    in_no_time(main)


def test_bandwidth_is_capped_for_one_and_for_all() -> None:
    async def main() -> None:
        ground = MemoryGround()
        limits = CarrierLimits(peer_up_bytes_per_s=512 * KIB, up_bytes_per_s=MIB)
        async with (
            node("alice", ground, drain, limits=limits) as alice,
            node("b1", ground, drain) as b1,
            node("b2", ground, drain) as b2,
            node("b3", ground, drain) as b3,
            node("b4", ground, drain) as b4,
        ):
            first = await alice.dial(b1)
            began = trio.current_time()
            first.post(b"x" * 4 * MIB)
            await first.drained()
            assert 7 < trio.current_time() - began < 8.5
            wires = [first, *[await alice.dial(other) for other in (b2, b3, b4)]]
            began = trio.current_time()
            for wire in wires:
                wire.post(b"x" * 2 * MIB)
            for wire in wires:
                await wire.drained()
            assert 7 < trio.current_time() - began < 8.5
            # What comes is capped by reading less; TCP does the rest.
            down = CarrierLimits(down_bytes_per_s=MIB)
            async with node("eve", ground, drain, limits=down) as eve, node("frank", ground) as frank:
                wire = await frank.dial(eve)
                began = trio.current_time()
                wire.post(b"x" * 8 * MIB)
                await eve.until(lambda: eve.carrier.wire(frank.carrier.did).stats().received_bytes > 8 * MIB)  # type: ignore[union-attr]
                assert 7 < trio.current_time() - began < 9

    in_no_time(main)


def test_a_transfer_does_not_hold_up_frames_nor_they_it() -> None:
    async def main() -> None:
        ground = MemoryGround()
        limits = CarrierLimits(up_bytes_per_s=MIB)
        async with node("alice", ground, limits=limits) as alice, node("bob", ground) as bob:
            wire = await alice.dial(bob)
            theirs, ours = bob.wire("alice"), await wire.open("pack")
            incoming = await theirs.accept()
            got = 0

            async def send() -> None:
                await ours.send_all(b"y" * 20 * MIB)

            async def take() -> None:
                nonlocal got
                while data := await incoming.receive_some():
                    got += len(data)

            async with trio.open_nursery() as nursery:
                nursery.start_soon(send)
                nursery.start_soon(take)
                for _ in range(10):
                    await trio.sleep(0.5)
                    asked = trio.current_time()
                    wire.post(b"news")
                    assert await read(theirs, 4) == b"news"
                    assert trio.current_time() - asked < 0.5
                assert 4 * MIB < got < 8 * MIB
                # And with more frames than fit, the transfer still gets its share.
                got = 0
                wire.post(b"f" * 8 * MIB)
                await read(theirs, 8 * MIB)
                assert got >= MIB
                nursery.cancel_scope.cancel()

    in_no_time(main)


def test_a_channel_that_nobody_reads_is_given_up_alone() -> None:
    async def main() -> None:
        ground = MemoryGround()
        async with node("alice", ground, idle) as alice, node("bob", ground, idle) as bob:
            wire = await alice.dial(bob)
            ours = await wire.open("pack")
            began = trio.current_time()
            with pytest.raises(ChannelClosed, match="takes nothing"):
                await ours.send_all(b"y" * 4 * MIB)
            assert 120 <= trio.current_time() - began < 130
            await bob.until(lambda: bob.wire("alice").stats().channels == 0)
            assert wire.closed is None
            await wire.send(b"frame")
            assert await read(bob.wire("alice"), 5) == b"frame"

    in_no_time(main)


def test_many_channels_share_what_there_is() -> None:
    async def main() -> None:
        ground = MemoryGround()
        limits = CarrierLimits(up_bytes_per_s=4 * MIB)
        async with node("alice", ground, limits=limits) as alice, node("bob", ground, echo) as bob:
            wire = await alice.dial(bob)
            began, took = trio.current_time(), []

            async def one(number: int) -> None:
                channel = await wire.open(f"blob/{number}")
                async with trio.open_nursery() as nursery:

                    async def send() -> None:
                        await channel.send_all(bytes([number]) * MIB)
                        await channel.send_eof()

                    nursery.start_soon(send)
                    assert await read_all(channel) == bytes([number]) * MIB
                await channel.aclose()
                took.append(trio.current_time() - began)

            async with trio.open_nursery() as nursery:
                for number in range(16):
                    nursery.start_soon(one, number)
            assert max(took) - min(took) < 1.5, "one was kept waiting for the others"
            assert wire.stats().channels == 0

    in_no_time(main)


async def for_ever(call: Call, *args: object) -> None:
    while True:
        await call(*args)


def test_a_wire_that_ends_lets_everybody_go() -> None:
    async def main() -> None:
        ground = MemoryGround()
        async with node("alice", ground) as alice:
            await Raw.dial("bob", ground, alice)
            wire = alice.wire("bob")
            channel = await wire.open("pack")
            ended = []

            async def expect(call: Call, *args: object) -> None:
                with pytest.raises(WireClosed, match="takes nothing"):
                    await for_ever(call, *args)
                ended.append(call)

            async with trio.open_nursery() as nursery:
                for call, args in (
                    (wire.receive, ()),
                    (wire.accept, ()),
                    (wire.drained, ()),
                    (wire.send, (b"x" * 100,)),
                    (channel.receive_some, ()),
                    (wire.open, ("more",)),
                ):
                    nursery.start_soon(expect, call, *args)
            assert len(ended) == 6

    in_no_time(main)
