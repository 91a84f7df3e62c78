"""Rules of branches in the browser."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest

from domain.keys import SigningKey
from domain.protection.branch_protected import BranchProtected
from gitant.recovery import seed_of
from tests.api.pages.visitor import words
from tests.api.test_events import EVENTS, sent

if TYPE_CHECKING:
    from litestar.testing import TestClient

    from tests.api.node import Node
    from tests.api.pages.visitor import Visitor


@pytest.fixture(scope="module")
def page(kay: Visitor, lee: Visitor) -> str:
    """The page of a repository of kay's; lee is a maintainer there."""
    path = kay.make_repo("bridge")
    kay.send(f"{path}/settings/members", act="give", user="lee", role="maintainer")
    return f"{path}/settings/branches"


def test_rules_are_made_changed_and_ended(kay: Visitor, stranger: Visitor, page: str) -> None:
    assert "None: whoever may push" in words(kay.open(page))
    rules = {"pattern": "release/*", "push_role": "maintainer", "pushers": "@lee, kay", "approvals": "2"}
    kay.send(page, [*rules.items()], act="set", allow_force="1", checks="build\r\n lint \r\n")
    shown = words(kay.open(page))
    assert re.search(r"pushed to by (kay ?, ?lee|lee ?, ?kay)", shown)
    for part in ("release/*", "force pushes allowed", "deleting refused", "2 approvals", "build, lint"):
        assert part in shown, part
    form = kay.open(f"{page}?edit=release/*")
    assert 'value="release/*"' in form
    assert re.search(r'name="allow_force" value="1" checked', form)
    (people,) = re.findall(r'<textarea id="f-pushers".*?>\s(.*?)</textarea>', form, re.DOTALL)
    assert set(people.split()) == {"kay", "lee"}
    tag = unescape(re.findall(r'name="tag" value="([^"]+)"', form)[0])
    kay.send(page, act="set", pattern="release/*", push_role="admin", tag=tag)
    assert "pushed to by admins and above" in words(kay.open(page))
    late = kay.send(page, act="set", pattern="release/*", push_role="developer", checks="<late>", tag=tag, expect=412)
    assert "&lt;late&gt;" in late, "what was typed is still there"
    assert "pushed to by admins and above" in words(late)
    kay.send(page, act="end:release/*")
    assert "None: whoever may push" in words(kay.open(page))
    kay.send(page, act="end:release/*", expect=404)


def test_a_refused_form_shows_what_was_typed(kay: Visitor, page: str) -> None:
    for fields in (
        {"pattern": "a b", "push_role": "developer"},
        {"pattern": "x", "push_role": "everybody"},
        {"pattern": "x", "push_role": "developer", "approvals": "many"},
        {"pattern": "x", "push_role": "developer", "approvals": "9999"},
        {"pattern": "x", "push_role": "developer", "pushers": "nobody-here"},
        {"pattern": "x", "push_role": "developer", "checks": "c" * 500},
    ):
        refused = kay.send(page, [*fields.items()], act="set", expect=422)
        assert f'value="{fields["pattern"]}"' in refused
        for value in list(fields.values())[2:]:
            assert value in refused
    kay.send(page, act="other", expect=422)


def test_maintainers_see_them_and_admins_change_them(kay: Visitor, lee: Visitor, stranger: Visitor, page: str) -> None:
    kay.send(page, act="set", pattern="main", push_role="maintainer")
    shown = lee.open(page)
    assert "Admins of the repository change these" in words(shown)
    assert "<textarea" not in shown
    lee.send(page, act="set", pattern="main", push_role="developer", expect=403)
    lee.send(page, act="end:main", expect=403)
    stranger.ask("GET", page, 303)
    assert "pushed to by maintainers" in words(kay.open(page))


def test_rules_written_at_the_same_time_are_told_of_and_settled(
    kay: Visitor, http: TestClient[Any], node: Node, page: str
) -> None:
    kay.send(page, act="set", pattern="stable", push_role="maintainer")
    repo = node.world.views.repo("kay~bridge")
    assert repo is not None
    root = SigningKey(seed_of(kay.recovery)[0])
    words_of = BranchProtected(pattern="stable", push_role="admin", replaces=[])
    rival = node.world.signed(root, "branch.protected.v1", repo.id, repo.id, words_of)
    http.cookies.clear()
    assert http.post(EVENTS, json=sent(rival)).status_code == 201
    shown = kay.open(page)
    assert "All of them hold until somebody saves them again" in words(shown)
    tag = unescape(re.findall(r'name="tag" value="([^"]+)"', kay.open(f"{page}?edit=stable"))[0])
    kay.send(page, act="set", pattern="stable", push_role="admin", tag=tag)
    assert "All of them hold" not in words(kay.open(page))
