"""What is being typed: drafts, there after a reload and a session that ended, and nobody else's; completion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.axe import violations
from tests.browser.people import Person

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from tests.gitant.running import Node


@pytest.fixture
def drew(node: Node, browser: Browser) -> Iterator[Person]:
    with Person(node, browser, "drew") as found:
        yield found


def test_a_draft_is_its_writer_s_alone(drew: Person) -> None:
    drew.register()
    path = drew.make_repo("vault")
    page = drew.go(f"{path}/issues/new")
    body, title = page.get_by_label("What is it about?"), page.get_by_label("Title")
    title.fill("It creaks")
    body.fill("Since yesterday")
    page.reload()
    expect(title).to_have_value("It creaks")
    expect(body).to_have_value("Since yesterday")

    # The session ends by itself: nothing that was typed is lost, neither on the page nor afterwards.
    drew.context.clear_cookies()
    page.get_by_role("button", name="Open the issue").click()
    expect(page.get_by_role("alert")).to_contain_text("not signed in")
    expect(body).to_have_value("Since yesterday")
    drew.go(f"{path}/issues/new")
    drew.sign_in()
    drew.go(f"{path}/issues/new")
    expect(body).to_have_value("Since yesterday")
    expect(title).to_have_value("It creaks")
    page.get_by_role("button", name="Open the issue").click()
    page.wait_for_url("**/issues/1")
    drew.go(f"{path}/issues/new")
    expect(body).to_have_value("")
    expect(title).to_have_value("")

    # Somebody else at the same browser, after the session ended, and after signing out.
    drew.go(f"{path}/issues/1")
    said = page.get_by_label("Comment, in Markdown")
    said.fill("for my eyes")
    drew.context.clear_cookies()
    lou = drew
    lou.name = "lou"
    lou.register()
    lou.go(f"{path}/issues/1")
    expect(said).to_have_value("")
    said.fill("lou was here")
    page.locator("header summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status")).to_contain_text("signed out")
    kept = page.evaluate("Object.values(localStorage).join()")
    assert "lou was here" not in kept
    assert "for my eyes" in kept, "drew did not sign out"
    drew.name = "drew"
    drew.sign_in()
    drew.go(f"{path}/issues/1")
    expect(said).to_have_value("for my eyes")
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator("#thread").get_by_text("for my eyes")).to_be_visible()
    expect(said).to_have_value("")


def test_a_change_is_kept_until_it_is_saved_or_left(drew: Person) -> None:
    drew.name = "dora"
    drew.register()
    path = drew.make_repo("mill")
    drew.open_issue(path, "It creaks", "Since yesterday")
    page, issue = drew.page, f"{path}/issues/1"
    text, save = page.get_by_label("Text", exact=True), page.get_by_role("button", name="Save", exact=True)
    drew.unfold("Edit")
    text.fill("Since monday")
    change(drew, f"{issue}/edit", title="It creaks", body="Since sunday")
    page.reload()
    expect(text).to_have_value("Since monday")
    save.click()
    expect(page.get_by_role("alert")).to_contain_text("changed it since you read it")
    expect(page.locator("#issue-body")).to_contain_text("Since sunday")
    expect(text).to_have_value("Since monday")
    save.click()
    expect(page.locator("#issue-body")).to_contain_text("Since monday")
    drew.unfold("Edit")
    text.fill("Never mind")
    page.get_by_role("button", name="Leave it as it is").click()
    expect(text).to_be_hidden()
    page.reload()
    expect(text).to_be_hidden()
    expect(text).to_have_value("Since monday")

    change(drew, f"{issue}/comments", body="Oil it")
    page.reload()
    page.get_by_role("link", name="edit", exact=True).click()
    said = page.get_by_label("Comment, in Markdown")
    said.fill("Oil it well")
    page.reload()
    expect(said).to_have_value("Oil it well")
    page.get_by_role("link", name="Leave it as it is").click()
    page.go_back()
    page.reload()
    expect(said).to_have_value("Oil it")
    assert not page.evaluate("Object.keys(localStorage).length")


def test_all_that_are_shown_are_ticked(drew: Person) -> None:
    drew.name = "tess"
    drew.register()
    path = drew.make_repo("loft")
    for title in ("It creaks", "It leaks"):
        change(drew, f"{path}/issues/new", title=title)
    page = drew.go(f"{path}/issues")
    every = page.get_by_label("Tick all that are shown")
    boxes = page.locator("input[name=issue]")
    every.check()
    for at in range(2):
        expect(boxes.nth(at)).to_be_checked()
    boxes.first.uncheck()
    expect(every).to_have_js_property("indeterminate", True)
    every.check()
    drew.unfold("Change those ticked")
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.get_by_text("No issue fits.")).to_be_visible()


def change(person: Person, path: str, **fields: str) -> None:
    """What they do in another window."""
    sent = person.context.request.post(path, form=fields, headers={"sec-fetch-site": "same-origin"})  # type: ignore[arg-type]  # any value may stand in a form
    assert sent.ok, sent.text()


def test_people_and_issues_are_completed(drew: Person) -> None:
    drew.name = "kim"
    drew.register()
    path = drew.make_repo("barn")
    page = drew.go(f"{path}/issues/new")
    page.get_by_label("Title").fill("It squeaks")
    body = page.get_by_label("What is it about?")
    body.press_sequentially("ask @ki")
    offers = page.get_by_role("listbox", name="Suggestions")
    expect(offers.get_by_role("option")).to_have_text(["kim"])
    body.press("ArrowDown")
    expect(offers.get_by_role("option", selected=True)).to_have_text("kim")
    assert not violations(page)
    body.press("Enter")
    expect(body).to_have_value("ask @kim ")
    expect(offers).to_have_count(0)
    page.get_by_role("button", name="Open the issue").click()
    page.wait_for_url("**/issues/1")
    said = page.get_by_label("Comment, in Markdown")
    said.press_sequentially("see #squ")
    offers.get_by_role("option").click()
    expect(said).to_have_value("see #1 ")
    said.press_sequentially("and #")
    expect(offers.get_by_role("option")).to_have_text(["#1 It squeaks"])
    said.press("Escape")
    expect(offers).to_have_count(0)
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator("#thread").get_by_text("see #1 and #")).to_be_visible()
