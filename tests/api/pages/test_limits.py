"""What is too long is refused with the limit, and shown again: no browser cuts it unasked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.api.accounts import PASSWORD
from tests.api.pages.visitor import words

if TYPE_CHECKING:
    from tests.api.pages.visitor import Visitor


@pytest.fixture(scope="module")
def vault(kay: Visitor) -> str:
    return kay.make_repo("vault")


@pytest.mark.parametrize(
    ("form", "at_most", "fields"),
    [
        ("/new", 64, {}),
        ("{vault}/fork", 64, {}),
        ("/new/import", 64, {"url": "https://example.org/x.git"}),
        ("{vault}/labels", 64, {"act": "make", "color": "#010203"}),
        ("{vault}/branches", 255, {"commit": "main"}),
        ("{vault}/settings/keys", 100, {"act": "make", "days": "9"}),
        ("/settings/tokens", 100, {"scopes": "repo:read", "days": "9"}),
    ],
)
def test_a_name_is_not_cut(kay: Visitor, vault: str, form: str, at_most: int, fields: dict[str, str]) -> None:
    path, name = form.format(vault=vault), "a" * (at_most + 1)
    asked = path.removesuffix("/tokens")
    assert not re.search(r"<(input|textarea)[^>]* maxlength", kay.open(asked))
    page = kay.send(path, [("name", name), *fields.items()], expect=422)
    assert f"ame takes at most {at_most} characters" in words(page)
    assert f'value="{name}"' in page


def test_a_user_name_is_not_cut(stranger: Visitor) -> None:
    assert "maxlength" not in stranger.open("/register")
    page = stranger.send("/register", username="a" * 41, password=PASSWORD, expect=422)
    assert "1 to 40" in words(page)
    assert "a" * 41 in page


def test_the_first_commands_can_be_copied(kay: Visitor, vault: str) -> None:
    page = kay.open(vault)
    for each in re.findall(r'data-copy="([^"]+)"', page):
        assert f'<pre id="{each}"' in page
    assert page.count("data-copy=") == 2
