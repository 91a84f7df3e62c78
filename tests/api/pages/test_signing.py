"""Signing in and out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.api.accounts import PASSWORD
from tests.api.node import TOKEN
from tests.api.pages.visitor import Visitor, words

if TYPE_CHECKING:
    from typing import Any

    from litestar.testing import TestClient


def test_who_registers_is_signed_in_and_has_a_recovery_line(http: TestClient[Any]) -> None:
    ann = Visitor(http, "ann")
    ann.register()
    assert "What needs me" in ann.open("/")
    ann.sign_out()
    assert "A git forge without a centre" in ann.open("/")
    ann.sign_in()
    assert "You are signed in." in ann.open("/")
    assert "You are signed in." not in ann.open("/")


def test_a_wrong_password_is_said_and_the_name_stays(stranger: Visitor, kay: Visitor) -> None:
    page = stranger.send("/login", username="kay", password="wrong horse", expect=401)
    assert 'value="kay"' in page
    assert "wrong horse" not in page


@pytest.mark.parametrize("to", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_nobody_is_led_elsewhere(http: TestClient[Any], kay: Visitor, to: str) -> None:
    fresh = Visitor(http)
    assert fresh.send("/login", username="kay", password=PASSWORD, next=to) == "/"


def test_a_form_of_another_site_does_nothing(stranger: Visitor, kay: Visitor) -> None:
    form = "application/x-www-form-urlencoded"
    for who, path, fields in ((stranger, "/login", f"username=kay&password={PASSWORD}"), (kay, "/new", "name=stolen")):
        for site in ("cross-site", "same-site"):
            response = who.ask("POST", path, 403, fields, **{"content-type": form, "sec-fetch-site": site})
            assert "set-cookie" not in response.headers
    kay.open("/kay/stolen", expect=404)


def test_who_must_sign_in_comes_back(stranger: Visitor) -> None:
    response = stranger.ask("GET", "/new?x=1", 303)
    assert response.headers["location"] == "/login?next=/new%3Fx%3D1"
    assert 'name="next" value="/new?x=1"' in stranger.open("/login?next=/new%3Fx%3D1")


def test_a_page_keeps_its_policy_and_has_no_script_in_it(stranger: Visitor) -> None:
    response = stranger.ask("GET", "/", 200)
    policy = response.headers["content-security-policy"]
    nonce = policy.partition("'nonce-")[2].partition("'")[0]
    assert len(nonce) >= 16
    assert response.text.count(f'nonce="{nonce}"') == response.text.count("<script") == 2
    assert "unsafe" not in policy
    again = stranger.ask("GET", "/", 200).headers["content-security-policy"]
    assert again != policy
    unchanged = stranger.ask("GET", "/", 304, **{"if-none-match": response.headers["etag"]})
    assert "content-security-policy" not in unchanged.headers


def test_a_page_is_the_same_plain_and_compressed(stranger: Visitor) -> None:
    packed, plain = stranger.ask("GET", "/", 200), stranger.ask("GET", "/", 200, **{"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert words(packed.text) == words(plain.text)


def test_programs_get_problems_and_people_pages(stranger: Visitor) -> None:
    assert "If it is private" in stranger.open("/kay/nothing", expect=404)
    response = stranger.ask("GET", "/kay/nothing", 404, accept="application/json")
    assert response.json()["type"] == "/problems/not-found"


def test_a_code_of_the_operators_chooses_a_password_once(http: TestClient[Any], stranger: Visitor) -> None:
    rae, operator = Visitor(http, "rae"), Visitor(http, "operator")
    rae.register()
    operator.send("/login", username="operator", password=TOKEN)
    told = operator.send("/-/admin", act="reset:rae", expect=200)
    (code,) = re.findall(r'<p class="secret"><code>([^<]+)</code>', told)
    assert "/reset" in told
    rae.ask("GET", "/settings", 303)
    assert 'href="/reset"' in stranger.open("/login")
    stranger.open("/reset")
    wrong = stranger.send("/reset", username="rae", code="<guess>", password="another horse 8", expect=401)
    assert 'value="rae"' in wrong
    assert "&lt;guess&gt;" in wrong
    assert "another horse 8" not in wrong
    stranger.send("/reset", username="rae", code=code, password="short", expect=422)
    assert stranger.send("/reset", username="rae", code=f" {code} ", password="another horse 8") == "/login"
    stranger.send("/reset", username="rae", code=code, password="another horse 9", expect=401)
    rae.send("/login", username="rae", password="another horse 8")
    rae.open("/settings")
