"""Markdown by the examples of CommonMark and of GitHub's additions to it; what is meant to differ is listed."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import Final

import msgspec
import pytest

from api.pages import markdown
from api.pages.markdown import rendered
from tests.api.pages.normal import normal

_FOLDER: Final = Path(__file__).with_name("examples")
_NUMBERS: Final = {"commonmark": 652, "gfm": 44}
SIEVED: Final = {
    "commonmark": [
        *(21, 31, 344, 476, 477, 494, 613, 614, 615, 617, 623, 630, 631, 642, 643),  # elements that nobody closes
        *(148, 149, 150, 151, 155, 160, 174, 175, 184, 187, 190, 191),  # blocks that are closed elsewhere
        *(156, 157, 158, 491, 616, 626, 629),  # what is no HTML for a browser either
        *(163, 165, 170, 171, 172, 173, 176, 178, 201, 524, 536),  # elements that are not let through
        169,  # an attribute that is not
        *(475, 517, 520, 531, 573, 576, 577, 578, 580),  # pictures without a place to be from
        *(596, 598, 599, 601),  # links by schemes of other programs
    ],
    "gfm": [628],  # a link by such a scheme
}
"""Examples whose HTML does not come through the sieve as it is: what is shown is what the sieve leaves of it."""
OURS: Final = {
    "commonmark": {
        501: "fragments lead to headings, whose ids have a prefix",
        602: "addresses are links without angle brackets, as GitHub has it",
        606: "@bar is a person",
        608: "an address is a link",
        611: "an address is a link",
        612: "an address of mail is a link",
    },
    "gfm": {
        279: "the words of a task are its label",
        280: "the words of a task are its label",
        491: "<s>, which browsers show as <del>",
        509: "fragments lead to headings, whose ids have a prefix",
        610: "an address is a link",
        616: "an address is a link",
        619: "an address is a link",
        625: "an address ends before a bracket that was not opened in it",
        626: "an address keeps what looks like an entity",
        629: "addresses of mail are links where their end is one that there is",
        630: "addresses of mail are links where their end is one that there is",
        631: "addresses of mail are links where their end is one that there is",
        645: "what is a comment, as CommonMark has said it since",
        646: "what is a comment, as CommonMark has said it since",
        653: "<title> is not shown as text, nor let through",
    },
}
"""Examples that are rendered in another way, and why."""


def examples(name: str) -> list[tuple[int, str, str, str]]:
    return msgspec.json.decode((_FOLDER / f"{name}.json").read_bytes(), type=list[tuple[int, str, str, str]])


@pytest.mark.parametrize("name", _NUMBERS)
def test_every_example_is_shown_as_it_says_or_listed(name: str) -> None:
    differ: set[int] = set()
    found = examples(name)
    assert len(found) == _NUMBERS[name]
    for number, section, text, html in found:
        made = normal(rendered(text))
        if made != normal(html):
            differ.add(number)
            if number in SIEVED[name]:
                assert made == normal(markdown.sieve().clean(html)), f"{name} {number} ({section}): {text!r}"
    assert sorted(differ) == sorted(chain(SIEVED[name], OURS[name])), "what differs is what is listed"


def test_normal_html_tells_apart_what_a_browser_shows_differently() -> None:
    assert normal('<p class="x">a\n b</p>\n<hr />') == normal("<p>a b</p><hr>")
    for one, other in (
        ("<p>a b</p>", "<p>ab</p>"),
        ("<pre>a  b</pre>", "<pre>a b</pre>"),
        ('<a href="x">a</a>', '<a href="y">a</a>'),
        ("<em>a</em> b", "<em>a</em>b"),
        ("<p>&lt;b></p>", "<p><b></p>"),
        ("<ul><li>a</li></ul>", "<ol><li>a</li></ol>"),
    ):
        assert normal(one) != normal(other)
