"""Budgets run out, fill again with time, and are charged whole or not at all."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.ids import Did, StreamId
from domain.moderation.budgets import DAY_MS, HOUR_MS, Allowances, Budgets, Spend

HERE, ELSEWHERE = StreamId(b"h" * 32), StreamId(b"e" * 32)
ADA, BEN = Did("did:key:ada"), Did("did:key:ben")
NOW = 1_790_000_000_000


def allowing(**given: int) -> Allowances:
    """Nothing is counted but what is given."""
    none: dict[str, Any] = dict.fromkeys(Allowances.__slots__, 0)
    return Allowances(**{**none, **given})


def test_so_many_an_hour_and_no_more() -> None:
    budgets = Budgets(allowing(events_per_hour=3))
    assert [budgets.charge(HERE, ADA, Spend(1), NOW) for _ in range(3)] == [None] * 3
    short = budgets.charge(HERE, ADA, Spend(1), NOW)
    assert short is not None
    assert short == ("3 events an hour", HOUR_MS // 3000)
    assert budgets.charge(HERE, BEN, Spend(1), NOW) is None, "whose budget is his own"
    assert budgets.charge(ELSEWHERE, ADA, Spend(1), NOW) is None, "and for each stream"
    assert budgets.charge(HERE, ADA, Spend(1), NOW + 1000 * short.again_after_s) is None
    assert budgets.charge(HERE, ADA, Spend(1), NOW + 1000 * short.again_after_s) is not None


def test_what_is_refused_costs_nothing() -> None:
    budgets = Budgets(allowing(events_per_day=10, bytes_per_day=1_000))
    assert budgets.charge(HERE, ADA, Spend(900), NOW) is None
    for _ in range(20):
        short = budgets.charge(HERE, ADA, Spend(200), NOW)
        assert short is not None
        assert short.what == "1,000 bytes a day"
    assert [budgets.charge(HERE, ADA, Spend(1), NOW) for _ in range(9)] == [None] * 9
    assert budgets.charge(HERE, ADA, Spend(1), NOW) is not None


def test_one_event_that_exceeds_a_budget_takes_it_whole() -> None:
    """A late comment on a long issue is dear, and must not be impossible."""
    budgets = Budgets(allowing(refolds_per_day=100))
    assert budgets.charge(HERE, ADA, Spend(1, refolds=50_000), NOW) is None
    assert budgets.charge(HERE, ADA, Spend(1, refolds=1), NOW) is not None
    assert budgets.charge(HERE, ADA, Spend(1), NOW) is None, "what is not late is free of that"
    assert budgets.charge(HERE, ADA, Spend(1, refolds=100), NOW + DAY_MS) is None
    assert Budgets(allowing(void_acts_per_day=1)).charge(HERE, ADA, Spend(1, void_acts=1), NOW) is None


def test_what_did_not_become_durable_is_given_back() -> None:
    budgets = Budgets(allowing(events_per_hour=2))
    budgets.charge(HERE, ADA, Spend(1), NOW)
    budgets.settle()
    budgets.charge(HERE, ADA, Spend(1), NOW)
    assert budgets.charge(HERE, ADA, Spend(1), NOW) is not None
    budgets.abandon()
    assert budgets.charge(HERE, ADA, Spend(1), NOW) is None
    assert budgets.charge(HERE, ADA, Spend(1), NOW) is not None


def test_a_clock_that_is_set_back_locks_nobody_out_for_longer() -> None:
    budgets = Budgets(allowing(events_per_hour=1))
    assert budgets.charge(HERE, ADA, Spend(1), NOW + 1_000 * DAY_MS) is None
    short = budgets.charge(HERE, ADA, Spend(1), NOW)
    assert short is not None
    assert short.again_after_s <= HOUR_MS // 1000


def test_those_who_were_quiet_for_longest_are_forgotten() -> None:
    budgets = Budgets(allowing(events_per_hour=1), principals_max=2)
    for name in ("a", "b", "c"):
        assert budgets.charge(HERE, Did(name), Spend(1), NOW) is None
    assert budgets.charge(HERE, Did("c"), Spend(1), NOW) is not None
    assert budgets.charge(HERE, Did("a"), Spend(1), NOW) is None


@given(st.lists(st.integers(0, HOUR_MS), max_size=60))
def test_no_hour_has_more_than_twice_what_is_allowed(pauses: list[int]) -> None:
    """A full budget and what it wins back meanwhile: no more, however the events are spread."""
    budgets, now, taken = Budgets(allowing(events_per_hour=5)), NOW, list[int]()
    for pause in pauses:
        now += pause
        if budgets.charge(HERE, ADA, Spend(1), now) is None:
            taken.append(now)
    assert all(sum(start <= each < start + HOUR_MS for each in taken) <= 10 for start in taken)
