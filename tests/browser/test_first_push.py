"""From an account to a repository with something in it, and an issue settled."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.interop.clients import StockGit

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.people import Person


def test_a_newcomer_pushes_and_settles_an_issue(kay: Person, tmp_path: Path) -> None:
    kay.register()
    path = kay.make_repo("vault")
    page = kay.page
    work = StockGit(tmp_path).work_tree("work")
    work.commit("README.md", "# Vault\n\nKeeps *things*.\n")
    work("push", "--quiet", kay.git_url(path), "main")
    if not kay.scripted:
        kay.go(path)  # with a script the page has noticed by itself
    expect(page.get_by_role("heading", name="Vault", exact=True)).to_be_visible()
    expect(page.locator("table.tree").get_by_role("link", name="README.md", exact=True)).to_be_visible()

    kay.choose(page.get_by_role("navigation", name="Repository").get_by_role("link", name="Issues"))
    kay.choose(page.get_by_role("link", name="New issue"))
    kay.fill(page.get_by_label("Title"), "It creaks")
    kay.fill(page.get_by_label("What is it about?"), "Since *yesterday*.")
    kay.choose(page.get_by_role("button", name="Open the issue"))
    expect(page).to_have_url(re.compile(r"/issues/1$"))
    kay.fill(page.get_by_label("Comment, in Markdown"), "Oil helps.")
    kay.choose(page.get_by_role("button", name="Close", exact=True))
    expect(page.get_by_text("Oil helps.")).to_be_visible()
    expect(page.get_by_text("closed", exact=False).first).to_be_visible()
    page.get_by_role("button", name="Reopen").wait_for()
