"""Ids in and out, and what may be one segment of a URL."""

from __future__ import annotations

import pytest

from domain.errors import InvalidInput
from domain.ids import is_hex_id, is_segment, parse_event_id, parse_stream_id

GOOD = "0123456789abcdef" * 4
BAD = ["", GOOD[:-1], GOOD + "0", GOOD.upper(), GOOD + "\n", " " + GOOD[1:], "g" * 64, "٠" * 64, "0x" + GOOD[2:]]


def test_an_id_is_64_hex_digits() -> None:
    assert parse_event_id(GOOD).hex() == GOOD
    assert parse_stream_id(GOOD).hex() == GOOD
    assert is_hex_id(GOOD)


@pytest.mark.parametrize("text", BAD)
def test_anything_else_is_none(text: str) -> None:
    assert not is_hex_id(text)
    with pytest.raises(InvalidInput):
        parse_event_id(text)


@pytest.mark.parametrize("text", ["a", "A-b_c.9", "...", "a.github", "git", "x" * 64, ".hidden", "a.git.b"])
def test_segments(text: str) -> None:
    assert is_segment(text)


@pytest.mark.parametrize(
    "text", ["", ".", "..", "a.git", ".git", "a/b", "a b", "é", "a\n", "x" * 65, "a%2f", "~", "a?"]
)
def test_no_segments(text: str) -> None:
    assert not is_segment(text)
