"""How often somebody may be wrong about a password: five times a minute, whoever it is about."""

from __future__ import annotations

import pytest

from api.entrance.buckets import Buckets
from api.entrance.guesses import OF_ADDRESS, WRONG_MAX, BucketGuesses
from api.faults import RateLimited

HOME, AWAY = "203.0.113.7", "2001:db8:1:2::/64"


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def guesses(clock: Clock) -> BucketGuesses:
    return BucketGuesses(Buckets.in_memory(now=clock))


def _wrong(guesses: BucketGuesses, name: str, address: str = HOME, times: int = WRONG_MAX) -> None:
    for _ in range(times):
        guesses.trying(name, address)


@pytest.mark.parametrize("pause_s", [0.0, 1.0, 10.0, 11.9])
def test_a_sixth_wrong_guess_within_a_minute_is_refused(guesses: BucketGuesses, clock: Clock, pause_s: float) -> None:
    for _ in range(WRONG_MAX):
        guesses.trying("alice", HOME)
        clock.now += pause_s
    with pytest.raises(RateLimited) as caught:
        guesses.trying("alice", HOME)
    assert 1 <= caught.value.retry_after_s <= 60
    clock.now += caught.value.retry_after_s
    guesses.trying("alice", HOME)
    with pytest.raises(RateLimited):
        guesses.trying("alice", HOME)


def test_it_is_about_one_name_from_one_address(guesses: BucketGuesses) -> None:
    _wrong(guesses, "alice")
    for name, address in (("Alice", HOME), ("ALICE", HOME)):
        with pytest.raises(RateLimited):
            guesses.trying(name, address)
    guesses.trying("alice", AWAY)
    guesses.trying("bob", HOME)


def test_a_right_one_forgets_the_wrong_ones(guesses: BucketGuesses) -> None:
    for _ in range(10):
        _wrong(guesses, "alice", times=WRONG_MAX - 1)
        guesses.trying("alice", HOME)
        guesses.right("alice", HOME)


def test_one_password_is_not_tried_with_every_name(guesses: BucketGuesses) -> None:
    for number in range(OF_ADDRESS.burst):
        guesses.trying(f"name {number}", HOME)
    with pytest.raises(RateLimited) as caught:
        guesses.trying("another", HOME)
    assert caught.value.retry_after_s >= 1
    guesses.trying("another", AWAY)


def test_who_is_always_right_is_never_refused(guesses: BucketGuesses) -> None:
    for number in range(10 * OF_ADDRESS.burst):
        guesses.trying(f"name {number % 7}", HOME)
        guesses.right(f"name {number % 7}", HOME)
