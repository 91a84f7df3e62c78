"""What other tests here do with a mouse, with a keyboard only: every step can be done, and the focus be seen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.keys import Keyboard
from tests.browser.people import PASSWORD
from tests.interop.clients import StockGit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.browser.people import Person


@pytest.fixture
def scripted() -> bool:
    """Single keys are what scripts add."""
    return True


def test_everything_is_done_by_keys(arrives: Callable[[str], Person], tmp_path: Path) -> None:
    lee, kay = arrives("lee"), arrives("kay")
    lee.register()
    keys = Keyboard(kay.page)
    register_by_keys(kay, keys)
    path = push_by_keys(kay, keys, tmp_path)
    settle_by_keys(kay, keys, path)
    invite_by_keys(kay, keys, lee.name)
    read_by_keys(kay, keys)
    revoke_by_keys(kay, keys)


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


def register_by_keys(kay: Person, keys: Keyboard) -> None:
    page = kay.go("/register")
    keys.fill(page.get_by_label("User name"), kay.name)
    keys.fill(page.get_by_label("Password"), PASSWORD)
    keys.press("Enter")
    keys.choose(page.get_by_role("link", name="I have kept it"))
    expect(page.get_by_role("heading", name="What needs me")).to_be_visible()


def push_by_keys(kay: Person, keys: Keyboard, folder: Path) -> str:
    page, path = kay.page, f"/{kay.name}/vault"
    keys.press("g", "n")
    keys.fill(page.get_by_label("Name", exact=True), "vault")
    keys.choose(page.get_by_role("button", name="Make it"))
    expect(page.get_by_role("heading", name="Push the first commit")).to_be_visible()
    work = StockGit(folder).work_tree("work")
    work("push", "--quiet", kay.git_url(path), "main")
    expect(page.locator("table.tree")).to_be_visible()
    return path


def settle_by_keys(kay: Person, keys: Keyboard, path: str) -> None:
    page = kay.page
    keys.press("g", "s")
    expect(page).to_have_url(re.compile(f"{path}/issues$"))
    keys.press("c")
    keys.fill(page.get_by_label("Title"), "It creaks")
    keys.press("Tab")
    keys.type("Since *yesterday*.")
    keys.choose(page.get_by_role("button", name="Open the issue"))
    expect(page).to_have_url(re.compile(r"/issues/1$"))
    keys.choose(page.locator("summary", has_text="Edit"))
    keys.fill(page.get_by_label("Title"), "The lid creaks")
    keys.press("Enter")
    expect(page.get_by_role("heading", name="The lid creaks")).to_be_visible()
    keys.fill(page.get_by_label("Comment, in Markdown"), "Oil helps.")
    keys.choose(page.get_by_role("button", name="Close", exact=True))
    expect(page.locator("#issue-top .badge.closed")).to_be_visible()


def invite_by_keys(kay: Person, keys: Keyboard, colleague: str) -> None:
    page = kay.page
    keys.press("g", "t")
    expect(page.get_by_role("heading", name="Settings", level=1)).to_be_visible()
    keys.fill(page.get_by_label("User name or did"), colleague)
    keys.to(page.get_by_label("Role", exact=True))
    keys.type("viewer")
    keys.choose(page.get_by_role("button", name="Give the role"))
    row = page.get_by_role("row", name=colleague)
    expect(row).to_contain_text("viewer")
    keys.choose(row.get_by_role("button", name="Remove"))
    expect(row).to_have_count(0)


def read_by_keys(kay: Person, keys: Keyboard) -> None:
    page = kay.page
    keys.press("g", "c")
    keys.choose(page.locator("table.tree").get_by_role("link", name="README.md", exact=True))
    keys.choose(page.get_by_role("link", name="Blame"))
    expect(page).to_have_url(re.compile(r"/blame/branch/main/README\.md$"))
    keys.press("y")
    expect(page).to_have_url(re.compile(r"/blame/commit/[0-9a-f]{40}/README\.md$"))
    keys.choose(page.get_by_role("link", name="History"))
    keys.choose(page.get_by_role("heading", name="Write README.md").get_by_role("link"))
    expect(page.locator("tr.ins")).to_contain_text("hello")


def revoke_by_keys(kay: Person, keys: Keyboard) -> None:
    page = kay.page
    keys.choose(page.locator(".site summary"))
    keys.choose(page.get_by_role("link", name="Settings", exact=True).and_(page.locator(".site a")))
    keys.choose(page.get_by_role("navigation", name="Settings").get_by_role("link", name="Devices"))
    keys.choose(page.locator("summary", has_text="End it…"))
    keys.to(page.get_by_label("I am sure"))
    keys.press("Space")
    keys.choose(page.get_by_role("button", name="End this device"))
    expect(page.get_by_role("region", name="Ended")).to_be_visible()
