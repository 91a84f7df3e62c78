"""Two people at two nodes change one issue while these are apart: what comes of it is seen, and settled, on both."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OPEN
from tests.browser.visits import Visitor
from tests.gitant.network.meeting import Member

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Locator

    from tests.browser.people import Person


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Member, Member]]:
    """Nodes that are peers; the second one takes whatever the first one has."""
    base = tmp_path_factory.mktemp("two")
    here, there = Member(base / "here", *OPEN), Member(base / "there", *OPEN)
    try:
        here.wait_ready()
        there.wait_ready()
        there.meets(here)
        there.ask("POST", "/follows", {"all": True})
        yield here, there
    finally:
        for each in (here, there):
            each.end(signal.SIGTERM)


def test_an_issue_is_settled_on_both(two: tuple[Member, Member], arrives: Callable[..., Person]) -> None:
    here, there = two
    kay, lee, operator = arrives("kay", here), arrives("lee", there), arrives("operator", here)
    kay.register()
    lee.register()
    operator.name = "operator"
    operator.sign_in(here.token)
    path = kay.make_repo("vault")
    own, other = did_of(kay), did_of(lee)
    kay.give_role(path, other, "maintainer")
    kay.open_issue(path, "It creaks", "Since *yesterday*.")
    issue = f"{path}/issues/1"

    lee.reach(issue)
    expect(lee.page.get_by_role("heading", name="It creaks")).to_be_visible()
    change(operator, "Block")
    retitle(kay, "The hinge creaks")
    retitle(lee, "The lid creaks")
    change(operator, "Unblock")

    for each in (kay, lee):
        each.see(each.page.get_by_role("heading", name="To settle"))
        rivals = each.page.locator("section.settle li")
        expect(rivals).to_have_count(2)
        expect(written_by(rivals, own)).to_contain_text("The hinge creaks")
        expect(written_by(rivals, other)).to_contain_text("The lid creaks")
    if kay.scripted:  # axe is a script
        assert Visitor(kay).visit(issue).wrong == []
        assert Visitor(operator).visit("/-/network").wrong == []
    rivals = lee.page.locator("section.settle li")
    lee.choose(written_by(rivals, own).get_by_role("button", name="Keep this"))
    for each in (lee, kay):
        each.see(each.page.get_by_role("heading", name="To settle"), gone=True)
        expect(each.page.get_by_role("heading", level=1)).to_contain_text("The hinge creaks")

    kay.choose(kay.page.get_by_role("button", name="Close", exact=True))
    lee.see(lee.page.locator("#issue-top .badge.closed"))


def did_of(person: Person) -> str:
    """Who somebody is on every node."""
    person.go("/settings")
    return person.page.locator("#profile + p code").inner_text()


def written_by(rivals: Locator, did: str) -> Locator:
    """The one of several that somebody wrote, whose name may not have come yet."""
    return rivals.filter(has=rivals.page.locator(f'a.who[title="{did}"]'))


def change(operator: Person, act: str) -> None:
    """What the operator does about the one peer there is."""
    network = operator.go("/-/network")
    operator.choose(network.get_by_role("button", name=act, exact=True))
    expect(network.get_by_text("Done.")).to_be_visible()


def retitle(person: Person, title: str) -> None:
    person.unfold("Edit")
    person.fill(person.page.get_by_label("Title"), title)
    person.choose(person.page.get_by_role("button", name="Save", exact=True))
    expect(person.page.get_by_role("heading", level=1)).to_contain_text(title)
