"""Strangers' events on the page of those who look after a repository: the rule, and what waits for a decision."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from domain.ids import StreamId
from domain.issue.opened import IssueOpened
from domain.moderation.desk import DeskRules
from tests.api.node import TOKEN, node_on
from tests.api.pages.visitor import Visitor, words
from tests.api.test_events import EVENTS, sent
from tests.making import key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from litestar.testing import TestClient

    from domain.envelope import Event
    from domain.keys import SigningKey
    from tests.api.node import Node

    Knock = Callable[[SigningKey, str], Event]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with node_on(tmp_path_factory.mktemp("node") / "data", registration="open", rules=DeskRules()) as node:
        yield node


@pytest.fixture(scope="module")
def path(kay: Visitor) -> str:
    return kay.make_repo("inn")


@pytest.fixture(scope="module")
def knock(http: TestClient[Any], node: Node, path: str) -> Knock:
    """Have a stranger open an issue by a signed event."""
    _, owner, name = path.split("/")
    repo = node.world.views.repo(f"{owner}~{name}")
    assert repo is not None
    stream = StreamId(repo.id)

    def send(who: SigningKey, title: str) -> Event:
        event = node.world.signed(who, "issue.opened.v1", stream, stream, IssueOpened(title=title, number=1))
        http.cookies.clear()
        assert http.post(EVENTS, json=sent(event)).status_code == 202
        return event

    return send


def test_who_waits_is_admitted_and_counts(kay: Visitor, stranger: Visitor, path: str, knock: Knock) -> None:
    page = f"{path}/settings/strangers"
    assert "Nothing waits" in words(kay.open(page))
    who = key("guest one")
    event = knock(who, "A <b>leak</b> <script>")
    shown = kay.open(page)
    assert "Waiting 1" in words(shown)
    assert "A &lt;b&gt;leak&lt;/b&gt;" in shown
    assert "<b>leak" not in shown
    assert "leak" not in stranger.open(f"{path}/issues")
    stranger.open(f"/-/events/{event.id.hex()}", expect=404)
    assert kay.send(page, act=f"admit:{who.did}") == page
    assert "leak" in stranger.open(f"{path}/issues")
    stranger.open(f"/-/events/{event.id.hex()}")
    assert "nothing of" in words(kay.send(page, act=f"admit:{who.did}", expect=404)).lower()


def test_who_waits_is_blocked_or_forgotten(kay: Visitor, path: str, knock: Knock) -> None:
    page = f"{path}/settings/strangers"
    rude, lost, late = (key(f"guest {name}") for name in ("rude", "lost", "late"))
    for who in (rude, lost, late):
        knock(who, "Me first")
    kay.send(page, act=f"block:{rude.did}")
    assert f"unblock:{rude.did}" in kay.open(f"{path}/settings")
    kay.send(page, act=f"drop:{lost.did}")
    assert words(kay.open(page)).count("Me first") == 1
    assert "tick the box" in words(kay.send(page, act="drop-all", expect=422)).lower()
    kay.send(page, act="drop-all", sure="1")
    assert "Nothing waits" in words(kay.open(page))
    kay.send(page, act="admit:nobody", expect=422)
    kay.send(page, act="dance", expect=422)


def test_the_rule_is_the_owners_to_choose(kay: Visitor, lee: Visitor, http: TestClient[Any], path: str) -> None:
    page = f"{path}/settings/strangers"
    assert "(now: they wait here" in words(kay.open(page))
    kay.send(page, act="rule", rule="refuse")
    assert re.search(r'value="refuse" selected', kay.open(page))
    assert '<option value="all"' not in kay.send(page, act="rule", rule="all", expect=422)
    kay.send(f"{path}/settings/members", act="give", user="lee", role="maintainer")
    assert "Its owners choose" in words(lee.open(page))
    lee.send(page, act="rule", rule="open", expect=403)
    operator = Visitor(http, "operator")
    operator.send("/login", username="operator", password=TOKEN)
    operator.open(f"{path}/settings", expect=403)
    operator.send(page, act="rule", rule="node")
    assert "(now: they wait here" in words(kay.open(page))


def test_the_operator_sees_where_strangers_wait(http: TestClient[Any], kay: Visitor, path: str, knock: Knock) -> None:
    operator = Visitor(http, "operator")
    operator.send("/login", username="operator", password=TOKEN)
    kay.open("/-/admin", 403)
    assert "that wait" not in words(operator.open("/-/admin"))
    guest = key("guest nine")
    knock(guest, "Somebody there?")
    page = operator.open("/-/admin")
    assert "Strangers' events that wait 1" in words(page)
    assert f'href="{path}/settings/strangers"' in page
    operator.send(f"{path}/settings/strangers", act=f"drop:{guest.did}")
    assert "that wait" not in words(operator.open("/-/admin"))
