"""Branches and tags as pages, with the forms that make, delete and settle them; archives; search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from api.pages.source import branches, files
from domain.refs.moved import Move, RefsMoved
from tests.api.accounts import Person, person
from tests.api.history import NESTED
from tests.api.node import TOKEN
from tests.api.pages.browsing import HTML, opened, page, sent
from tests.api.pages.visitor import Visitor, words
from tests.gitant.writer.world import KEY

if TYPE_CHECKING:
    from litestar.testing import TestClient

    from tests.api.client import Client
    from tests.api.history import History
    from tests.api.node import Node

BASE = "/operator/history"


@pytest.fixture(scope="module")
def kay(api: Client, anyone: Client, history: History) -> Person:
    """Somebody who may write to the repository."""
    made = person(api, "kay")
    api.post(f"{history.repo}/collaborators", {"user": "kay", "role": "developer"})
    return Person(anyone, made.name, made.did, made.token)


def test_branches_tell_how_far_they_are(http: TestClient[Any], history: History) -> None:
    text = page(http, f"{BASE}/branches")
    assert "0 ahead of main" in text
    assert "1 behind" in text
    assert f'href="{BASE}/compare/main...feature/x"' in text
    assert '<form class="end"' not in text, "nobody is signed in"
    assert f'href="{BASE}/src/branch/feature/x"' in text
    tags = page(http, f"{BASE}/tags")
    assert f'href="{BASE}/src/tag/v1"' in tags
    assert history.first[:10] in tags
    opened(http, f"{BASE}/branches?after=nonsense", 422)


def test_branches_and_tags_are_found_by_how_they_begin(
    http: TestClient[Any], history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 'role="search" aria-label="Branches"' not in page(http, f"{BASE}/branches"), "all of them are on the page"
    found = page(http, f"{BASE}/branches?q=feat")
    assert "1 branch " in words(found)
    assert "feature/x" in found
    assert f'<a href="{BASE}/branches">All of them</a>' in found
    for nothing in ("%25", "_eature", "eature"):
        assert "No branch begins with that." in words(page(http, f"{BASE}/branches?q={nothing}"))
    assert "v1" in words(page(http, f"{BASE}/tags?q=v"))
    assert "No tag begins with that." in words(page(http, f"{BASE}/tags?q=w"))
    monkeypatch.setattr(branches, "BRANCHES_SHOWN", 1)
    cut = page(http, f"{BASE}/branches?q=")
    assert 'role="search" aria-label="Branches"' in cut
    monkeypatch.setattr(files, "REFS_OFFERED_MAX", 1)
    menu = page(http, f"{BASE}/src/branch/main?after=")
    assert f'<a href="{BASE}/branches">All branches</a>' in menu


def test_branches_are_made_and_deleted_by_forms(http: TestClient[Any], history: History, kay: Person) -> None:
    made = sent(http, f"{BASE}/branches", kay.token, {"name": "a/new one".replace(" ", "-"), "commit": history.first})
    assert made.headers["location"] == f"{BASE}/branches"
    assert "a/new-one" in page(http, f"{BASE}/branches")
    assert 'aria-label="Delete a/new-one"' in page(http, f"{BASE}/branches", cookie=f"gitant_session={kay.token}")
    assert "docs" in page(http, f"{BASE}/src/branch/a/new-one")
    sent(http, f"{BASE}/branches", kay.token, {"name": "<b>#1?", "commit": "v1"}, 422)
    sent(http, f"{BASE}/branches", kay.token, {"name": "<b>#1", "commit": "v1"})
    listed = page(http, f"{BASE}/branches")
    assert "<b>" not in listed
    assert f'href="{BASE}/src/branch/%3Cb%3E%231"' in listed
    assert "README.md" in page(http, f"{BASE}/src/branch/%3Cb%3E%231")
    assert "&lt;b&gt;#1 has 0 commits" in page(http, f"{BASE}/compare/main...%3Cb%3E%231")
    assert f'href="{BASE}/compare/main...%3Cb%3E%231.diff"' in page(http, f"{BASE}/compare/main...%3Cb%3E%231")
    chosen = opened(http, f"{BASE}/compare?base=main&head=%3Cb%3E%231", 303)
    assert chosen.headers["location"] == f"{BASE}/compare/main...%3Cb%3E%231"
    for fields, said in (
        ({"name": "x y", "commit": "main"}, "x y"),
        ({"name": "other", "commit": "nowhere"}, "nowhere"),
        ({"name": "x..", "commit": "main"}, "x.."),
    ):
        refused = sent(http, f"{BASE}/branches", kay.token, fields, 422)
        assert 'role="alert"' in refused.text
        assert said in refused.text
    sent(http, f"{BASE}/branches", kay.token, {"name": "a/new-one"}, 409)
    gone = sent(http, f"{BASE}/branches/delete", kay.token, {"name": "a/new-one"})
    assert gone.headers["location"] == f"{BASE}/branches"
    assert "a/new-one" not in page(http, f"{BASE}/branches")
    sent(http, f"{BASE}/branches/delete", kay.token, {"name": "a/new-one"}, 404)
    assert "one place only" in sent(http, f"{BASE}/branches/settle", kay.token, {"ref": "refs/heads/main"}, 409).text
    assert "Tags" in sent(http, f"{BASE}/branches/settle", kay.token, {"ref": "refs/tags/v1"}, 409).text


def test_a_diverged_branch_is_shown_with_its_places_and_settled(
    http: TestClient[Any], api: Client, history: History, node: Node
) -> None:
    """Two moves of one branch, neither of which knew of the other."""
    api.post(f"{history.repo}/branches", {"name": "side", "commit": history.third})
    row = node.ports.views.repo_at("operator", "history")
    assert row is not None
    other = Move(ref="refs/heads/side", old=None, new=bytes.fromhex(history.second), replaces=[])
    event = node.world.signed(KEY, "refs.moved.v1", row.id, row.id, RefsMoved(moves=[other]))
    node.world.run("event.submit", header=event.header, signature=event.signature, payload=event.payload)
    operator = Visitor(http, "operator")
    operator.send("/login", username="operator", password=TOKEN)
    assert f'<a href="{BASE}/branches">side</a>' in operator.open("/")
    for each in (Visitor(http), operator):
        network = each.open("/-/network")
        assert "1 branch or tag to settle" in words(network)
        assert f'<a href="{BASE}/branches" dir="auto">side</a>' in network
    text = operator.open(f"{BASE}/branches")
    settle = text.partition('<form class="settle"')[2].partition("</form>")[0]
    assert [f'value="{oid}"' in settle for oid in (history.second, history.third)] == [True, True]
    assert settle.count(" checked") == 1
    assert words(settle).count("put there by operator") == 2
    assert event.id.hex() in settle
    assert f"/compare/{history.second}...{history.third}" in settle or f"/{history.third}...{history.second}" in settle
    assert "Settle it" not in Visitor(http).open(f"{BASE}/branches")
    operator.send(f"{BASE}/branches/settle", ref="refs/heads/side", commit=history.second)
    text = operator.open(f"{BASE}/branches")
    assert "to settle" not in text
    assert "at once" not in operator.open("/")
    assert "to settle" not in operator.open("/-/network")
    assert f"{BASE}/commit/{history.second}" in text
    operator.send(f"{BASE}/branches/delete", name="side")


def test_forms_are_for_those_who_may(http: TestClient[Any], api: Client, history: History) -> None:
    assert history.repo
    noor = person(api, "noor")
    sent(http, f"{BASE}/branches", noor.token, {"name": "mine"}, 403)
    sent(http, f"{BASE}/branches", "none", {"name": "mine"}, 401)
    for path in ("branches", "branches/delete", "branches/settle"):
        foreign = {**HTML, "cookie": f"gitant_session={noor.token}", "sec-fetch-site": "cross-site"}
        assert http.post(f"{BASE}/{path}", data={"name": "x"}, headers=foreign).status_code in {401, 403}
        sent(http, f"/operator/nothing/{path}", noor.token, {"name": "x"}, 404)


def test_archives_are_the_apis(http: TestClient[Any], history: History) -> None:
    answer = opened(http, f"{BASE}/archive/refs/tags/v1.zip", 302)
    assert answer.headers["location"] == f"{history.repo}/archive/refs/tags/v1.zip"
    assert opened(http, answer.headers["location"]).content.startswith(b"PK")


def test_search_leads_to_what_is_named(http: TestClient[Any], api: Client, history: History) -> None:
    number = api.post(f"{history.repo}/issues", {"title": "A <b>sought</b> thing"}).json()["number"]
    api.post("/api/v1/repos", {"name": "cellar", "private": True, "description": "sought by nobody"})
    for q, to in (
        ("operator/history", BASE),
        (f"operator/history%23{number}", f"{BASE}/issues/{number}"),
        ("@operator", "/operator"),
    ):
        assert opened(http, f"/search?q={q}", 303).headers["location"] == to
    text = page(http, "/search?q=sought")
    assert "A &lt;b&gt;sought&lt;/b&gt; thing" in text
    assert "cellar" not in text
    assert "called that" in page(http, "/search?q=operator/cellar")
    assert f'href="{BASE}"' in page(http, "/search?q=hist")
    assert "called that" in page(http, "/search?q=%3Cscript%3Ealert(1)")
    opened(http, "/search?q=no:nonsense", 422)
    assert "<input" in page(http, "/search")


def test_code_is_found_with_what_stands_around_it(http: TestClient[Any], history: History) -> None:
    text = page(http, f"{BASE}/search?q=LINE 17")
    url = f"{BASE}/src/commit/{history.third}/{NESTED.replace(' ', '%20')}"
    assert (
        f'<tr class="hit"><td class="n"><a href="{url}#L18">18</a></td><td class="c"><mark>line 17</mark></td>' in text
    )
    assert f'<tr><td class="n"><a href="{url}#L16">16</a></td><td class="c">line 15</td>' in text
    assert "line 14" not in text
    assert "holds that" in page(http, f"{BASE}/search?q=<i>none")
    assert "<input" in page(http, f"{BASE}/search")
