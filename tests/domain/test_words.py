"""What text may hold: one line, a body, and the characters that lie about how they look."""

from __future__ import annotations

import unicodedata
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import words
from domain.limits import BODY_BYTES_MAX, BODY_CHARS_MAX, TITLE_CHARS_MAX
from domain.words import body_problem, line_problem

CONTROLS = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0))]
OVERRIDES = list("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
MARKS = list("\u200e\u200f\u061c")
SEPARATORS = list("\u2028\u2029")
GOOD_LINES = [
    "a",
    "Fix the Ünïcode 語 bug 🐞",
    "x" * 300,
    "a  b",
    "العربية",
    "עברית",
    "a\u200db",
    "e\u0301",
    "\ufeffa",
    "{}<>&'\"",
]


@pytest.mark.parametrize("text", GOOD_LINES)
def test_good_lines(text: str) -> None:
    assert line_problem(text, "title") == ""
    assert body_problem(text, "body") == ""


@pytest.mark.parametrize("text", ["", " ", "\u00a0", "\u3000 ", " a", "a ", "\u2003a", "a\n"])
def test_lines_are_not_empty_and_have_no_loose_ends(text: str) -> None:
    assert line_problem(text, "title")


@pytest.mark.parametrize("char", [*CONTROLS, *OVERRIDES, *MARKS, *SEPARATORS, "\ud800"], ids=ascii)
def test_a_line_holds_none_of_these(char: str) -> None:
    problem = line_problem(f"a{char}b", "title")
    assert problem.startswith("title holds ")
    assert char not in problem, "the message is shown to people too"


@pytest.mark.parametrize(
    "char", [char for char in CONTROLS if char not in "\t\n\r"] + OVERRIDES + ["\ud800", "\udfff"], ids=ascii
)
def test_a_body_holds_none_of_these(char: str) -> None:
    assert body_problem(f"a{char}b", "body").startswith("body holds ")


@pytest.mark.parametrize("char", ["\t", "\n", "\r", *MARKS, *SEPARATORS], ids=ascii)
def test_a_body_may_hold_line_structure_and_marks(char: str) -> None:
    assert body_problem(f"a{char}b", "body") == ""


def test_bodies_are_bounded_in_bytes() -> None:
    assert body_problem("x" * BODY_BYTES_MAX, "body") == ""
    assert body_problem("x" * (BODY_BYTES_MAX + 1), "body")
    assert body_problem("語" * (BODY_BYTES_MAX // 3 + 1), "body")


@given(st.text(max_size=60))
def test_no_bidi_control_ever_passes_a_line(text: str) -> None:
    if line_problem(text, "title") == "":
        controls = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
        assert not controls & {unicodedata.bidirectional(char) for char in text}
        assert not {"Cc", "Cs", "Zl", "Zp"} & {unicodedata.category(char) for char in text}


def _takes(field: Any, value: object) -> bool:
    try:
        msgspec.convert(value, field, builtin_types=(bytes,))
    except msgspec.ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        (
            words.Id,
            [b"x" * 32],
            [b"", b"x" * 31, b"x" * 33, "x" * 32, "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg=", None],
        ),
        (words.Title, ["a", "x" * TITLE_CHARS_MAX, "語" * TITLE_CHARS_MAX], ["", "x" * (TITLE_CHARS_MAX + 1), b"a", 1]),
        (words.Body, ["", "x" * BODY_CHARS_MAX], ["x" * (BODY_CHARS_MAX + 1), None]),
        (words.Colour, ["00ff7a"], ["00FF7A", "00ff7", "00ff7aa", "00ff7a\n", "#00ff7", "", b"00ff7a"]),
        (words.Oid, [b"x" * 20], [b"x" * 19, b"x" * 32, "x" * 20]),
        (words.Count, [0, 2**31], [-1, 2**31 + 1, True, 1.0, "1"]),
        (words.Replaces, [[], [b"x" * 32] * 256], [[b"x" * 32] * 257, [b"x"], (1,), None]),
    ],
    ids=["id", "title", "body", "colour", "oid", "count", "replaces"],
)
def test_field_types(field: Any, good: list[object], bad: list[object]) -> None:
    assert [value for value in good if not _takes(field, value)] == []
    assert [value for value in bad if _takes(field, value)] == []
