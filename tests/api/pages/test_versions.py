"""What an issue said before, and what two people wrote at once: shown with who wrote it, and settled."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from domain.content.body_edited import BodyEdited, BodySplice
from domain.content.body_reset import BodyReset
from domain.issue.closed import IssueClosed
from domain.issue.opened import IssueOpened
from domain.issue.retitled import IssueRetitled
from domain.ports_views import RepoFilter
from gitant import rebuild
from tests.api.node import TOKEN
from tests.api.pages.visitor import Visitor, words
from tests.gitant.writer.world import KEY, ME, STRANGER

if TYPE_CHECKING:
    from litestar.testing import TestClient

    from domain.fold.kind import Payload
    from domain.keys import SigningKey
    from tests.api.node import Node


@pytest.fixture(scope="module")
def operator(http: TestClient[Any]) -> Visitor:
    found = Visitor(http, "operator")
    found.send("/login", username="operator", password=TOKEN)
    return found


@dataclass
class Apart:
    """An issue that a stranger opened on the operator's repository; each of them writes without the other's events."""

    node: Node
    repo: bytes
    issue: bytes
    path: str
    parents: list[bytes]
    lamport: int

    def write(self, key: SigningKey, kind: str, payload: Payload, entity: bytes = b"") -> bytes:
        """Sign something that knows nothing of what came after the opening; its event."""
        tip = self.node.world.projector.tip(self.repo)  # type: ignore[arg-type]  # plain bytes
        feed = tip.feeds.get(key.device)
        parents = self.parents if feed is None or feed.id in self.parents else sorted({*self.parents} - {feed.id})
        lamport = 1 + max(self.lamport, 0 if feed is None else feed.lamport)
        event = self.node.world.signed(
            key, kind, self.repo, entity or self.issue, payload, parents=parents, lamport=lamport
        )
        self.node.world.run("event.submit", header=event.header, signature=event.signature, payload=event.payload)
        return event.id


@pytest.fixture
def apart(node: Node) -> Apart:
    world = node.world
    number = len(world.views.repos(ME, RepoFilter())[0])
    name = f"apart-{number}"
    repo = world.repo(name)
    opening = IssueOpened(title="It creaks", number=1, body="one\nthe old door creaks\nthree")
    event = world.signed(STRANGER, "issue.opened.v1", repo, repo, opening)
    world.run("event.submit", header=event.header, signature=event.signature, payload=event.payload)
    tip = world.projector.tip(repo)
    return Apart(node, repo, event.id, f"/operator/{name}/issues/1", sorted(tip.heads), max(tip.heads.values()))


def test_versions_show_which_words_changed(operator: Visitor, stranger: Visitor, apart: Apart) -> None:
    page = operator.open(apart.path)
    assert "/history" not in page
    operator.send(f"{apart.path}/edit", body="one\nthe new <b>door</b> creaks\nthree\nfour")
    assert f'href="{apart.path}/history"' in operator.open(apart.path)
    page = stranger.open(f"{apart.path}/history")
    assert "2 versions" in words(page)
    assert "the <mark>old</mark> " in page
    assert "the <mark>new</mark> <mark>&lt;b&gt;</mark>door" in page
    assert page.index("2. ") < page.index("1. "), "the last one first"
    assert "2 versions" in words(stranger.open(f"{apart.path}/history?last=1"))
    assert "new &lt;b&gt;" not in stranger.open(f"{apart.path}/history?last=1")
    for wrong in ("0", "x", "-1"):
        stranger.open(f"{apart.path}/history?last={wrong}", expect=422)
    stranger.open(f"{apart.path}9/history", expect=404)


def test_versions_of_two_at_once_and_of_no_effect(operator: Visitor, apart: Apart) -> None:
    splice = [BodySplice(at=0, cut=3, text="uno")]
    apart.write(STRANGER, "body.edited.v1", BodyEdited(base=[apart.issue], splices=splice))
    end = len("one\nthe old door creaks\nthree")
    apart.write(KEY, "body.edited.v1", BodyEdited(base=[apart.issue], splices=[BodySplice(at=end, cut=0, text="!")]))
    apart.write(KEY, "body.edited.v1", BodyEdited(base=[b"x" * 32], splices=splice))
    page = operator.open(f"{apart.path}/history")
    assert "uno" in operator.open(apart.path)
    assert "three<mark>!</mark>" in page
    assert "It had no effect: its base is void, redacted or replaced." in words(page)
    assert "To settle" not in operator.open(apart.path), "there is nothing to choose"
    assert "to settle" not in operator.open(apart.path.removesuffix("/1"))


def test_what_was_taken_away_is_a_hole(operator: Visitor, kay: Visitor, apart: Apart) -> None:
    kay.send(f"{apart.path}/comments", body="my password is tulip")
    (comment,) = re.findall(r"comments/(\w{64})/edit", kay.open(apart.path))
    path = f"{apart.path}/comments/{comment}"
    kay.send(f"{path}/edit", body="nothing here")
    assert "tulip" in operator.open(f"{path}/history")
    kay.send(f"{path}/redact", reason="a slip")
    page = operator.open(f"{path}/history")
    assert "tulip" not in page
    assert "nothing here" not in page
    assert words(page).count("was taken away") == 2
    operator.open(f"{apart.path}/comments/{'0' * 64}/history", expect=404)


def test_a_conflict_shows_both_authors_and_is_settled(operator: Visitor, kay: Visitor, apart: Apart) -> None:
    apart.write(STRANGER, "issue.retitled.v1", IssueRetitled(title="It creaks loudly", replaces=[apart.issue]))
    mine = apart.write(KEY, "issue.retitled.v1", IssueRetitled(title="It creaks softly", replaces=[apart.issue]))
    assert "to settle" in operator.open(apart.path.removesuffix("/1"))
    front = operator.open("/")
    assert f'href="{apart.path}#settle"' in front
    assert "two people wrote it at once" in words(front)
    assert "at once" not in kay.open("/"), "kay could do nothing about it"
    page = operator.open(apart.path)
    assert "It creaks <mark>loudly</mark>" in page
    assert "It creaks <mark>softly</mark>" in page
    assert page.count("shows now") == 1
    settling = page.partition('id="settle"')[2].partition("</section>")[0]
    assert STRANGER.did in settling
    assert KEY.did in settling
    assert "Keep this" not in kay.open(apart.path), "kay may not"
    kay.send(f"{apart.path}/settle", field="title", event=mine.hex(), expect=403)
    refused = operator.send(f"{apart.path}/settle", field="title", event="0" * 64, expect=409)
    assert "does not stand any more" in words(refused)
    operator.send(f"{apart.path}/settle", field="number", event=mine.hex(), expect=422)
    operator.send(f"{apart.path}/settle", field="title", event=mine.hex(), tag='"old"', expect=412)
    operator.send(f"{apart.path}/settle", field="title", event=mine.hex())
    page = operator.open(apart.path)
    assert "To settle" not in page
    assert "It creaks softly" in words(page)
    assert f"{apart.path}#settle" not in operator.open("/")
    assert rebuild.check(apart.node.world.folder) == []


def test_states_and_texts_are_settled_too(operator: Visitor, apart: Apart) -> None:
    done = apart.write(KEY, "issue.closed.v1", IssueClosed(reason="completed", replaces=[apart.issue]))
    apart.write(STRANGER, "issue.closed.v1", IssueClosed(reason="not planned", replaces=[apart.issue]))
    long = "a very long text, " * 1_200
    apart.write(STRANGER, "body.reset.v1", BodyReset(text=f"{long}\nhis end", replaces=[apart.issue]))
    body = apart.write(KEY, "body.reset.v1", BodyReset(text=f"{long}\nmy end", replaces=[apart.issue]))
    page = operator.open(apart.path)
    assert "closed: completed" in page
    assert "closed: not planned" in page
    assert "<mark>his</mark> end" in page
    assert page.count("shows now") == 2, "one state, and one text"
    assert "its beginning" in page
    operator.send(f"{apart.path}/settle", field="state", event=done.hex())
    operator.send(f"{apart.path}/settle", field="body", event=body.hex())
    page = operator.open(apart.path)
    assert "To settle" not in page
    assert "closed: completed" in words(page)
    assert page.count("a very long text") >= 1_200, "all of it, and not what was shown of it"
    assert "my end" in page
    assert "his end" not in page
    operator.send(f"{apart.path}/settle", field="title", value="Called otherwise")
    assert "Called otherwise" in operator.open(apart.path)


def test_a_comment_is_settled(operator: Visitor, apart: Apart) -> None:
    operator.send(f"{apart.path}/comments", body="said")
    (comment,) = re.findall(r"comments/(\w{64})/edit", operator.open(apart.path))
    said = bytes.fromhex(comment)
    tip = apart.node.world.projector.tip(apart.repo)  # type: ignore[arg-type]  # plain bytes
    apart.parents, apart.lamport = sorted(tip.heads), max(tip.heads.values())
    first = apart.write(KEY, "body.reset.v1", BodyReset(text="first", replaces=[said]), said)
    apart.write(KEY, "body.reset.v1", BodyReset(text="second", replaces=[said]), said)
    assert "Choose the text to keep" in operator.open(apart.path)
    assert f'href="{apart.path}#comment-{comment[:12]}"' in operator.open("/")
    operator.send(f"{apart.path}/comments/{comment}/settle", field="body", event=first.hex())
    assert f"#comment-{comment[:12]}" not in operator.open("/")
    page = operator.open(apart.path)
    assert "Choose the text to keep" not in page
    assert "first" in page
