"""What is typed and not sent: there after a reload and after a session that ended, gone once sent, nobody else's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.people import Person

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from tests.gitant.running import Node


@pytest.fixture
def kay(node: Node, browser: Browser) -> Iterator[Person]:
    with Person(node, browser, "kay") as found:
        yield found


def test_a_draft_is_its_writer_s_alone(kay: Person) -> None:
    kay.register()
    path = kay.make_repo("vault")
    page = kay.go(f"{path}/issues/new")
    body, title = page.get_by_label("What is it about?"), page.get_by_label("Title")
    title.fill("It creaks")
    body.fill("Since yesterday")
    page.reload()
    expect(title).to_have_value("It creaks")
    expect(body).to_have_value("Since yesterday")

    # The session ends by itself: nothing that was typed is lost, neither on the page nor afterwards.
    kay.context.clear_cookies()
    page.get_by_role("button", name="Open the issue").click()
    expect(page.get_by_role("alert")).to_contain_text("not signed in")
    expect(body).to_have_value("Since yesterday")
    kay.go(f"{path}/issues/new")
    kay.sign_in()
    kay.go(f"{path}/issues/new")
    expect(body).to_have_value("Since yesterday")
    expect(title).to_have_value("It creaks")
    page.get_by_role("button", name="Open the issue").click()
    page.wait_for_url("**/issues/1")
    kay.go(f"{path}/issues/new")
    expect(body).to_have_value("")
    expect(title).to_have_value("")

    # Somebody else at the same browser, after the session ended, and after signing out.
    kay.go(f"{path}/issues/1")
    said = page.get_by_label("Comment, in Markdown")
    said.fill("for my eyes")
    kay.context.clear_cookies()
    lou = kay
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
    assert "for my eyes" in kept, "kay did not sign out"
    kay.name = "kay"
    kay.sign_in()
    kay.go(f"{path}/issues/1")
    expect(said).to_have_value("for my eyes")
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator("#thread").get_by_text("for my eyes")).to_be_visible()
    expect(said).to_have_value("")
