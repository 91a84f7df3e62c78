"""Something to look at: long names, text from right to left, code, a conversation; and the pages that show it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.browser.people import Person
from tests.interop.clients import StockGit

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.gitant.running import Node

LONG: Final = "a-name-that-goes-on-and-on-and-would-push-everything-to-the-right"
STRANGERS: Final = (
    "/",
    "/explore",
    "/login",
    "/register",
    "/reset",
    "/nothing/here",
    "/kay/vault",
    "/kay/vault/issues",
    "/kay",
    "/-/network",
    "/kay/vault/events",
)
OWN: Final = (
    "/",
    "/new",
    "/issues",
    f"/kay/{LONG}",
    "/kay/vault/issues/new",
    "/kay/vault/issues/1",
    "/settings",
    "/settings/devices",
    "/settings/audit",
    "/kay/vault/audit",
    "/kay/vault/settings",
    "/kay/vault/settings/branches",
    "/kay/vault/settings/strangers",
    "/kay/vault/settings/keys",
)


def make_things(node: Node, browser: Browser, folder: Path) -> None:
    """Have kay register, push and write."""
    with Person(node, browser, "kay") as kay:
        kay.register()
        kay.make_repo(LONG)
        path = kay.make_repo("vault")
        work = StockGit(folder).work_tree("work")
        work.commit(
            "README.md", f"# Vault\n\n{'x' * 300}\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\ndef f(): ...\n```\n"
        )
        work.commit(f"{LONG}.txt", "text\n")
        work("push", "--quiet", kay.git_url(path), "main")
        kay.page.get_by_role("heading", name="Vault", exact=True).wait_for()  # the page loads itself again
        for title, body in (("It creaks " + "x" * 200, "- [ ] one\n- [x] two\n\n> said"), ("שלום עולם", "מימין לשמאל")):
            kay.go("/kay/vault/issues/new")
            kay.page.get_by_label("Title").fill(title)
            kay.page.get_by_label("What is it about?").fill(body)
            kay.page.get_by_role("button", name="Open the issue").click()
        kay.page.get_by_label("Comment, in Markdown").fill("Said.")
        kay.page.get_by_role("button", name="Comment", exact=True).click()


def too_wide_px(page: Page) -> int:
    """By how much a page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
