"""What crosses the socket between an HTTP worker and the writer comes out as it went in, however it is cut."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.actor import ANONYMOUS, Actor
from domain.errors import LOCAL_FAULTS, Conflict, LocalFault, TooLarge, Unavailable
from domain.ids import Did
from domain.ports_views import Answer
from gitant.writer.request import Request
from gitant.writer.wire import (
    FRAME_BYTES_MAX,
    Frames,
    WireFault,
    decode_outcome,
    decode_request,
    encode_outcome,
    encode_request,
)

OPERATOR = Actor(Did("did:key:z6MkOperator"), operator=True)
REQUESTS = (
    Request("issue.open", OPERATOR, {"repo": b"\1" * 32, "title": "täglich", "labels": ["bug"]}),
    Request("comment.add", Actor(Did("did:key:z6MkOther")), {}, (b"key", b"print")),
    Request("issue.close", ANONYMOUS, {"reason": None, "n": -1}),
)
OUTCOMES = (
    Answer(7, ("aa", "bb"), b'{"id":1}', {"outcomes": [["refs/heads/main", ""]]}, replayed=True),
    Answer(0),
    Conflict("it is closed", hint="open it again", field="state"),
)


def _requests(stream: bytes, cut: int) -> list[tuple[int, Request]]:
    frames = Frames()
    bodies = [body for at in range(0, len(stream), cut) for body in frames.feed(stream[at : at + cut])]
    return [decode_request(body) for body in bodies]


@pytest.mark.parametrize("cut", [1, 2, 3, 7, 100_000])
def test_requests_come_out_however_they_are_cut(cut: int) -> None:
    stream = b"".join(encode_request(number, request) for number, request in enumerate(REQUESTS))
    assert _requests(stream, cut) == list(enumerate(REQUESTS))


def test_trailing_bytes_wait_for_the_rest() -> None:
    whole = encode_request(1, REQUESTS[0])
    frames = Frames()
    (first,) = frames.feed(whole + whole[:9])
    (second,) = frames.feed(whole[9:])
    assert first == second == whole[4:]


def test_nothing_comes_of_nothing() -> None:
    assert Frames().feed(b"") == []


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("bytewise", [True, False])
def test_outcomes_come_out_as_they_went_in(outcome: Answer | LocalFault, bytewise: bool) -> None:
    frames = Frames()
    frame = encode_outcome(3, outcome)
    pieces = [frame[at : at + 1] for at in range(len(frame))] if bytewise else [frame]
    ((number, found),) = [decode_outcome(body) for piece in pieces for body in frames.feed(piece)]
    assert number == 3
    if isinstance(outcome, Answer):
        assert found == outcome
    else:
        assert isinstance(found, type(outcome))
        assert (found.message, found.hint, found.field) == (outcome.message, outcome.hint, outcome.field)


@pytest.mark.parametrize("code", LOCAL_FAULTS)
def test_every_fault_crosses_as_itself(code: str) -> None:
    _, found = decode_outcome(encode_outcome(1, LOCAL_FAULTS[code]("no"))[4:])
    assert type(found) is LOCAL_FAULTS[code]


def test_a_request_that_fits_no_frame_is_refused_before_it_is_sent() -> None:
    with pytest.raises(TooLarge, match=f"{FRAME_BYTES_MAX} are allowed"):
        encode_request(1, Request("issue.open", OPERATOR, {"body": "x" * FRAME_BYTES_MAX}))


def test_an_answer_that_fits_no_frame_says_that_it_was_done() -> None:
    _, found = decode_outcome(encode_outcome(1, Answer(1, doc=b"x" * FRAME_BYTES_MAX))[4:])
    assert isinstance(found, Unavailable)
    assert "it was done" in found.message


def test_a_length_over_the_limit_is_refused_before_it_is_gathered() -> None:
    with pytest.raises(WireFault, match=f"a frame of {FRAME_BYTES_MAX + 1} bytes"):
        Frames().feed((FRAME_BYTES_MAX + 1).to_bytes(4, "big"))


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {"a": 1},
        [1, "issue.open", None, False, {}],
        ["1", "issue.open", None, False, {}, None],
        [1, "issue.open", b"did", False, {}, None],
        [1, "issue.open", None, False, [], None],
        [1, "issue.open", None, False, {}, [b"key"]],
        ["refused", 1, "no-such-code", "message", "", ""],
        ["refused", 1, "conflict", "message", ""],
        ["done", 1, 1, {}, b"", {}, False],
        ["other", 1, 1, [], b"", {}, False],
    ],
)
def test_another_value_is_neither_request_nor_outcome(value: object) -> None:
    with pytest.raises(WireFault):
        decode_request(msgspec.msgpack.encode(value))
    with pytest.raises(WireFault):
        decode_outcome(msgspec.msgpack.encode(value))


@given(st.binary(max_size=64))
def test_garbage_is_a_wire_fault_and_nothing_else(data: bytes) -> None:
    for decode in (decode_request, decode_outcome):
        with pytest.raises(WireFault):
            decode(data)
