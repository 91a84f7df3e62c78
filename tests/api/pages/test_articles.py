"""Comments are rendered once and kept: what is kept is never another reader's, and never old."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from markupsafe import Markup

from api.pages.blocks import ALONE_BYTES_MIN, Block
from api.pages.issues.articles import Line, blocks
from api.pages.issues.one import COMMENTS_SHOWN
from domain.actor import Actor
from gitant.writer.request import Request
from tests.api.pages.visitor import words

if TYPE_CHECKING:
    from tests.api.node import Node
    from tests.api.pages.visitor import Visitor


def test_an_article_is_of_its_words_and_its_reader(kay: Visitor, lee: Visitor, stranger: Visitor) -> None:
    vault = kay.make_repo("vault")
    at = kay.send(f"{vault}/issues/new", title="It creaks")
    lee.send(f"{at}/comments", body="Oil it")
    assert _articles(stranger.open(at)) == [("Oil it", False)]
    assert _articles(lee.open(at)) == _articles(kay.open(at)) == [("Oil it", True)], "its author's, and a moderator's"
    kay.send(f"{at}/comments", body="No")
    assert _articles(lee.open(at)) == [("Oil it", True), ("No", False)]
    (first, _) = re.findall(r'href="[^"]*/comments/(\w+)/edit"', kay.open(at))
    lee.send(f"{at}/comments/{first}/edit", body="Oil it **well**")
    assert _articles(stranger.open(at))[0] == ("Oil it <strong>well</strong>", False)
    lee.send(f"{at}/react", comment=first, content="heart")
    assert 'aria-label="heart: 1" formaction' in lee.open(at)
    assert 'aria-label="heart: 1">' in kay.open(at)
    assert "disabled" in stranger.open(at)
    kay.send(f"{vault}/settings", act="rename", name="safe")
    assert f'href="/kay/safe/issues/1/comments/{first}/edit"' in kay.open("/kay/safe/issues/1")


def test_every_moment_stands_on_one_page_of_a_long_thread(node: Node, kay: Visitor, stranger: Visitor) -> None:
    at = kay.send(f"{kay.make_repo('talk')}/issues/new", title="Much is said")
    _say(node, at, COMMENTS_SHOWN)
    kay.send(f"{at}/do", act="lock")  # between the last of a page and the first of the next
    _say(node, at, 1)
    kay.send(f"{at}/do", act="pin")
    first = stranger.open(at)
    assert "locked it" not in words(first)
    (later,) = re.findall(r'href="([^"]+)">Later comments', first)
    second = words(stranger.open(later))
    assert second.count("locked it") == second.count("pinned it") == 1
    assert "said 1" not in second


def test_what_is_added_changes_the_last_piece_only() -> None:
    lines = [Line((n, f"{n}"), Markup(f"<p>{n}</p>" * 900)) for n in range(12)]
    before, after = list(blocks(lines)), list(blocks([*lines, Line((12, "12"), Markup("<p>new</p>"))]))
    whole = [piece for piece in before if isinstance(piece, Block)]
    assert len(whole) >= 3
    assert all(len(piece.data) >= ALONE_BYTES_MIN for piece in whole)
    assert all(old is new for old, new in zip(whole, after, strict=False))
    assert "".join(piece.data.decode() if isinstance(piece, Block) else piece for piece in after).endswith("new</p>")


def _articles(html: str) -> list[tuple[str, bool]]:
    """What each comment says, and whether its reader may change it."""
    found = re.findall(r'<article class="box said" id="comment-.*?</article>', html, re.DOTALL)
    texts = [re.findall(r'<div class="prose"[^>]*><p>(.*)</p>', each) for each in found]
    return [(text, "/edit" in each) for (text,), each in zip(texts, found, strict=True)]


def _say(node: Node, at: str, count: int) -> None:
    """As whoever opened the issue, all at once."""
    _, owner, name, _, number = at.split("/")
    row = node.world.views.visible(Actor(operator=True), f"{owner}~{name}")
    assert row is not None
    thing = node.world.views.issue(row.id, number)
    assert thing is not None
    args = [{"repo": row.id, "issue": thing.id, "body": f"said {n}"} for n in range(count)]
    for answer in node.world.core.execute([Request("comment.add", Actor(thing.author), each) for each in args]):
        assert not isinstance(answer, Exception), answer
