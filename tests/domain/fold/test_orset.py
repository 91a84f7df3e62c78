"""A set: a removal takes away the additions it names, and no others."""

from __future__ import annotations

from domain.fold.orset import ObservedSet
from domain.ids import EventId

A, B, C = (EventId(bytes([number]) * 32) for number in (1, 2, 3))


def test_members_are_sorted_and_know_who_added_them() -> None:
    names: ObservedSet[str] = ObservedSet()
    names.add("b", B)
    names.add("a", A)
    names.add("b", A)
    assert names.members == ["a", "b"]
    assert names.observed("b") == [A, B]
    assert names.observed("c") == []


def test_a_removal_takes_what_was_observed() -> None:
    names: ObservedSet[str] = ObservedSet()
    names.add("a", A)
    names.remove("a", [A])
    assert names.members == []


def test_a_concurrent_addition_stays() -> None:
    names: ObservedSet[str] = ObservedSet()
    names.add("a", A)
    names.add("a", B)
    names.remove("a", [A])
    assert names.members == ["a"]
    assert names.observed("a") == [B]


def test_a_removal_of_what_is_not_there() -> None:
    names: ObservedSet[str] = ObservedSet()
    names.remove("a", [A])
    names.add("a", B)
    names.remove("a", [C])
    names.remove("b", [B])
    assert names.members == ["a"]


def test_a_member_can_come_back() -> None:
    names: ObservedSet[str] = ObservedSet()
    names.add("a", A)
    names.remove("a", [A])
    names.add("a", C)
    assert names.observed("a") == [C]
