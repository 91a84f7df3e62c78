"""Streams to records and back, without any I/O: whatever comes, in whatever pieces."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transport.carrier.samples import RECORDS
from tests.vectors import FOLDER
from transport.carrier.lane import Lane
from transport.carrier.limits import CHANNELS_MAX, CONTROL_WINDOW_BYTES
from transport.carrier.mux import Mux
from transport.carrier.records import Kind, Record, RecordFault, RecordReader, close_body, closed_by, record
from transport.carrier.seam import ChannelClosed, Why, WireClosed

KIB = 1 << 10


def mux(*, dialled: bool = True) -> Mux:
    return Mux(dialled=dialled, urgent_max=1_024, work=lambda: None)


def flush(one: Mux, other: Mux, rng: Random | None = None) -> int:
    """Carry what one has to say to the other, in pieces; how many bytes it was."""
    moved = 0
    while data := b"".join(one.batch(32 * KIB)):
        moved += len(data)
        start = 0
        while start < len(data):
            end = start + (rng.randint(1, 5_000) if rng else len(data))
            other.received(data[start:end])
            start = end
    return moved


def arrivals(end: Mux) -> dict[int, Lane]:
    found: dict[int, Lane] = {}
    while (lane := end.accept()) is not None:
        found[lane.number] = lane
    return found


def drain(lane: Lane, end: Mux) -> bytes:
    data = lane.out_of_inbox(None)
    end.taken(lane)
    return data


@given(st.integers(0, 2**32))
@settings(max_examples=12)
def test_whatever_is_sent_arrives_on_its_stream_in_order(seed: int) -> None:
    rng = Random(seed)
    one, other = mux(), mux(dialled=False)
    sent: dict[int, bytearray] = {0: bytearray()}
    came: dict[int, bytearray] = {0: bytearray()}
    ours = {0: one.control}
    theirs = {0: other.control}
    for _ in range(80):
        action = rng.random()
        if action < 0.15 and one.may_open():
            lane = one.open(f"channel {len(ours)}")
            ours[lane.number], sent[lane.number], came[lane.number] = lane, bytearray(), bytearray()
        elif action < 0.6:
            number, any_lane = rng.choice(list(ours.items()))
            if not any_lane.eof_queued:
                data = rng.randbytes(rng.choice((1, 100, 70_000)))
                one.put(any_lane, data)
                sent[number] += data
        elif action < 0.7:
            one.end(rng.choice([lane for lane in ours.values() if lane.number] or [Lane(9, "", 0)]))
        else:
            flush(one, other, rng)
            theirs |= arrivals(other)
            for number, lane in theirs.items():
                came[number] += drain(lane, other)
            flush(other, one, rng)
    for _ in range(60):
        flush(one, other)
        theirs |= arrivals(other)
        for number, lane in theirs.items():
            came[number] += drain(lane, other)
        flush(other, one)
    assert came == sent
    assert all(theirs[number].eof_received is lane.eof_queued for number, lane in ours.items())


def test_a_sender_stops_at_the_window_and_goes_on_when_it_is_read() -> None:
    one, other = mux(), mux(dialled=False)
    one.put(one.control, bytes(CONTROL_WINDOW_BYTES + 100))
    flush(one, other)
    assert (other.control.held, one.control.queued) == (CONTROL_WINDOW_BYTES, 100)
    drain(other.control, other)
    flush(other, one)
    flush(one, other)
    assert other.control.held == 100


def test_what_nobody_has_accepted_may_hold_little() -> None:
    one, other = mux(), mux(dialled=False)
    for number in range(CHANNELS_MAX):
        one.put(one.open(f"blob {number}"), bytes(4_000 * KIB))
    held = flush(one, other)
    assert held < (CHANNELS_MAX + 1) * 64 * KIB
    assert other.accept() is not None
    flush(other, one)
    assert flush(one, other) <= 2_049 * KIB


def test_tiny_records_take_no_more_memory_than_large_ones() -> None:
    one = mux(dialled=False)
    tiny = record(Kind.DATA, 0, b"x") * 10_000
    for _ in range(10):
        assert one.received(tiny) == 10_000
    assert one.control.held == 100_000
    held = one.control._inbox
    assert sum(map(sys.getsizeof, held)) + sys.getsizeof(held) < 150_000


def test_urgent_things_go_first_and_bulk_gets_its_eighth() -> None:
    one, other = mux(), mux(dialled=False)
    bulk = one.open("bulk")
    flush(one, other)
    assert other.accept() is not None
    flush(other, one)
    one.put(one.control, bytes(4_000 * KIB))
    one.put(bulk, bytes(500 * KIB))
    one.ping(7)
    reader = RecordReader()
    records = list(reader.records(b"".join(one.batch(2_000 * KIB))))
    assert records[0].kind is Kind.PING
    numbers = [each.channel for each in records if each.kind is Kind.DATA]
    assert numbers[:24].count(bulk.number) == 3


def test_a_close_comes_after_what_was_queued_and_says_why() -> None:
    one, other = mux(), mux(dialled=False)
    one.put(one.control, b"last words")
    one.close(WireClosed(Why.STOPPING, "the node stops"))
    flush(one, other)
    assert drain(other.control, other) == b"last words"
    assert other.closed_by is not None
    assert (other.closed_by.why, other.closed_by.words, other.closed_by.by_peer) == (
        Why.STOPPING,
        "the node stops",
        True,
    )
    assert one.said_all
    assert one.batch(1) == []


def test_a_reason_of_a_later_version_is_no_fault() -> None:
    assert closed_by(b"bored\0of you\x1b[31m").why is Why.DONE
    assert closed_by(b"bored\0of you\x1b[31m").words == "of you\N{REPLACEMENT CHARACTER}[31m"
    assert closed_by(b"\xff\xff").words == ""
    assert closed_by(close_body(WireClosed(Why.FULL, "x" * 1_000))).words == "x" * 400


def feed(end: Mux, data: bytes, size: int) -> None:
    for start in range(0, len(data), size):
        end.received(data[start : start + size])


def opened(*records: bytes) -> bytes:
    return b"".join((record(Kind.OPEN, 1, b"x"), *records))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\0" + bytes(7), "no records of kind 0"),
        (b"\x0b" + bytes(7), "no records of kind 11"),
        (b"\x02" + bytes(4) + b"\x01\x00\x01", "DATA came with 65537 bytes"),
        (b"\x02" + bytes(7), "DATA came with 0 bytes"),
        (b"\x07" + bytes(4) + b"\0\0\x07" + bytes(7), "PING came with 7 bytes"),
        (b"\x07" + b"\0\0\0\x01" + b"\0\0\x08" + bytes(8), "PING came on channel 1"),
        (b"\x03" + bytes(7), "END came on channel 0"),
        (record(Kind.DATA, 1, b"x"), "no channel 1 yet"),
        (record(Kind.DATA, 2, b"x"), "no channel 2 yet"),
        (record(Kind.OPEN, 2, b"x"), "not the peer's to open"),
        (opened() + opened(), "not the peer's to open"),
        (record(Kind.OPEN, 3, b"x") + record(Kind.OPEN, 1, b"x"), "not the peer's to open"),
        (b"".join(record(Kind.OPEN, 1 + 2 * number, b"x") for number in range(17)), "more than 16 channels"),
        (record(Kind.OPEN, 1, b"\xff"), "unreadable"),
        (record(Kind.OPEN, 1, b"a\nb"), "unreadable"),
        (record(Kind.OPEN, 1, b"a" * 257), "unreadable"),
        (record(Kind.CREDIT, 0, bytes(4)), "credit of 0"),
        (record(Kind.CREDIT, 0, b"\x04\0\0\0"), "credit of 67108864"),
        (opened(record(Kind.END, 1), record(Kind.END, 1)), "second end"),
        (opened(record(Kind.END, 1), record(Kind.DATA, 1, b"x")), "after the end"),
        (opened(*(record(Kind.DATA, 1, bytes(65_536)) for _ in range(2))), "than there was credit"),
        (b"".join(record(Kind.DATA, 0, bytes(65_536)) for _ in range(65)), "than there was credit"),
        (record(Kind.WELCOME), "WELCOME"),
    ],
)
def test_who_breaks_the_rules_is_found_out(data: bytes, words: str) -> None:
    for size in (len(data), 1) if len(data) < 10_000 else (len(data),):
        with pytest.raises(RecordFault, match=words):
            feed(mux(dialled=False), data, size)


def test_late_words_about_a_channel_that_is_over_are_no_fault() -> None:
    one, other = mux(), mux(dialled=False)
    lane = one.open("blob")
    flush(one, other)
    taken = other.accept()
    assert taken is not None
    other.reset(taken, "no")
    one.put(lane, b"on its way")
    flush(one, other)
    flush(other, one)
    assert lane.closed is not None
    assert isinstance(lane.closed, ChannelClosed)
    assert (one.channels, other.channels) == (0, 0)


@given(st.integers(0, 2**32))
@settings(max_examples=40)
def test_noise_is_refused_or_means_nothing(seed: int) -> None:
    rng = Random(seed)
    one = mux(dialled=False)
    kinds = [*range(12)]
    with suppress(RecordFault):
        for _ in range(200):
            body = rng.randbytes(rng.choice((0, 1, 4, 8, 300)))
            channel = rng.choice((0, 1, 2, 3, 5, 2**31))
            head = bytes([rng.choice(kinds)]) + channel.to_bytes(4, "big") + len(body).to_bytes(3, "big")
            one.received(head + body)
            lane = one.accept()
            if lane is not None and rng.random() < 0.3:
                one.leave(lane)
            one.batch(1 << 16)
            assert one.channels <= 2 * CHANNELS_MAX


def test_a_record_may_come_in_any_pieces() -> None:
    data = record(Kind.OPEN, 1, b"x") + record(Kind.DATA, 1, b"abc") + record(Kind.PONG, 0, bytes(8))
    for cut in range(len(data) + 1):
        reader = RecordReader()
        assert [*reader.records(data[:cut]), *reader.records(data[cut:])] == [
            Record(Kind.OPEN, 1, b"x"),
            Record(Kind.DATA, 1, b"abc"),
            Record(Kind.PONG, 0, bytes(8)),
        ]


def test_the_published_records_are_what_this_code_says_and_understands() -> None:
    written = json.loads((FOLDER / "records.json").read_text())["records"]
    reader = RecordReader()
    read = [each for row in written for each in reader.records(bytes.fromhex(row["record"]))]
    assert tuple(read) == RECORDS
    assert {row["kind"] for row in written} == {kind.name for kind in Kind}
    assert [record(each.kind, each.channel, each.body).hex() for each in read] == [row["record"] for row in written]
