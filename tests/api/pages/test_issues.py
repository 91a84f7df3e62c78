"""Issues, from opening one to settling it."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from api.pages.issues.words import ticked
from domain.errors import InvalidInput
from tests.api.pages.visitor import Visitor, words

if TYPE_CHECKING:
    from tests.api.node import Node


@pytest.fixture(scope="module")
def vault(kay: Visitor) -> str:
    """A repository of kay's with an issue of kay's in it."""
    path = kay.make_repo("vault")
    assert kay.send(f"{path}/issues/new", title="It creaks", body="- [ ] oil\n- [x] look") == f"{path}/issues/1"
    return path


def test_an_issue_is_opened_found_and_closed(kay: Visitor, stranger: Visitor, vault: str) -> None:
    kay.send(f"{vault}/issues/new", title="The <b>door</b>", body="is *open*. See #1, @kay.")
    page = stranger.open(f"{vault}/issues/2")
    assert "The &lt;b&gt;door&lt;/b&gt;" in page
    assert "is <em>open</em>" in page
    assert f'href="{vault}/issues/1"' in page
    assert "Sign in to say something." in words(page)
    kay.send(f"{vault}/issues/2/comments", body="Shut.", act="close")
    page = kay.open(f"{vault}/issues/2")
    assert "Shut." in page
    assert "closed it (completed)" in words(page)
    for act, says in (("reopen", "reopened it"), ("reject", "closed it (not planned)")):
        kay.send(f"{vault}/issues/2/comments", body="", act=act)
        assert says in words(kay.open(f"{vault}/issues/2"))
    assert "The <b>door</b>" not in words(stranger.open(f"{vault}/issues"))
    assert "The <b>door</b>" in words(stranger.open(f"{vault}/issues?q=is:closed"))
    assert "kay/vault#2 The <b>door</b>" in words(stranger.open(f"{vault}/issues/1")), "#1 tells who named it"


def test_what_was_typed_is_not_lost(kay: Visitor, stranger: Visitor, vault: str) -> None:
    page = kay.send(f"{vault}/issues/new", title="", body="a long story", expect=422)
    assert "a long story" in page
    assert "itle must not be empty" in words(page)
    page = stranger.send(f"{vault}/issues/1/comments", body="half a thought", expect=401)
    assert "half a thought" in page
    assert "Sign in to say something" in words(page)
    assert "sort:sideways" in kay.open(f"{vault}/issues?q=sort:sideways", expect=422)


def tag_in(page: str, action: str) -> str:
    """What the form that is sent there is bound to."""
    found = re.search(rf'action="{action}"[^>]*>\s*<input type="hidden" name="tag" value="([^"]+)"', page)
    assert found is not None
    return unescape(found[1])


def test_a_title_is_changed_unless_somebody_else_did(kay: Visitor, vault: str) -> None:
    issue = f"{vault}/issues/1"
    read = tag_in(kay.open(issue), f"{issue}/edit")
    kay.send(f"{issue}/comments", body="Meanwhile")  # which changes no words of the issue itself
    kay.send(f"{issue}/edit", title="It squeaks", tag=read)
    page = kay.send(f"{issue}/edit", title="It groans", tag=read, expect=412)
    assert "It groans" in page
    assert "somebody changed it since you read it" in words(page).lower()
    assert tag_in(page, f"{issue}/edit") == tag_in(kay.open(issue), f"{issue}/edit"), "sent again, it is taken"
    assert "It squeaks" in words(kay.open(f"{vault}/issues/1"))
    assert "called it “It squeaks” instead of “It creaks”" in words(kay.open(f"{vault}/issues/1"))


def test_a_comment_is_changed_unless_somebody_else_did(kay: Visitor, vault: str) -> None:
    issue = f"{vault}/issues/1"
    kay.send(f"{issue}/comments", body="It groans")
    comment = re.findall(r"/comments/(\w+)/edit", kay.open(issue))[-1]
    edit = f"{issue}/comments/{comment}/edit"
    read = tag_in(kay.open(edit), edit)
    kay.send(f"{issue}/react", comment=comment, content="heart")  # which changes no words
    kay.send(edit, body="It moans", tag=read)
    page = kay.send(edit, body="It squeaks", tag=read, expect=412)
    assert "It squeaks" in words(page)
    assert "What it says now It moans" in words(page)
    kay.send(edit, body="It squeaks", tag=tag_in(page, edit))
    assert "It squeaks" in words(kay.open(issue))


def test_a_title_that_is_too_long_is_shown_again(kay: Visitor, vault: str) -> None:
    long = "a" * 257
    for path in (f"{vault}/issues/new", f"{vault}/issues/1/edit"):
        page = kay.send(path, title=long, body="told at length", expect=422)
        assert "itle takes at most 256 characters" in words(page)
        assert f'value="{long}"' in page
        assert "told at length" in page


def test_labels_that_are_too_many_to_offer_are_named_and_stay(
    kay: Visitor, stranger: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.pages.issues.finding.LABELS_OFFERED_MAX", 2)
    path = kay.make_repo("labelled")
    for name in ("a", "b", "c, or d", "e"):
        kay.send(f"{path}/labels", act="make", name=name, color="#010203")
    page = kay.open(f"{path}/issues/new")
    assert "2 more labels are in the whole list" in words(page)
    said = [("labels", "a"), ("other_labels", "c, or d\r\n\r\ne\r\n")]
    issue = kay.send(f"{path}/issues/new", said, title="Both", assignees="me, kay")
    page = kay.open(issue)
    assert re.findall(r'name="labels" value="([^"]*)"( checked)?', page) == [
        *(("a", " checked"), ("b", "")),
        *(("c, or d", " checked"), ("e", " checked")),
    ]
    assert "other_labels" not in page, "all of them are offered"
    assert page.count('fill="#010203"') >= 3
    kay.send(f"{issue}/labels", [("labels", "b"), ("labels", "e")])
    assert "1 more label is in the whole list" in words(kay.open(issue))
    assert re.findall(r'name="labels" value="([^"]*)" checked', kay.open(issue)) == ["b", "e"]
    page = kay.send(f"{issue}/labels", labels="a", other_labels="x" * 65, expect=422)
    assert "at most 64 characters" in words(page)
    assert "x" * 65 in page
    listed = kay.open(f"{path}/issues")
    assert 'list="bulk-labels"' in listed
    assert "1 more" in words(listed)


def test_labels_are_made_changed_and_deleted(kay: Visitor, lee: Visitor, stranger: Visitor, vault: str) -> None:
    page = f"{vault}/labels"
    assert kay.send(page, act="make", name="leak <b>", color="#aa4400", description="Water") == page
    kay.send(page, act="make", name='say "wind"', color="#00aa44")
    shown = stranger.open(page)
    assert "leak &lt;b&gt;" in shown
    assert 'fill="#aa4400"' in shown
    assert "Change" not in words(shown)
    assert "there is a label" in words(kay.send(page, act="make", name="leak <b>", expect=409)).lower()
    assert "colo" in words(kay.send(page, act="make", name="odd", color="red;x", expect=422)).lower()
    kay.send(page, act="edit", label="leak <b>", name="leak", color="#0000ff", description="")
    shown = kay.open(page)
    assert "Water" not in shown
    assert 'fill="#0000ff"' in shown
    kay.send(page, act="delete", label="leak", expect=422)
    kay.send(page, act="delete", label="leak", sure="1")
    assert 'fill="#0000ff"' not in kay.open(page)
    lee.send(page, act="make", name="mine", color="#000000", expect=403)
    stranger.send(page, act="make", name="mine", color="#000000", expect=401)
    (leads,) = re.findall(r'class="chip" href="([^"]+)"', stranger.open(page))
    assert "No issue fits." in words(stranger.open(leads.replace("&amp;", "&")))


def test_tasks_are_ticked_in_the_text(kay: Visitor, lee: Visitor, vault: str) -> None:
    kay.send(f"{vault}/issues/1/tick", task="0")
    assert kay.open(f"{vault}/issues/1").count('checked="checked"') == 2
    lee.send(f"{vault}/issues/1/tick", task="0", expect=403)
    assert ticked("```\n- [ ] no\n```\n- [ ] yes\n1. [x] done", "0") == "```\n- [ ] no\n```\n- [x] yes\n1. [x] done"
    assert ticked("- [ ] a\n- [x] b", "1") == "- [ ] a\n- [ ] b"
    with pytest.raises(InvalidInput):
        ticked("- [ ] a", "1")


def test_reactions_come_and_go(kay: Visitor, lee: Visitor, vault: str) -> None:
    lee.send(f"{vault}/issues/1/react", content="+1")
    assert 'aria-label="+1: 1"' in kay.open(f"{vault}/issues/1")
    lee.send(f"{vault}/issues/1/react?back=1", content="+1")
    assert 'aria-label="+1: 1"' not in kay.open(f"{vault}/issues/1")
    lee.send(f"{vault}/issues/1/react", content="cake", expect=422)


def test_a_comment_is_changed_and_taken_away(kay: Visitor, lee: Visitor, vault: str) -> None:
    lee.send(f"{vault}/issues/1/comments", body="secret words")
    (path,) = re.findall(rf'href="({vault}/issues/1/comments/\w+/edit)"', lee.open(f"{vault}/issues/1"))
    assert "secret words" in lee.open(path)
    lee.send(path, body="other words")
    assert "other words" in lee.open(f"{vault}/issues/1")
    lee.send(path.replace("/edit", "/redact"), reason="a slip")
    page = lee.open(f"{vault}/issues/1")
    assert "other words" not in page
    assert "were taken away" in page


def test_many_at_once_and_by_whom(kay: Visitor, lee: Visitor, vault: str) -> None:
    for number in range(3):
        kay.send(f"{vault}/issues/new", title=f"bulk {number}")
    found = re.findall(r'name="issue" value="(\d+)"', kay.open(f"{vault}/issues?q=is:open+bulk"))
    assert len(found) == 3
    ticks = [("issue", number) for number in found]
    assert kay.send(f"{vault}/issues/change", ticks, act="close", q="bulk") == f"{vault}/issues?q=bulk"
    assert "No issue fits" in kay.open(f"{vault}/issues?q=bulk")
    assert "nothing is ticked" in words(kay.send(f"{vault}/issues/change", act="close", expect=422)).lower()
    lee.send(f"{vault}/issues/change", ticks, act="reopen", expect=403)
    kay.send(f"{vault}/issues/1/assignees", assignees="me @lee")
    assert 'title="did:key' in kay.open(f"{vault}/issues/1")
    assert "It squeaks" in lee.open("/issues")
    for act in ("lock", "pin", "unpin"):
        kay.send(f"{vault}/issues/1/do", act=act)
    lee.send(f"{vault}/issues/1/comments", body="but", expect=403)


def test_labels_have_their_colours_wherever_issues_are_listed(kay: Visitor, lee: Visitor) -> None:
    for visitor, colour in ((kay, "12ab34"), (lee, "56cd78")):
        path = visitor.make_repo("coloured")
        visitor.send(f"{path}/labels", act="make", name="leak", color=f"#{colour}")
        visitor.send(f"{path}/issues/new", [("labels", "leak")], title="It drips into colours")
    for page in (kay.open("/issues?q=drips"), kay.open("/search?q=drips")):
        assert page.count('fill="#12ab34"') == 1
        assert page.count('fill="#56cd78"') == 1
    assert 'fill="#12ab34"' in kay.open("/"), "opened by kay"
    for named in ("kay/coloured", "kay~coloured"):
        found = kay.open(f"/issues?q=drips+repo:{named}")
        assert ('fill="#12ab34"' in found, 'fill="#56cd78"' in found) == (True, False)
    assert "There is no repository nobody/nothing here." in words(kay.open("/issues?q=repo:nobody/nothing", 404))
    assert 'href="/issues?q=is%3Aopen+mentions%3A%40me"' in kay.open("/issues")


def test_a_private_one_is_nobody_else_s(kay: Visitor, lee: Visitor, stranger: Visitor, node: Node) -> None:
    path = kay.make_repo("cellar", private=True)
    kay.send(f"{path}/issues/new", title="hidden thing")
    for who in (lee, stranger):
        for page in (path, f"{path}/issues", f"{path}/issues/1", f"{path}/issues/new"):
            assert "hidden thing" not in who.open(page, expect=404)
        for page in ("/", "/explore", "/explore?q=cellar", "/issues?q=hidden"):
            assert "cellar" not in words(who.open(page)).replace("cellar", "cellar" if "q=cellar" not in page else "")
        who.send(f"{path}/issues/1/comments", body="x", expect=404)
    assert "hidden thing" in kay.open(f"{path}/issues")


def test_a_preview_is_what_will_show(kay: Visitor, stranger: Visitor, vault: str) -> None:
    page = kay.send(f"{vault}/preview", body="**bold** <script>alert(1)</script>", expect=200)
    assert page == "<p><strong>bold</strong> </p>\n"
    stranger.send(f"{vault}/preview", body="x", expect=401)


def test_what_is_begun_is_completed(kay: Visitor, lee: Visitor, stranger: Visitor, vault: str) -> None:
    def offered(who: Visitor, q: str) -> list[str]:
        answer = json.loads(who.open(f"{vault}/completions?{urlencode({'q': q})}"))
        return [each["insert"] for each in answer]

    assert offered(kay, "@k") == ["@kay"]
    assert "@kay" in offered(lee, "@")
    assert offered(kay, "@LEE") == ["@lee"], "who has an account is found by their whole name"
    assert offered(kay, "@nobody-is-called-that") == []
    assert offered(kay, "#1")[0] == "#1"
    number = kay.send(f"{vault}/issues/new", title="A rattling window").rpartition("/")[2]
    assert offered(kay, "#rattling") == [f"#{number}"]
    assert len(offered(kay, "#")) == min(8, len(set(offered(kay, "#"))))
    for odd in ('#"', "#is:open", "#١", "@did:key:z", "#OR AND", "@%"):
        offered(kay, odd)
    stranger.open(f"{vault}/completions?q=@", expect=303)
    kay.open(f"{vault}/completions?q=", expect=422)
    cellar = kay.make_repo("cellar-2", private=True)
    kay.send(f"{cellar}/issues/new", title="hidden thing")
    lee.open(f"{cellar}/completions?q=%23", expect=404)
