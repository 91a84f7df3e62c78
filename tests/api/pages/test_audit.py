"""Who changed who may do what, on pages; and an act that undid what had counted is undone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from domain.actor import Actor
from domain.keys import SigningKey
from domain.repository.described import RepositoryDescribed
from gitant.recovery import seed_of
from tests.api.node import TOKEN, node_on
from tests.api.pages.visitor import Visitor, words
from tests.api.test_events import EVENTS, sent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from litestar.testing import TestClient

    from tests.api.node import Node


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with node_on(tmp_path_factory.mktemp("node") / "data", registration="open", audited=True) as node:
        yield node


@pytest.fixture(scope="module")
def operator(http: TestClient[Any]) -> Visitor:
    found = Visitor(http, "operator")
    found.send("/login", username="operator", password=TOKEN)
    return found


def void_words(node: Node, http: TestClient[Any], kay: Visitor, lee: Visitor, path: str) -> str:
    """Have kay remove lee with a cut before what lee wrote: the event that does not count any more."""
    repo = node.world.views.repo(path[1:].replace("/", "~"))
    assert repo is not None
    kay.send(f"{path}/settings/members", act="give", user="lee", role="maintainer")
    (given,) = re.findall(r'href="/-/events/(\w{64})" dir="auto">gave', kay.open(f"{path}/audit"))
    root = SigningKey(seed_of(lee.recovery)[0])
    said = node.world.signed(
        root, "repository.described.v1", repo.id, repo.id, RepositoryDescribed(description="Lee's words", replaces=[])
    )
    http.cookies.clear()
    assert http.post(EVENTS, json=sent(said)).status_code == 201
    removed = {"repo": repo.id, "user": "lee", "cut": [bytes.fromhex(given)]}
    node.world.run("member.remove", kay_of(node), **removed)
    return said.id.hex()


def kay_of(node: Node) -> Actor:
    did = node.world.views.principal("kay")
    assert did is not None
    return Actor(did, door="session")


def test_an_alarm_is_told_of_and_undone(
    node: Node, http: TestClient[Any], kay: Visitor, lee: Visitor, stranger: Visitor
) -> None:
    path = kay.make_repo("belfry")
    event = void_words(node, http, kay, lee, path)
    assert "Lee's words" not in words(stranger.open(path))
    for page in (f"{path}/audit", f"{path}/events"):
        shown = kay.open(page)
        assert "1 void now" in words(shown)
        assert f"/-/events/{event}" in shown
        assert 'value="undo:' in shown
    assert f"/-/events/{event}" in stranger.open(f"{path}/events?verdict=void")
    assert 'value="undo:' not in stranger.open(f"{path}/audit")
    assert "1 void now" not in words(stranger.open(f"{path}/events"))
    (act,) = re.findall(r'value="(undo:\w{64})"', kay.open(f"{path}/audit"))
    lee.send(f"{path}/audit", act=act, expect=403)
    stranger.send(f"{path}/audit", act=act, expect=401)
    kay.send(f"{path}/audit", act="undo:nothing", expect=422)
    assert kay.send(f"{path}/audit", act=act) == f"{path}/audit"
    assert "all count again" in words(kay.open(f"{path}/audit"))
    assert "Lee's words" in words(stranger.open(path))
    assert "nothing is void" in words(kay.send(f"{path}/audit", act=act, expect=409)).lower()


def test_one_event_is_admitted_from_its_page(node: Node, http: TestClient[Any], kay: Visitor, lee: Visitor) -> None:
    path = kay.make_repo("crypt")
    event = void_words(node, http, kay, lee, path)
    page = f"/-/events/{event}"
    assert "took every role from lee" in words(kay.open(page))
    assert "Have it count again" in kay.open(page)
    assert "Have it count again" not in lee.open(page)
    lee.send(f"{path}/audit", act=f"admit:{event}", expect=403)
    assert kay.send(f"{path}/audit", act=f"admit:{event}") == page
    assert "accepted" in words(kay.open(page))
    assert "Have it count again" not in kay.open(page)


def test_the_audit_of_a_private_repository_is_its_readers(kay: Visitor, lee: Visitor, stranger: Visitor) -> None:
    path = kay.make_repo("safe", private=True)
    assert "Nobody has changed anything" in words(kay.open(f"{path}/audit"))
    for who in (lee, stranger):
        who.open(f"{path}/audit", expect=404)
        who.send(f"{path}/audit", act="undo:" + "0" * 64, expect=404)


def test_the_operator_narrows_the_nodes_audit(operator: Visitor, kay: Visitor, stranger: Visitor) -> None:
    kay.make_repo("tower")
    kay.send("/kay/tower/settings/members", act="block", user="lee")
    page = "/-/admin/audit"
    all_of_it = words(operator.open(page))
    assert "login" in all_of_it
    assert "member.blocked.v1" in all_of_it
    log = words(operator.open(f"{page}?action=member.blocked.*&actor=kay&repo=kay~tower&verdict=accepted&source=log"))
    assert "tower" in log
    assert "login" not in log
    assert "member.blocked.v1" not in operator.open(f"{page}?source=node").partition('<ul class="rows">')[2]
    assert "Nothing fits" in words(operator.open(f"{page}?until=2001-01-01"))
    for typed in ("since=yester%3Cday", "actor=no%3Cbody", "action=no%20kind", "repo=kay~nowhere"):
        operator.open(f"{page}?{typed}", expect=404 if typed.startswith("repo") else 422)
    assert 'value="yester&lt;day"' in operator.open(f"{page}?since=yester%3Cday", expect=422)
    kay.open(page, expect=403)
    stranger.ask("GET", page, 303)


def test_everybody_sees_what_was_done_in_their_name(kay: Visitor, lee: Visitor, stranger: Visitor) -> None:
    shown = words(kay.open("/settings/audit"))
    assert "account.created" in shown
    assert "kay" not in words(lee.open("/settings/audit").replace("/kay", ""))
    stranger.ask("GET", "/settings/audit", 303)
