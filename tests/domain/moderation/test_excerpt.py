"""What of a stranger's event is shown to whoever decides on it."""

from __future__ import annotations

from domain.moderation.excerpt import EXCERPT_CHARS_MAX, excerpt
from tests.making import pack


def test_a_title_comes_first_however_long_the_rest_is() -> None:
    said = excerpt(pack({"body": "y" * 400, "title": "Oil it", "number": 4}))
    assert said.startswith("Oil it · yyy")
    assert len(said) == EXCERPT_CHARS_MAX
    assert excerpt(pack({"body": "one\n two", "reason": "three"})) == "one two · three"
