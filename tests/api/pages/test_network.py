"""The network's page: what comes and from whom, what grew apart, and how the page keeps up with it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import pytest

from api.pages.network import LOOKS_MAX
from domain.issue.opened import IssueOpened
from tests.api.node import TOKEN
from tests.api.pages.visitor import Visitor, words
from tests.gitant.writer.world import KEY
from tests.making import key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from litestar.testing import TestClient

    from domain.envelope import Event
    from domain.ids import StreamId
    from tests.api.node import Node

PAGE: Final = "/-/network"
PEER: Final = key("a peer").did


@pytest.fixture(scope="module")
def operator(http: TestClient[Any]) -> Visitor:
    found = Visitor(http, "operator")
    found.send("/login", username="operator", password=TOKEN)
    return found


@pytest.fixture
def peer(operator: Visitor) -> Iterator[str]:
    operator.send(PAGE, act="add", address=f"{PEER}@node.example:4040")
    yield PEER
    operator.send(PAGE, act=f"remove:{PEER}")


def stream_of(node: Node, path: str) -> StreamId:
    _, owner, name = path.split("/")
    row = node.world.views.repo_at(owner, name)
    assert row is not None
    return row.id


def take(node: Node, *events: Event) -> None:
    for event in events:
        node.world.run("event.submit", header=event.header, signature=event.signature, payload=event.payload)


def forked(node: Node, path: str, name: str) -> list[str]:
    """Ids of two events that one key has signed for the first place of its feed."""
    who, stream = key(name), stream_of(node, path)
    rivals = [
        node.world.signed(who, "issue.opened.v1", stream, stream, IssueOpened(title=title, number=1))
        for title in ("It creaks", "It <b>leaks</b>")
    ]
    take(node, *rivals)
    return [event.id.hex() for event in rivals]


def test_a_proof_of_a_fork_names_who_and_leads_to_both_events(
    kay: Visitor, lee: Visitor, stranger: Visitor, operator: Visitor, node: Node
) -> None:
    assert "forked" not in words(stranger.open(PAGE))
    open_to_all, closed = kay.make_repo("barn"), kay.make_repo("shed", private=True)
    ids, hidden = forked(node, open_to_all, "twice"), forked(node, closed, "twice as often")
    shown = stranger.open(PAGE)
    assert "1 proof of a forked feed" in words(shown)
    told = shown.partition('id="forks"')[2]
    assert key("twice").did in told
    assert f'href="{open_to_all}"' in told
    assert "number 1 of the key" in words(told)
    assert "noticed with event" in words(told)
    for event in ids:
        assert f'href="/-/events/{event}"' in told
        stranger.open(f"/-/events/{event}")
    for each in (stranger, lee):
        assert not [event for event in hidden if event in each.open(PAGE)], "of what is private nothing is told"
    seen = operator.open(PAGE)
    assert "2 proofs of forked feeds" in words(seen)
    assert all(event in seen for event in (*ids, *hidden))


def test_what_to_do_about_a_fork_depends_on_whose_key_it_is(operator: Visitor, kay: Visitor, node: Node) -> None:
    path = kay.make_repo("loft")
    forked(node, path, "somebody")
    assert "Ask whose it is" in words(operator.open(PAGE))
    stream = stream_of(node, path)
    take(
        node,
        *(
            node.world.signed(KEY, "issue.opened.v1", stream, stream, IssueOpened(title=title, number=2))
            for title in ("One", "Other")
        ),
    )
    assert "this node's own key" in words(operator.open(PAGE))


def test_the_page_of_the_operator_looks_again_by_itself_for_a_while(
    stranger: Visitor, operator: Visitor, peer: str
) -> None:
    shown = operator.open(PAGE)
    assert re.search(r'id="now" hx-get="/-/network\?look=1" hx-trigger="every 10s" hx-select="#now"', shown)
    part, _, rest = shown.partition('id="now"')[2].partition('id="connect"')
    assert peer in part
    assert 'name="address"' not in part, "what somebody types is not taken from them"
    assert 'name="address"' in rest
    assert f"?look={LOOKS_MAX}" in operator.open(f"{PAGE}?look={LOOKS_MAX - 1}")
    last = operator.open(f"{PAGE}?look={LOOKS_MAX}")
    assert "hx-get" not in last
    assert '<a href="/-/network">Look again</a>' in last
    operator.open(f"{PAGE}?look={LOOKS_MAX + 1}", expect=422)
    assert "hx-get" not in stranger.open(PAGE)


def test_a_peer_is_paused_and_resumed_and_so_are_all(
    operator: Visitor, kay: Visitor, stranger: Visitor, node: Node, peer: str
) -> None:
    assert node.ports.peering is not None
    book = node.ports.peering.book
    for who, pause, resume in ((peer, "Pause", "Resume"), ("*", "Talk with none for now", "Talk with peers again")):
        assert f'value="pause:{who}">{pause}</button>' in operator.open(PAGE)
        assert operator.send(PAGE, act=f"pause:{who}") == PAGE
        assert set(book.shunned("pause")) == {who}
        shown = operator.open(PAGE)
        assert f'value="resume:{who}">{resume}</button>' in shown
        assert "paused" in words(shown.partition('id="peers"')[2])
        operator.send(PAGE, act=f"resume:{who}")
        assert not set(book.shunned("pause"))
    operator.send(PAGE, act="pause:nobody", expect=422)
    for each, expect in ((kay, 403), (stranger, 401)):
        each.send(PAGE, act=f"pause:{peer}", expect=expect)
    assert not set(book.shunned("pause"))


def test_what_comes_is_told_with_how_far_it_is(
    operator: Visitor, kay: Visitor, stranger: Visitor, node: Node, peer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = kay.make_repo("mill")
    here, elsewhere = stream_of(node, path).hex(), "ab" * 32

    async def said(_: object, what: str, **__: Any) -> dict[str, Any]:
        state = {"did": peer, "behind": 3, "received": 1_234, "declined": 0}
        coming = [
            {**state, "stream": here, "state": "catching-up"},
            {**state, "stream": elsewhere, "state": "partial", "declined": 7},
        ]
        wire = {"did": peer, "address": "192.0.2.1:4040", "dialled": True, "round_trip_ms": 1.5}
        if what == "coming":
            return {"streams": coming, "total": 60, "objects": {here: 9, "cd" * 32: 2}, "moving": True}
        return {"wires": [{**wire, "streams": 5, "behind": 3}]} if what == "status" else {}

    monkeypatch.setattr(type(node.ports.peering), "ask", said)
    shown = operator.open(PAGE)
    assert 'hx-trigger="every 2s"' in shown
    assert f'href="{path}"' in shown
    told = words(shown)
    for each in ("coming 3 feeds 1,234 events 9", "7 not taken here", "whoever has it", "and 57 more"):
        assert each in told, each
    assert 'class="coming"' in shown
    assert "mill" not in stranger.open(PAGE), "what comes is the operator's to know"
