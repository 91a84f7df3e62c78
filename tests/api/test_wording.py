"""Fields that are off are told in words, not in types of the program."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Any, Literal

import msgspec
import pytest

from api.wording import plain


def said(wanted: Any, value: Any) -> str:
    with pytest.raises(msgspec.ValidationError) as fault:
        msgspec.convert(value, wanted)
    return plain(str(fault.value))


class Thing(msgspec.Struct):
    name: str


def test_what_msgspec_says_is_told_in_words() -> None:
    assert said(Annotated[str, msgspec.Meta(min_length=1)], "") == "must not be empty"
    assert said(Annotated[str, msgspec.Meta(min_length=2)], "") == "takes at least 2 characters"
    assert said(Annotated[str, msgspec.Meta(max_length=1000)], "x" * 1001) == "takes at most 1,000 characters"
    assert said(Annotated[list[str], msgspec.Meta(max_length=1)], ["x", "y"]) == "takes at most 1 entries"
    assert said(Annotated[str, msgspec.Meta(pattern="^[a-z]$")], "A") == "does not match ^[a-z]$"
    assert said(Annotated[str, msgspec.Meta(pattern="^[A-Z._-]+$")], "a") == "may hold only A-Z._-"
    assert said(str, 3) == "must be a string, not a whole number"
    assert said(str | None, []) == "must be a string or null, not a list"
    assert said(Thing, {}) == "name is missing"
    assert plain("'data'") == "the body is missing"
    assert plain("something new") == "something new"


class Size(Enum):
    SMALL = "s"
    LARGE = "l"


class Order(msgspec.Struct):
    size: Size
    colour: Annotated[Literal["", "red"] | None, msgspec.Meta(description="of it")] = None
    parts: list[Order] = msgspec.field(name="of", default_factory=list["Order"])


def test_what_may_be_chosen_is_listed() -> None:
    for value, field, words in (
        ({"size": "x"}, "size", "must be 's' or 'l', not 'x'"),
        ({"size": "s", "colour": "x"}, "colour", "must be 'red', not 'x'"),
        ({"size": "s", "of": [{"size": "x"}]}, "of[0].size", "must be 's' or 'l', not 'x'"),
    ):
        with pytest.raises(msgspec.ValidationError) as fault:
            msgspec.convert(value, Order)
        message, _, where = str(fault.value).partition(" - at `$.")
        assert where.rstrip("`") == field
        assert plain(message, Order, field) == words
        assert plain(message, Order, "elsewhere") == message
        assert plain(message) == message
