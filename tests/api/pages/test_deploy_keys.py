"""Deploy keys in the browser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.api.node import TOKEN
from tests.api.pages.visitor import Visitor, words

if TYPE_CHECKING:
    from litestar.testing import TestClient


def test_a_key_is_shown_once_and_ended(kay: Visitor, stranger: Visitor) -> None:
    path = kay.make_repo("depot", private=True)
    page = f"{path}/settings/keys"
    made = kay.send(page, act="make", name="builder <1>", write="1", days="30", expect=200)
    (secret,) = re.findall(r"gap_[\w-]{43}", made)
    shown = kay.open(page)
    assert secret not in shown
    assert "builder &lt;1&gt;" in shown
    assert "read and push" in words(shown)
    asked = {"authorization": f"Bearer {secret}"}
    there = "/api/v1/repos/kay~depot"
    assert "for git alone" in stranger.ask("GET", there, 403, **asked).text
    (which,) = re.findall(r'value="(end:\w+)"', shown)
    assert kay.send(page, act=which) == page
    assert "None." in words(kay.open(page))
    stranger.ask("GET", there, 401, **asked)
    kay.send(page, act=which, expect=404)


def test_a_refused_form_shows_what_was_typed(kay: Visitor) -> None:
    page = f"{kay.make_repo('quay')}/settings/keys"
    for fields in ({"name": ""}, {"name": "n" * 101}, {"name": "x", "days": "soon"}, {"name": "x", "days": "99999"}):
        refused = kay.send(page, [*fields.items()], act="make", write="1", expect=422)
        assert f'value="{fields["name"]}"' in refused
        assert re.search(r'name="write" value="1" checked', refused)
    kay.send(page, act="other", expect=422)


def test_admins_make_them_and_the_operator_ends_them(kay: Visitor, lee: Visitor, http: TestClient[Any]) -> None:
    path = kay.make_repo("pier")
    page = f"{path}/settings/keys"
    kay.send(f"{path}/settings/members", act="give", user="lee", role="maintainer")
    lee.open(page, expect=403)
    assert "Deploy keys" not in words(lee.open(f"{path}/settings"))
    lee.send(page, act="make", name="x", expect=403)
    kay.send(page, act="make", name="mine", days="never", expect=200)
    operator = Visitor(http, "operator")
    operator.send("/login", username="operator", password=TOKEN)
    assert "takes a role of an admin" in words(operator.open(page))
    operator.send(page, act="make", name="x", days="7", expect=403)
    (which,) = re.findall(r'value="(end:\w+)"', operator.open(page))
    operator.send(page, act=which)
