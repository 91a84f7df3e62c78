"""Texts: plain, merged, stranded, reset, and what they may cost. The laws are in tests/laws."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.fold import text as text_module
from domain.fold.merged import MergedText, Splice, fits
from domain.fold.text import Text, splices_between
from domain.ids import EventId
from domain.limits import DOCUMENT_CHARS_MAX, DOCUMENT_EDITS_MAX, DOCUMENT_MERGE_STEPS_MAX
from tests.laws.texts import _event

if TYPE_CHECKING:
    from collections.abc import Sequence


def name(number: int) -> EventId:
    return EventId(hashlib.sha256(b"%d" % number).digest())


def opened(opening: str) -> Text:
    text = Text()
    text.open(_event(name(0)), opening)
    return text


def edit(text: Text, number: int, base: Sequence[int], *splices: tuple[int, int, str]) -> str:
    return text.edit(_event(name(number)), [name(each) for each in base], [Splice(*splice) for splice in splices])


def test_a_fresh_text_is_what_it_was_opened_with() -> None:
    text = opened("Hello")
    assert (text.value, text.present, text.edited) == ("Hello", True, False)
    assert text.heads == text.roots == [name(0)]


def test_an_unopened_text_is_empty() -> None:
    text = Text()
    assert (text.value, text.present, text.heads, text.roots) == ("", False, [], [])
    assert edit(text, 1, [0], (0, 0, "x")) == ""
    assert list(text.stranded) == [name(1)]


def test_splices_follow_one_another() -> None:
    text = opened("abc")
    assert edit(text, 1, [0], (0, 1, "xyz"), (3, 1, ""), (0, 0, ">")) == ""
    assert text.value == ">xyzc"


def test_positions_count_code_points() -> None:
    text = opened("é😀e\u0301語")
    edit(text, 1, [0], (1, 1, "🐞🐞"))
    assert text.value == "é🐞🐞e\u0301語"
    edit(text, 2, [0], (5, 0, "!"))
    assert text.value == "é🐞🐞e\u0301語!"


def test_concurrent_edits_both_count() -> None:
    text = opened("The cat sat.")
    edit(text, 1, [0], (4, 3, "dog"))
    edit(text, 2, [0], (11, 1, " down!"))
    assert text.value == "The dog sat down!"
    assert text.heads == sorted([name(1), name(2)])
    edit(text, 3, [1, 2], (0, 3, "A"))
    assert text.value == "A dog sat down!"
    assert text.heads == [name(3)]


def test_an_edit_whose_base_is_missing_is_stranded() -> None:
    text = opened("abc")
    assert edit(text, 1, [7], (0, 0, "x")) == ""
    assert edit(text, 2, [0, 7], (0, 0, "x")) == ""
    assert edit(text, 3, [], (0, 0, "x")) == ""
    assert text.value == "abc"
    assert set(text.stranded) == {name(1), name(2), name(3)}
    assert edit(text, 4, [1], (0, 0, "x")) == ""
    assert name(4) in text.stranded, "and so is what hangs on it"


@pytest.mark.parametrize("splices", [[(4, 0, "x")], [(0, 4, "")], [(3, 1, "")], [(0, 2, ""), (1, 1, "")]])
def test_an_edit_that_does_not_fit_is_stranded(splices: list[tuple[int, int, str]]) -> None:
    for before in ([], [(1, (0, 0, "concurrent"))]):
        text = opened("abc")
        for number, splice in before:
            edit(text, number, [0], splice)
        value = text.value
        assert edit(text, 9, [0], *splices) == ""
        assert text.value == value
        assert name(9) in text.stranded


def test_a_reset_begins_anew() -> None:
    text = opened("old")
    edit(text, 1, [0], (3, 0, "er"))
    text.open(_event(name(2)), "new", [name(1)])
    assert text.value == "new"
    assert text.rivals == []
    assert text.roots == [name(2)]
    edit(text, 3, [1], (0, 0, "x"))
    assert text.value == "new"
    assert name(3) in text.stranded


def test_concurrent_resets_are_rivals_until_one_names_both() -> None:
    text = opened("old")
    text.open(_event(name(1)), "one", [name(0)])
    text.open(_event(name(2)), "two", [name(0)])
    assert text.value == "two"
    assert text.rivals == [(name(1), "one"), (name(2), "two")]
    edit(text, 3, [1], (3, 0, "!"))
    assert text.rivals == [(name(1), "one!"), (name(2), "two")]
    text.open(_event(name(4)), "both", text.roots)
    assert (text.value, text.rivals) == ("both", [])


def test_a_document_holds_a_mebibyte_of_characters() -> None:
    text = opened("x" * 100)
    chunk = "y" * 49_152
    number = 0
    while not edit(text, number + 1, [number], (0, len(chunk) if number else 0, chunk)):
        number += 1
    assert number == (DOCUMENT_CHARS_MAX - 100) // len(chunk), "cut characters count: they were written"
    left = DOCUMENT_CHARS_MAX - 100 - number * len(chunk)
    assert edit(text, 90, [number], (0, 0, "z" * (left + 1))) == "too-large"
    assert edit(text, 91, [number], (0, 0, "z" * left)) == ""
    assert edit(text, 92, [91], (0, 0, "z")) == "too-large"
    assert edit(text, 93, [91], (0, 1, "")) == "", "cutting is always possible"
    assert edit(text, 94, [92], (0, 1, "")) == ""
    assert name(94) in text.stranded, "an edit on a void one has no base"


def test_a_document_takes_2000_edits() -> None:
    text = opened("")
    for number in range(1, DOCUMENT_EDITS_MAX + 1):
        assert edit(text, number, [number - 1], (0, 0, "x")) == ""
    assert len(text.value) == DOCUMENT_EDITS_MAX
    assert edit(text, 9_999, [DOCUMENT_EDITS_MAX], (0, 0, "x")) == "too-large"


def test_merging_is_bounded() -> None:
    """Each concurrent edit costs what the document holds; their sum has an end, edits in turn have none of it."""
    text = opened("x" * 40_000)
    number = 0
    while not edit(text, number + 1, [0], (0, 0, "y")):
        number += 1
        if number == 3:
            break
    document = text._documents[0]
    assert document._steps_merged == sum(40_000 + n + 1 for n in (1, 2))
    document._steps_merged = DOCUMENT_MERGE_STEPS_MAX - document.steps - 1
    assert edit(text, 10, [0], (0, 0, "yy")) == "too-large"
    assert edit(text, 11, [0], (0, 0, "y")) == ""
    assert edit(text, 12, [0], (0, 0, "y")) == "too-large"
    assert edit(text, 13, [1, 2, 3, 11], (0, 0, "z" * 1000)) == "", "one on top of all is free"


def test_cuts_count_as_steps() -> None:
    """2,000 concurrent edits of a few bytes, each of which cuts the whole text, would take minutes."""
    text = opened("x" * 1_000)
    edit(text, 1, [0], (0, 0, "y"))
    assert edit(text, 2, [0], *[(0, DOCUMENT_CHARS_MAX, "")] * 4) == "too-large"


def test_both_ways_of_editing_alone_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cheaper way is this node's own choice, so it must not show."""
    values = []
    for copies_max in (1 << 30, 20, -1):
        monkeypatch.setattr(text_module, "_PLAIN_COPIES_MAX", copies_max)
        text = opened("é😀")
        for number in range(1, 20):
            edit(text, number, [number - 1], (number % 3, 1 if number % 4 == 0 else 0, "語a"))
        edit(text, 50, [3], (0, 1, "<"))
        values.append((text.value, text.heads, dict(text.stranded)))
    assert values[0] == values[1] == values[2]


def test_automerge_gets_its_actor_from_the_event() -> None:
    """What each node makes of an edit is the same bytes: no clock, no randomness."""
    saved = []
    for _ in range(2):
        merged = MergedText(name(0), "abc")
        merged.append(name(1), [Splice(0, 1, "x")])
        merged.merge(name(2), [name(0)], [Splice(3, 0, "y")])
        saved.append((merged._document.save(), merged.text))
    assert saved[0] == saved[1]
    assert saved[0][1] == "xbcy"


def test_fits() -> None:
    assert fits(3, [Splice(3, 0, "x"), Splice(4, 0, ""), Splice(0, 4, "")])
    assert not fits(3, [Splice(0, 0, "x"), Splice(5, 0, "")])
    assert fits(0, [])


@given(st.text("ab😀", max_size=12), st.text("ab😀", max_size=12))
@example("", "")
@example("aa", "a")
@example("aba", "ababa")
def test_splices_between(old: str, new: str) -> None:
    splices = splices_between(old, new)
    assert len(splices) == (old != new)
    text = opened(old)
    if splices:
        assert edit(text, 1, [0], *splices) == ""
    assert text.value == new
    written: Any = sum(len(splice.text) + splice.delete for splice in splices)
    assert written <= len(old) + len(new)
