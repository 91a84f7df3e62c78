"""The operator in a browser: signed in with the token, for a while."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from api.operating import OPERATOR_S_MAX, holds, made
from tests.api.node import TOKEN
from tests.api.pages.visitor import Visitor, words

if TYPE_CHECKING:
    from litestar.testing import TestClient


def test_the_token_signs_the_operator_in_and_out(http: TestClient[Any]) -> None:
    someone = Visitor(http, "operator")
    assert "not valid here" in words(someone.send("/login", username="operator", password="a guess", expect=401))
    assert someone.send("/login", username="operator", password=f" {TOKEN} ", next="/-/network") == "/-/network"
    page = someone.open("/-/network")
    assert "Followed" in words(page)
    assert TOKEN not in page
    for what in ("my notes", "https://example.org/kay/vault", "ab" * 31):
        assert "64 hexadecimal digits" in words(someone.send("/-/network", act="follow", what=what, expect=422)), what
    repo = "ab" * 32
    someone.send("/-/network", act="follow", what=f"gitant://{repo.upper()}")
    assert repo in words(someone.open("/-/network"))
    someone.send("/-/network", act=f"unfollow:{repo}")
    someone.send("/-/network", act="follow", what="all")
    assert "everything" in words(someone.open("/-/network"))
    someone.send("/-/network", act="unfollow:all")
    form = {"content-type": "application/x-www-form-urlencoded"}
    someone.ask("POST", "/-/network", 403, "act=follow&what=all", **form, **{"sec-fetch-site": "cross-site"})
    assert "everything" not in words(someone.open("/-/network"))
    someone.send("/logout")
    assert "Followed" not in words(someone.open("/-/network"))


def test_a_cookie_holds_for_its_token_and_time_alone() -> None:
    now = time.time()
    until = int(now) + 60
    value = made("secret", until)
    assert holds(b"secret", value, now)
    assert not holds(b"other", value, now)
    assert not holds(b"secret", value, now + 61)
    assert not holds(b"secret", made("secret", int(now) + OPERATOR_S_MAX + 60), now)
    later = f"{until + 1}.{value.partition('.')[2]}"
    for wrong in (later, "", ".", "x.y", value + "0", f"{until}.", "9" * 5_000 + ".0", "١٢.0"):
        assert not holds(b"secret", wrong, now), wrong[:40]
