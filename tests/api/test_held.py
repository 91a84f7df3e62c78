"""Strangers' events over HTTP: they wait, are looked at, and decided on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from domain.issue.opened import IssueOpened
from domain.keys import SigningKey
from domain.moderation.budgets import Allowances
from domain.moderation.desk import DeskRules
from tests.api.node import node_on
from tests.api.test_events import EVENTS, sent, stream_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.envelope import Event
    from tests.api.client import Client
    from tests.api.node import Node

ALLOWED = Allowances(events_per_hour=3)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    rules = DeskRules(allowances=ALLOWED)
    with node_on(tmp_path_factory.mktemp("node") / "data", rules=rules) as node:
        yield node


def stranger(number: int) -> SigningKey:
    return SigningKey(number.to_bytes(32, "big"))


def opened(node: Node, repo: str, who: SigningKey, title: str = "Hello", **header: Any) -> Event:
    stream = stream_of(repo)
    return node.world.signed(who, "issue.opened.v1", stream, stream, IssueOpened(title=title, number=1), **header)


def test_it_waits_and_comes_in(api: Client, anyone: Client, node: Node, repo: str) -> None:
    who = stranger(1)
    event = opened(node, repo, who)
    told = anyone.post(EVENTS, sent(event), expect=202).json()
    assert told["held"]["event"] == event.id.hex()
    assert told["held"]["author"] == who.did
    assert "admit" in told["explanation"]
    anyone.get(f"{EVENTS}/{event.id.hex()}", expect=404)
    assert anyone.every(f"{repo}/issues", "issues") == []
    (row,) = api.every(f"{repo}/held", "held")
    assert (row["excerpt"], row["kind"], row["until"]) == ("Hello", "issue.opened.v1", told["held"]["until"])
    assert api.post(f"{repo}/held/{who.did}/admit", expect=200).json() == {
        "author": who.did,
        "admitted": [event.id.hex()],
        "refused": [],
    }
    assert anyone.post(EVENTS, sent(event)).json()["verdict"] == "accepted"
    assert [issue["title"] for issue in anyone.every(f"{repo}/issues", "issues")] == ["Hello"]
    anyone.post(EVENTS, sent(opened(node, repo, who, "Again")))


def test_the_list_comes_in_pages(api: Client, anyone: Client, node: Node, repo: str) -> None:
    sent_in = [opened(node, repo, stranger(100 + number)) for number in range(5)]
    for event in sent_in:
        anyone.post(EVENTS, sent(event), expect=202)
    listed = api.every(f"{repo}/held", "held", per_page=2)
    assert [row["event"] for row in listed] == [event.id.hex() for event in sent_in]
    assert api.get(f"{repo}/held", params={"per_page": 2}).headers["x-total-count"] == "5"
    for cursor in ("x", "1.x", f"{'9' * 40}.{'0' * 64}"):
        assert api.get(f"{repo}/held?after={cursor}", expect=422).json()["errors"][0]["pointer"] == "?after"
    assert api.delete(f"{repo}/held", expect=200).json() == {"dropped": 5}
    api.delete(f"{repo}/held", expect=404)
    assert "dropped" in anyone.post(EVENTS, sent(sent_in[0]), expect=403).json()["detail"]


def test_dropping_and_blocking_one_author(api: Client, anyone: Client, node: Node, repo: str) -> None:
    mallory, ben = stranger(2), stranger(3)
    for who in (mallory, ben):
        anyone.post(EVENTS, sent(opened(node, repo, who)), expect=202)
    assert api.delete(f"{repo}/held/{ben.did}", expect=200).json() == {"dropped": 1}
    told = api.post(f"{repo}/held/{mallory.did}/block", expect=200).json()
    assert told == {"did": mallory.did, "role": "blocked", "dropped": 1}
    problem = anyone.post(EVENTS, sent(opened(node, repo, mallory)), expect=403).json()
    assert (problem["type"], problem["reason"]) == ("/problems/void-event", "revoked")
    assert "is blocked" in problem["detail"]
    assert [each["did"] for each in api.every(f"{repo}/collaborators", "collaborators", blocked=True)] == [mallory.did]
    api.post(f"{repo}/held/{mallory.did}/admit", expect=404)
    api.post(f"{repo}/held/mallory/admit", expect=422)


def test_only_those_who_look_after_it_see_it(api: Client, anyone: Client, node: Node, repo: str) -> None:
    """In a private repository there is nothing to see at all, and nothing is taken."""
    anyone.post(EVENTS, sent(opened(node, repo, stranger(4))), expect=202)
    hidden = f"/api/v1/repos/{api.post('/api/v1/repos', {'name': 'hidden', 'private': True}).json()['id']}"
    nowhere = f"/api/v1/repos/{'0' * 64}"
    did = stranger(4).did
    for place, expect in ((repo, 401), (hidden, 404), (nowhere, 404)):
        anyone.get(f"{place}/held", expect=expect)
        anyone.post(f"{place}/held/{did}/admit", expect=401)
        anyone.post(f"{place}/held/{did}/block", expect=401)
        anyone.delete(f"{place}/held/{did}", expect=401)
        anyone.delete(f"{place}/held", expect=401)
    anyone.post(EVENTS, sent(opened(node, hidden, stranger(4))), expect=404)
    assert len(api.every(f"{repo}/held", "held")) == 1
    assert api.every(f"{hidden}/held", "held") == []


def test_who_adds_too_much_is_told_when_to_come_back(api: Client, anyone: Client, node: Node, repo: str) -> None:
    who = stranger(5)
    anyone.post(EVENTS, sent(opened(node, repo, who)), expect=202)
    api.post(f"{repo}/held/{who.did}/admit", expect=200)
    for _ in range(ALLOWED.events_per_hour):
        anyone.post(EVENTS, sent(opened(node, repo, who)))
    answer = anyone.post(EVENTS, sent(opened(node, repo, who)), expect=429)
    assert answer.json()["type"] == "/problems/over-budget"
    assert 0 < int(answer.headers["retry-after"]) <= 3_600


def test_a_repository_may_have_a_rule_of_its_own(api: Client, anyone: Client, node: Node, repo: str) -> None:
    assert anyone.get(f"{repo}/strangers").json() == {"rule": "hold", "chosen": False}
    assert api.put(f"{repo}/strangers", {"rule": "open"}).json() == {"rule": "open", "chosen": True}
    anyone.post(EVENTS, sent(opened(node, repo, stranger(6))))
    api.put(f"{repo}/strangers", {"rule": "refuse"})
    anyone.post(EVENTS, sent(opened(node, repo, stranger(7))), expect=403)
    anyone.put(f"{repo}/strangers", {"rule": "open"}, expect=401)
    api.put(f"{repo}/strangers", {"rule": "some"}, expect=422)
    assert anyone.get(f"{repo}/strangers").json() == {"rule": "refuse", "chosen": True}
    assert api.put(f"{repo}/strangers", {"rule": "node"}).json() == {"rule": "hold", "chosen": False}
    anyone.post(EVENTS, sent(opened(node, repo, stranger(7))), expect=202)
    hidden = f"/api/v1/repos/{api.post('/api/v1/repos', {'name': 'cellar', 'private': True}).json()['id']}"
    api.put(f"{hidden}/strangers", {"rule": "refuse"})
    anyone.get(f"{hidden}/strangers", expect=404)
    anyone.post(EVENTS, sent(opened(node, hidden, stranger(7))), expect=404)
