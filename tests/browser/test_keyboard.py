"""What a keyboard needs beside what other tests do with one: no trap, a way past the top, and single keys that help."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.keys import Keyboard
from tests.interop.clients import StockGit

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.people import Person, Way


@pytest.fixture
def way() -> Way:
    """Single keys are what scripts add."""
    return "keys"


def test_single_keys_lead_to_what_is_used_daily(kay: Person, tmp_path: Path) -> None:
    kay.register()
    page, keys, path = kay.page, Keyboard(kay.page), f"/{kay.name}/vault"
    kay.make_repo("vault")
    StockGit(tmp_path).work_tree("work")("push", "--quiet", kay.git_url(path), "main")
    expect(page.locator("table.tree")).to_be_visible()
    for pressed, heading in (("g b", "Branches"), ("g t", "Settings"), ("g s", "Issues"), ("c", "New issue")):
        keys.press(*pressed.split())
        expect(page.locator("html.scripted").get_by_role("heading", level=1)).to_have_text(heading)
    expect(page.get_by_label("Title")).to_be_focused()
    kay.go(f"{path}/blame/branch/main/README.md")
    keys.press("y")
    expect(page).to_have_url(re.compile(r"/blame/commit/[0-9a-f]{40}/README\.md$"))


def test_nobody_is_trapped(kay: Person) -> None:
    """Tab goes through all of a page, past its menus, and out of it again; the skip link leads past the top."""
    kay.register()
    path, keys = kay.make_repo("vault"), Keyboard(kay.page)
    kay.open_issue(path, "It creaks", "- [ ] oil it")
    for each in (f"{path}/issues/1", f"{path}/settings", "/settings"):
        kay.go(each)
        keys.round_trip()
    keys.press("Tab")
    expect(kay.page.get_by_role("link", name="Skip to the content")).to_be_focused()
    keys.press("Enter", "Tab")
    expect(kay.page.locator("main :focus")).to_have_count(1)


def test_the_help_and_the_menus_close_again(kay: Person) -> None:
    kay.register()
    page, keys = kay.go("/"), Keyboard(kay.page)
    keys.press("?")
    box = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(box).to_contain_text("Search or jump to")
    keys.press("Escape")
    expect(box).to_have_count(0)
    keys.choose(page.locator(".site summary"))
    link = page.get_by_role("link", name="Profile")
    keys.to(link)
    keys.press("Escape")
    expect(link).to_be_hidden()
    keys.press("/")
    expect(page.get_by_role("searchbox", name="Search or jump to")).to_be_focused()
