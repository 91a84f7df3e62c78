"""What people set: of themselves, of a repository, of the node."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.api.accounts import PASSWORD
from tests.api.node import TOKEN
from tests.api.pages.visitor import Visitor, words

if TYPE_CHECKING:
    from litestar.testing import TestClient


def test_a_profile_is_changed_and_seen(kay: Visitor, stranger: Visitor) -> None:
    kay.send(
        "/settings", act="profile", display_name="Kay <b>", about="Keeps things", website="", email="k@example.org"
    )
    page = stranger.open("/kay")
    assert "Kay &lt;b&gt;" in page
    assert "k@example.org" not in page
    refused = kay.send(
        "/settings", act="profile", display_name="Kay", about="", website="javascript:x", email="", expect=422
    )
    assert 'value="javascript:x"' in refused
    stranger.open("/nobody-here", expect=404)
    stranger.ask("GET", "/settings", 303)


def test_a_token_is_shown_once_and_ended(kay: Visitor, http: TestClient[Any]) -> None:
    page = kay.send("/settings/tokens", name="laptop", scopes="repo:read", days="7", expect=200)
    (secret,) = re.findall(r"gap_[\w-]{43}", page)
    assert secret not in kay.open("/settings")
    asked = {"authorization": f"Bearer {secret}"}
    assert http.get("/api/v1/auth/profile", headers=asked).status_code == 403, "it has no user:read"
    assert "days" in words(kay.send("/settings/tokens", name="x", scopes="repo:read", days="soon", expect=422))
    kay.send("/settings/tokens", name="x", scopes="node:admin", expect=403)
    (which,) = re.findall(r'value="end-token:(\w+)"', kay.open("/settings"))
    kay.send("/settings", act=f"end-token:{which}")
    assert http.get("/api/v1/auth/profile", headers=asked).status_code == 401


def test_another_password_signs_others_out(http: TestClient[Any]) -> None:
    here, there = Visitor(http, "mia"), Visitor(http, "mia")
    here.register()
    there.sign_in()
    assert "not the password" in words(
        here.send("/settings", act="password", current="no", password="x" * 9, expect=403)
    )
    here.send("/settings", act="password", current=PASSWORD, password="another horse 7")
    assert "Signed in at" in words(here.open("/settings"))
    there.ask("GET", "/settings", 303)
    here.send("/settings", act="end-session:")
    here.ask("GET", "/settings", 303)


def test_a_colleague_is_invited_and_removed(kay: Visitor, lee: Visitor, stranger: Visitor) -> None:
    path = kay.make_repo("cellar", private=True)
    lee.open(path, expect=404)
    assert (
        "nobody here is called"
        in words(kay.send(f"{path}/settings/members", act="give", user="nix", role="developer", expect=404)).lower()
    )
    kay.send(f"{path}/settings/members", act="give", user="lee", role="developer")
    lee.open(path)
    lee.open(f"{path}/settings", expect=403)
    lee.send(f"{path}/settings/members", act="give", user="kay", role="viewer", expect=403)
    (did, *_) = re.findall(r"<code>(did:key:\w+)</code>", lee.open("/lee"))
    assert f'value="remove:{did}"' in kay.open(f"{path}/settings")
    kay.send(f"{path}/settings/members", act=f"remove:{did}")
    assert "They have no role any more." in words(kay.open(f"{path}/settings"))
    lee.open(path, expect=404)


def test_a_repository_is_described_renamed_archived_and_deleted(kay: Visitor, lee: Visitor, stranger: Visitor) -> None:
    path = kay.make_repo("shed")
    kay.send(
        f"{path}/settings",
        act="about",
        description="A <i>shed</i>",
        website="https://example.org",
        default_branch="main",
    )
    assert "A &lt;i&gt;shed&lt;/i&gt;" in stranger.open(path)
    kay.send(f"{path}/settings", act="topics", topics="wood, nails")
    lee.send(f"{path}/settings", act="about", description="mine", website="", default_branch="main", expect=403)
    kay.send(f"{path}/follow", star="on")
    assert kay.send(f"{path}/settings", act="rename", name="barn") == "/kay/barn/settings"
    assert stranger.ask("GET", f"{path}/issues?q=x", 308).headers["location"] == "/kay/barn/issues?q=x"
    kay.send("/kay/barn/settings", act="archive")
    assert "archived" in words(stranger.open("/kay/barn"))
    kay.send("/kay/barn/settings/delete", confirm="barn", expect=422)
    kay.send("/kay/barn/settings/delete", confirm="kay/barn")
    stranger.open("/kay/barn", expect=404)


def test_what_is_made_public_is_meant_to_be(kay: Visitor, stranger: Visitor) -> None:
    path = kay.make_repo("diary", private=True)
    assert "tick the box" in words(kay.send(f"{path}/settings", act="public", expect=422)).lower()
    stranger.open(path, expect=404)
    kay.send(f"{path}/settings", act="public", sure="1")
    stranger.open(path)
    kay.send(f"{path}/settings", act="private")
    stranger.open(path, expect=404)


def test_the_operator_looks_after_accounts(kay: Visitor, http: TestClient[Any]) -> None:
    kay.open("/-/admin", expect=403)
    operator = Visitor(http, "operator")
    operator.send("/login", username="operator", password=TOKEN)
    made = operator.send("/-/admin", act="make", username="zoe", email="", password=PASSWORD, expect=200)
    assert "shown this once" in words(made)
    zoe = Visitor(http, "zoe")
    zoe.sign_in()
    operator.send("/-/admin", act="suspend:zoe")
    zoe.ask("GET", "/settings", 303)
    assert "suspended" in words(operator.open("/-/admin?standing=suspended"))
    operator.send("/-/admin", act="approve:zoe")
    zoe.sign_in()
    assert "With this code" in words(operator.send("/-/admin", act="reset:zoe", expect=200))
    kay.send("/-/admin", act="suspend:zoe", expect=403)
    assert "by the node's token" in operator.open("/settings")


def test_the_operator_reads_settings_and_sizes(kay: Visitor, http: TestClient[Any], stranger: Visitor) -> None:
    page = "/-/admin/settings"
    kay.make_repo("pantry", private=True)
    kay.open(page, expect=403)
    stranger.ask("GET", page, 303)
    operator = Visitor(http, "operator")
    operator.send("/login", username="operator", password=TOKEN)
    shown = words(operator.open(page))
    assert "port 7777 The TCP port to listen on" in shown
    assert "chosen" not in shown.partition("What it was started with")[2]
    assert "kay/pantry" in shown
    assert "Attachments 0 bytes" in shown


def test_what_git_clones_from_opens_in_a_browser(kay: Visitor, stranger: Visitor) -> None:
    open_, closed = kay.make_repo("door"), kay.make_repo("wall", private=True)
    assert stranger.ask("GET", f"{open_}.git", 303).headers["location"] == open_
    assert kay.ask("GET", f"{closed}.git", 303).headers["location"] == closed
    stranger.open(f"{closed}.git", expect=404)
