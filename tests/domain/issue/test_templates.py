"""Issue templates are read as people write them, and whatever a file holds, something usable comes of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.issue.templates import Template, read
from domain.words import characters_problem, line_problem

BUG = b"""---
# Ours.
name: Bug   # what is broken
about: 'It doesn''t work'
title: "Bug: "
labels: [bug, "help wanted", 'a, b']
assignees:
  - kay
  - "@eve"
colour: red
---

What did you do?
"""


def test_a_template_with_everything() -> None:
    assert read(".github/ISSUE_TEMPLATE/bug.md", BUG) == Template(
        file=".github/ISSUE_TEMPLATE/bug.md",
        name="Bug",
        about="It doesn't work",
        title="Bug: ",
        labels=("bug", "help wanted", "a, b"),
        assignees=("kay", "eve"),
        body="What did you do?\n",
    )


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("labels: bug, help wanted", ("bug", "help wanted")),
        ("labels: ''", ()),
        ("labels:", ()),
        ("labels: []", ()),
        ("labels: [bug", ()),
        ("Labels: bug", ("bug",)),
        ("labels:\n- bug\n- bug\n- ui", ("bug", "ui")),
        ("labels: 'bug, ui'", ("bug", "ui")),
        ("labels: C#", ("C#",)),
        ("labels: bug # not ui", ("bug",)),
    ],
)
def test_labels_as_people_write_them(text: str, labels: tuple[str, ...]) -> None:
    assert read("a.md", f"---\n{text}\n---\nbody".encode()).labels == labels


@pytest.mark.parametrize("text", ["What?", "--- \nno end", "----\nname: x\n---\n", " ---\nname: x\n---\n", ""])
def test_without_lines_in_front_all_of_it_is_the_body(text: str) -> None:
    assert read("x/bug report.md", text.encode()) == Template("x/bug report.md", "bug report", body=text)


def test_line_ends_and_marks_of_other_systems() -> None:
    assert read("a.md", BUG.replace(b"\n", b"\r\n")) == read("a.md", b"\xef\xbb\xbf" + BUG) == read("a.md", BUG)


@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: f"---\n{text}\n---\n{text}".encode()))
def test_what_comes_of_any_bytes_can_be_used(data: bytes) -> None:
    found = read("a.md", data)
    for text in (found.name, *found.labels, *found.assignees):
        assert not line_problem(text, "")
    for text in (found.about, found.title.rstrip()):
        assert not text or not line_problem(text, "")
    assert not characters_problem(found.body, "")
