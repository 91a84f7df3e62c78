"""A register: one value, or a conflict to see and settle."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from domain.fold.register import Register


def event(number: int) -> Any:
    """As much of an event as a register looks at."""
    return SimpleNamespace(id=bytes([number]) * 32, lamport=number, author=f"did:key:{number}")


def ids(*numbers: int) -> list[bytes]:
    return [event(number).id for number in numbers]


def test_one_value() -> None:
    register: Register[str] = Register()
    register.write(event(1), "a")
    assert register.value == "a"
    assert register.shown.author == "did:key:1"
    assert register.heads == ids(1)
    assert register.conflict == ()


def test_a_write_that_replaces() -> None:
    register: Register[str] = Register()
    register.write(event(1), "a")
    register.write(event(2), "b", ids(1))
    assert register.value == "b"
    assert register.heads == ids(2)


def test_concurrent_writes_are_a_conflict_and_the_greatest_shows() -> None:
    register: Register[str] = Register()
    register.write(event(1), "a")
    register.write(event(2), "b", ids(1))
    register.write(event(3), "c", ids(1))
    assert register.value == "c"
    assert [(write.event, write.value) for write in register.conflict] == [(ids(2)[0], "b"), (ids(3)[0], "c")]
    assert register.heads == ids(2, 3)
    register.write(event(4), "d", register.heads)
    assert register.value == "d"
    assert register.conflict == ()


def test_settling_a_part_leaves_the_rest() -> None:
    register: Register[str] = Register()
    for number in (1, 2, 3):
        register.write(event(number), str(number))
    register.write(event(4), "4", ids(1, 3))
    assert register.heads == ids(2, 4)


def test_equal_values_are_no_conflict_to_a_person() -> None:
    register: Register[bool] = Register()
    register.write(event(1), True)
    register.write(event(2), True)
    assert register.conflict == ()
    assert register.heads == ids(1, 2)
    register.write(event(3), False)
    assert len(register.conflict) == 3


def test_naming_what_never_was_replaces_nothing() -> None:
    register: Register[str] = Register()
    register.write(event(2), "b", ids(9))
    register.write(event(3), "c", ids(9))
    assert register.heads == ids(2, 3)


def test_what_is_replaced_before_it_comes_stands() -> None:
    """A write can only take the place of one that sorts before it."""
    register: Register[str] = Register()
    register.write(event(1), "a", ids(2))
    register.write(event(2), "b")
    assert register.heads == ids(1, 2)
