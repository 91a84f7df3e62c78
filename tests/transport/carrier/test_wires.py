"""Wires between carriers: what is sent arrives, and everybody hears why it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio

from tests.making import key
from tests.transport.carrier.kit import drain, echo, idle, in_no_time, in_real_time, node, read, read_all
from transport.carrier.address import PeerAddress, Tcp
from transport.carrier.limits import CarrierLimits
from transport.carrier.memory import MemoryGround
from transport.carrier.seam import ChannelClosed, What, Why, WireClosed
from transport.carrier.sockets import Sockets

if TYPE_CHECKING:
    from transport.carrier.seam import Carrier, Channel, Wire

MIB = 1 << 20


def test_frames_arrive_in_order_both_ways() -> None:
    async def main() -> None:
        ground = MemoryGround()
        async with node("alice", ground) as alice, node("bob", ground, echo) as bob:
            carrier: Carrier = alice.carrier
            wire: Wire = await carrier.dial(bob.address)
            assert carrier.wire(bob.carrier.did) is wire
            assert wire.peer == key("bob").did
            assert bob.wire("alice").peer == key("alice").did
            assert (wire.dialled, bob.wire("alice").dialled) == (True, False)
            frames = [bytes([number]) * size for number, size in enumerate((1, 5 * MIB, 17, 65_536, 65_537))]

            async def send() -> None:
                for frame in frames:
                    await wire.send(frame)

            async with trio.open_nursery() as nursery:
                nursery.start_soon(send)
                assert await read(wire, sum(map(len, frames))) == b"".join(frames)
            await wire.drained()
            assert wire.stats().queued_bytes == 0

    in_no_time(main)


def test_the_same_over_sockets_of_both_families() -> None:
    async def main() -> None:
        async with node("alice", Sockets()) as alice, node("bob", Sockets(), echo) as bob:
            port6 = await bob.carrier.listen("::1", 0)
            wire = await alice.carrier.dial(PeerAddress(bob.carrier.did, Tcp("::1", port6)))
            assert wire.address == f"[::1]:{port6}"
            await wire.send(b"six")
            assert await read(wire, 3) == b"six"
            await wire.aclose()
            wire = await alice.carrier.dial(PeerAddress(bob.carrier.did, Tcp("localhost", bob.port)))
            channel = await wire.open("transfer")
            data = bytes(range(256)) * 8_192
            await channel.send_all(bytearray(data))
            await channel.send_eof()
            assert await read_all(channel) == data

    in_real_time(main)


def test_a_channel_is_a_stream_with_two_ends() -> None:
    async def main() -> None:
        ground = MemoryGround()
        async with node("alice", ground) as alice, node("bob", ground) as bob:
            wire = await alice.dial(bob)
            ours: Channel = await wire.open("git/0123")
            await ours.send_all(b"want")
            theirs = await bob.wire("alice").accept()
            assert theirs.purpose == "git/0123"
            assert await theirs.receive_some(2) == b"wa"
            assert await theirs.receive_some() == b"nt"
            # One direction ends, the other goes on, and what was sent before a close still arrives.
            await ours.send_eof()
            assert await theirs.receive_some() == b""
            await theirs.send_all(b"pack" * 100_000)
            await theirs.send_eof()
            await theirs.aclose()
            assert await read_all(ours) == b"pack" * 100_000
            await ours.aclose()
            assert wire.stats().channels == bob.wire("alice").stats().channels == 0
            with pytest.raises(trio.ClosedResourceError):
                await ours.send_all(b"more")

    in_no_time(main)


def test_a_channel_given_up_tells_the_other_end() -> None:
    async def main() -> None:
        ground = MemoryGround()
        async with node("alice", ground) as alice, node("bob", ground) as bob:
            wire = await alice.dial(bob)
            ours = await wire.open("blob/1")
            theirs = await bob.wire("alice").accept()
            theirs.reset("there is no such\nblob")
            with pytest.raises(ChannelClosed, match="there is no such\N{REPLACEMENT CHARACTER}blob") as caught:
                await ours.receive_some()
            assert caught.value.by_peer
            with pytest.raises(ChannelClosed, match="no such"):
                await theirs.send_all(b"x")
            # Closing without an end is giving up, too; and what nobody accepted is dropped without a trace.
            unwanted = await wire.open("blob/2")
            await unwanted.aclose()
            second = await wire.open("blob/3")
            assert (await bob.wire("alice").accept()).purpose == "blob/3"
            await wire.aclose()
            with pytest.raises(WireClosed):
                await second.receive_some()

    in_no_time(main)


def test_as_many_channels_as_may_be_and_the_next_waits() -> None:
    async def main() -> None:
        ground = MemoryGround()
        async with node("alice", ground) as alice, node("bob", ground) as bob:
            wire = await alice.dial(bob)
            channels = [await wire.open(f"blob/{number}") for number in range(16)]
            with trio.move_on_after(60) as waited:
                await wire.open("blob/16")
            assert waited.cancelled_caught
            await channels[7].aclose()
            await wire.open("blob/17")
            assert bob.wire("alice").closed is None

    in_no_time(main)


def test_whoever_is_hung_up_on_hears_why() -> None:
    async def main() -> None:
        ground = MemoryGround()
        async with node("alice", ground) as alice, node("bob", ground) as bob:
            wire = await alice.dial(bob)
            wire.post(b"last words")
            await wire.aclose(Why.STOPPING, "the disk is full")
            other = bob.wire("alice") if bob.carrier.wire(alice.carrier.did) else None
            assert other is None
            await bob.until(bob.ended)
            assert bob.ended() == [(Why.STOPPING, "the disk is full")]
            assert alice.ended() == [(Why.STOPPING, "the disk is full")]
            for call in (wire.receive, lambda: wire.send(b"x"), lambda: wire.open("x"), wire.accept, wire.drained):
                with pytest.raises(WireClosed, match="the disk is full"):
                    await call()
            wire.post(b"nobody hears")

    in_no_time(main)


def test_what_was_sent_before_the_end_is_read_before_it() -> None:
    async def main() -> None:
        ground, got = MemoryGround(), bytearray()

        async def slow(wire: object) -> None:
            await trio.sleep(1)
            while True:
                got.extend(await wire.receive())  # type: ignore[attr-defined]

        async with node("alice", ground) as alice, node("bob", ground, slow) as bob:
            wire = await alice.dial(bob)
            await wire.send(b"f" * MIB)
            await wire.aclose()
            await bob.until(lambda: len(got) == MIB)
            assert bob.ended() == [(Why.DONE, "the connection was closed")]

    in_no_time(main)


def test_a_stop_tells_everybody() -> None:
    async def main() -> None:
        ground = MemoryGround()
        async with node("alice", ground) as alice, node("bob", ground) as bob, node("carol", ground) as carol:
            await alice.dial(bob)
            await carol.dial(alice)
            await alice.carrier.stop("the node stops for an upgrade")
            for other in (bob, carol):
                await other.until(other.ended)
                assert other.ended() == [(Why.STOPPING, "the node stops for an upgrade")]
            assert alice.carrier.wires() == ()
            with pytest.raises(WireClosed, match="nobody answers"):
                await bob.dial(alice)

    in_no_time(main)


def test_dials_that_come_to_nothing_say_why() -> None:
    async def main() -> None:
        async with node("alice", Sockets()) as alice, node("bob", Sockets()) as bob:
            did = bob.carrier.did
            for place, why, words in (
                (Tcp("127.0.0.1", 1), Why.UNREACHABLE, "nobody answers at 127.0.0.1:1"),
                (Tcp("nowhere.invalid", 1), Why.UNREACHABLE, "nowhere.invalid cannot be resolved"),
                (Tcp("127.0.0.1", alice.port), Why.WRONG_KEY, f"{alice.carrier.did} answers where {did} should be"),
            ):
                with pytest.raises(WireClosed, match=words) as caught:
                    await alice.carrier.dial(PeerAddress(did, place))
                assert caught.value.why is why
            with pytest.raises(WireClosed, match="this node itself"):
                await alice.dial(alice)
            with pytest.raises(WireClosed, match="does not dial") as caught:
                await alice.carrier.dial(bob.address, admits=lambda host, ip: not ip.is_loopback)
            assert not bob.told

    in_real_time(main)


def test_two_dials_to_one_peer_are_one_wire() -> None:
    async def main() -> None:
        ground, wires = MemoryGround(), []
        async with node("alice", ground) as alice, node("bob", ground) as bob:

            async def dial() -> None:
                wires.append(await alice.dial(bob))

            async with trio.open_nursery() as nursery:
                for _ in range(5):
                    nursery.start_soon(dial)
            assert len(set(wires)) == 1
            assert await alice.dial(bob) is wires[0]
            assert [told.what for told in bob.told] == [What.OPENED]

    in_no_time(main)


def test_crossing_dials_end_with_one_wire() -> None:
    async def main() -> None:
        lesser, greater = sorted(("alice", "bob"), key=lambda name: key(name).did)
        for _ in range(8):  # trio shuffles its tasks: each time they cross elsewhere
            ground = MemoryGround()
            async with node(lesser, ground) as one, node(greater, ground) as other, trio.open_nursery() as nursery:
                nursery.start_soon(one.dial, other)
                nursery.start_soon(other.dial, one)
                nursery.cancel_scope.deadline = trio.current_time() + 5
                await trio.sleep(4)
                assert one.wire(greater).dialled
                assert not other.wire(lesser).dialled
                assert len(one.carrier.wires()) == len(other.carrier.wires()) == 1
                assert {why for why, _ in (*one.ended(), *other.ended())} <= {Why.DUPLICATE}
                assert {why for why, _ in (*one.refused(), *other.refused())} <= {Why.DUPLICATE}

    in_no_time(main)


def test_a_peer_that_dials_again_has_lost_the_first_wire() -> None:
    async def main() -> None:
        ground = MemoryGround()
        async with node("bob", ground) as bob, node("alice", ground) as before, node("alice", ground) as after:
            await before.dial(bob)
            await after.dial(bob)
            await before.until(before.ended)
            assert before.ended()[0][0] is Why.DUPLICATE
            assert bob.wire("alice").closed is None
            assert after.wire("bob").closed is None

    in_no_time(main)


def test_connections_beyond_the_caps_are_turned_away_with_a_sentence() -> None:
    async def main() -> None:
        ground = MemoryGround()
        limits = CarrierLimits(connections_max=5, strangers_max=3, per_address_max=3)
        friend = key("friend").did
        async with (
            node("bob", ground, drain, limits=limits, known=friend.__eq__) as bob,
            node("s1", ground) as s1,
            node("s2", ground) as s2,
            node("s3", ground) as s3,
            node("s4", ground) as s4,
            node("friend", ground) as other,
        ):
            for stranger in (s1, s2, s3):
                await stranger.dial(bob)
            with pytest.raises(WireClosed, match="has 3 connections") as caught:
                await s4.dial(bob)
            assert (caught.value.why, caught.value.by_peer) == (Why.FULL, True)
            await bob.until(bob.refused)
            assert bob.refused()[0][0] is Why.FULL
            await other.dial(bob)
            await bob.dial(s4)
            assert len(bob.carrier.wires()) == 5
            # A place is free again once its wire is gone.
            await s1.wire("bob").aclose()
            await s2.wire("bob").aclose()
            await bob.until(lambda: len(bob.carrier.wires()) == 3)
            await s1.dial(bob)

    in_no_time(main)


def test_who_is_blocked_is_told_so() -> None:
    async def main() -> None:
        ground = MemoryGround()
        eve = key("eve").did
        async with node("bob", ground, blocked=eve.__eq__) as bob, node("eve", ground) as other:
            with pytest.raises(WireClosed, match="does not talk to yours"):
                await other.dial(bob)
            with pytest.raises(WireClosed, match="does not talk to that one"):
                await bob.dial(other)

    in_no_time(main)


def test_a_handler_that_returns_closes_its_wire_and_one_that_fails_stops_the_carrier() -> None:
    async def main() -> None:
        async def brief(wire: object) -> None:
            pass

        async def buggy(wire: object) -> None:
            raise AssertionError("a bug")

        ground = MemoryGround()
        async with node("alice", ground, idle) as alice, node("bob", ground, brief) as bob:
            await alice.dial(bob)
            await alice.until(alice.ended)
            assert alice.ended() == [(Why.DONE, "the connection was closed")]
            with pytest.raises(ExceptionGroup) as caught:  # noqa: PT012
                async with node("carol", ground, buggy) as carol:
                    await alice.dial(carol)
                    await trio.sleep(5)
            assert caught.group_contains(AssertionError, match="a bug")

    in_no_time(main)
