"""The search language: what is written is read back, odd text is a text or a fault, and a fault says where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidInput
from domain.issue.search import FIELDS, TERMS_MAX, Query, Term, parse, write
from domain.words import characters_problem

_ALPHABET = st.sampled_from('ab:"\\ -#/\t\n@é語😀') | st.characters(exclude_categories=("Cs", "Cc"))
_WORDS = st.text(_ALPHABET, min_size=1, max_size=12).filter(
    lambda text: bool(text.strip()) and not characters_problem(text, "")
)


def _field(name: str) -> st.SearchStrategy[Term]:
    values = st.sampled_from(FIELDS[name]) if FIELDS[name] else _WORDS
    if name == "number":
        values = st.integers(1, 2**31 - 1).map(str)
    can_turn = name not in {"state", "in", "sort", "repo"}
    return st.builds(Term, values, st.just(name), st.booleans() if can_turn else st.just(False))


_TERMS = st.builds(Term, _WORDS, st.just(""), st.booleans()) | st.sampled_from(list(FIELDS)).flatmap(_field)
_QUERIES = st.lists(_TERMS, max_size=6, unique_by=lambda term: term.field or term).map(
    lambda terms: Query(tuple(terms))
)


@given(_QUERIES)
def test_what_is_written_is_read_back(query: Query) -> None:
    assert parse(write(query)) == query


@given(st.text(_ALPHABET, max_size=60) | st.text(max_size=40) | _QUERIES.map(lambda query: write(query)[:-1]))
def test_any_text_is_a_query_or_a_fault_that_helps(text: str) -> None:
    try:
        query = parse(text)
    except InvalidInput:
        return
    assert parse(write(query)) == query


def test_every_sort_of_term() -> None:
    text = 'is:open LABEL:bug -label:"help wanted" author:@me no:assignee in:title number:#012 Sort:Updated-Asc'
    assert parse(f'{text} "two words" -crash').terms == (
        Term("open", "is"),
        Term("bug", "label"),
        Term("help wanted", "label", negated=True),
        Term("@me", "author"),
        Term("assignee", "no"),
        Term("title", "in"),
        Term("12", "number"),
        Term("updated-asc", "sort"),
        Term("two words"),
        Term("crash", negated=True),
    )


@pytest.mark.parametrize(
    "text", ["std::vector", "https://example.org/x", "Error:", "12:30", "-", "--mine", "a-b", 'say"hi', "é:x", ":x"]
)
def test_what_is_no_field_is_text(text: str) -> None:
    assert parse(text) == Query((Term(text),))


@pytest.mark.parametrize(
    ("text", "where", "allowed"),
    [
        ("dust colour:red", "at character 6", "label:"),
        ("is:ajar", "is:ajar", "is:open, is:closed"),
        ("a label:", "at character 3", 'label:"help wanted"'),
        ('label:""', "no value", "label:bug"),
        ('  "open', "at character 3", '\\"'),
        ('"a"b', "closing quotes", "spaces"),
        ("number:0", "number:0", "number:12"),
        ("number:٣", "number", "number:12"),
        ("-sort:created-asc", "-sort:", "without the minus"),
        ("sort:created-asc sort:created-asc", "at character 18", "once"),
        ('""', "between the quotes", "words"),
        ("x " * (TERMS_MAX + 1), f"over {TERMS_MAX}", "less"),
        ("author: kay", "author: has no value", "author:@me"),
    ],
)
def test_a_fault_says_where_and_what_is_allowed(text: str, where: str, allowed: str) -> None:
    with pytest.raises(InvalidInput) as fault:
        parse(text)
    assert fault.value.field == "q"
    assert where in fault.value.message
    assert allowed in fault.value.hint
