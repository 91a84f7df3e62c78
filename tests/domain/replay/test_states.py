"""Which states are kept: so many, of so many bytes, those used last; what hardly changes goes first."""

from __future__ import annotations

import pytest

from domain.comment.state import CommentState
from domain.issue.state import IssueState
from domain.replay.states import STATES_BYTES_MAX, STATES_MAX, STATES_MIN, Folded, States

A, B, C, D = b"a" * 32, b"b" * 32, b"c" * 32, b"d" * 32


def folded(key: bytes, payload_bytes: int = 0, *, settled: bool = False) -> Folded:
    return Folded(CommentState(key) if settled else IssueState(key), (1, key), payload_bytes)


def held(states: States) -> list[bytes]:
    return [key for key in (A, B, C, D) if states.find(key) is not None]


def test_those_used_last_stay() -> None:
    states = States(states_max=2)
    for key in (A, B):
        states.keep(key, folded(key))
    assert states.find(A) is not None
    states.keep(C, folded(C))
    assert held(states) == [A, C]


def test_what_is_taken_is_here_no_more_until_it_is_kept() -> None:
    states = States()
    one = folded(A, 5)
    states.keep(A, one)
    assert states.take(A) is one
    assert states.take(A) is None
    assert states.find(A) is None
    states.keep(A, one)
    assert states.find(A) is one.state
    with pytest.raises(AssertionError):
        states.keep(A, one)


def test_what_is_settled_goes_first() -> None:
    states = States(states_max=2)
    states.keep(A, folded(A))
    states.keep(B, folded(B, settled=True))
    states.keep(C, folded(C))
    assert held(states) == [A, C]


def test_no_more_than_so_many_bytes() -> None:
    """To the byte, also after states grew, were taken, and all were dropped."""
    states = States(bytes_max=100, states_min=1)
    for key in (A, B):
        states.keep(key, folded(key, 50))
    assert held(states) == [A, B]
    grown = states.take(A)
    assert grown is not None
    grown.payload_bytes += 1
    states.keep(A, grown)
    assert held(states) == [A]
    states.take(A)
    for key in (B, C):
        states.keep(key, folded(key, 50))
    assert held(states) == [B, C]
    states.keep(D, folded(D, 1))
    assert held(states) == [C, D]
    states.keep(B, folded(B, 49))
    assert held(states) == [B, C, D]
    states.clear()
    assert held(states) == []
    for key in (A, B):
        states.keep(key, folded(key, 50))
    assert held(states) == [A, B]


def test_some_stay_whatever_they_weigh() -> None:
    """An entity in use is not folded from its whole history for each event."""
    states = States(bytes_max=100, states_min=2)
    for key in (A, B, C):
        states.keep(key, folded(key, 1_000))
    assert held(states) == [B, C]


def test_the_limits() -> None:
    assert (STATES_MAX, STATES_BYTES_MAX, STATES_MIN) == (8_192, 67_108_864, 64)
    assert folded(A).payload_bytes == 0
    assert Folded(IssueState(A), (1, A)).payload_bytes == 0
