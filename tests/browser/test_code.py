"""Somebody who has no account reads code, and finds out who wrote a line and why."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.people import Person
from tests.interop.clients import StockGit

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser

    from tests.gitant.running import Node

STEPS = "def oil(hinge):\n    hinge.clean()\n    hinge.apply({!r})\n    return hinge\n"


@pytest.fixture(scope="module")
def path(node: Node, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A repository with a file that was changed twice, and once more on a branch."""
    work = StockGit(tmp_path_factory.mktemp("git")).work_tree("work")
    (work.folder / "src").mkdir()
    for oil, message in (("lard", "Grease it"), ("oil", "Use oil"), ("best oil", "Use better oil")):
        (work.folder / "src/steps.py").write_text(STEPS.format(oil))
        work("add", ".")
        work("commit", "--quiet", "--message", message)
    work("checkout", "--quiet", "-b", "dry")
    (work.folder / "src/steps.py").unlink()
    work("commit", "--quiet", "--all", "--message", "Leave it dry")
    with Person(node, browser, "coder") as coder:
        coder.register()
        path = coder.make_repo("hinges")
        work("push", "--quiet", coder.git_url(path), "main", "dry")
    return path


def test_code_is_read_and_blamed(path: str, arrives: Callable[[str], Person]) -> None:
    reader = arrives("reader")
    page = reader.go(path)
    reader.choose(page.get_by_role("link", name="src/", exact=True))
    reader.choose(page.get_by_role("link", name="steps.py", exact=True))
    reader.choose(page.get_by_role("link", name="3", exact=True))
    expect(page).to_have_url(re.compile(r"/src/branch/main/src/steps\.py#L3$"))
    expect(page.locator("tr:target")).to_contain_text("best oil")

    reader.choose(page.get_by_role("link", name="Blame"))
    reader.choose(page.get_by_role("link", name=re.compile("Older than")).last)  # than the file's second half
    expect(page).to_have_url(re.compile(r"/blame/commit/[0-9a-f]{40}/src/steps\.py$"))
    expect(page.locator("#L3")).to_contain_text("hinge.apply('oil')")
    expect(page.locator("#L3")).to_contain_text("Use oil")
    expect(page.locator("#L1")).to_contain_text("Grease it")

    page.go_back()
    reader.choose(page.get_by_role("link", name="History"))
    expect(page.get_by_role("heading", level=2)).to_have_text(["Use better oil", "Use oil", "Grease it"])
    reader.choose(page.get_by_role("link", name="Use oil"))
    expect(page.get_by_role("heading", name="Use oil", level=1)).to_be_visible()
    expect(page.locator("tr.del")).to_contain_text("'lard'")
    expect(page.locator("tr.ins")).to_contain_text("'oil'")

    reader.choose(page.locator("nav.tabs").get_by_role("link", name="Commits"))
    reader.choose(page.get_by_role("link", name="Compare"))
    reader.fill(page.get_by_label("From"), "main")
    reader.fill(page.get_by_label("to", exact=True), "dry")
    reader.choose(page.get_by_role("button", name="Compare"))
    expect(page.get_by_text("dry has 1 commit that main has not, and lacks 0")).to_be_visible()
    expect(page.locator("tr.del")).to_have_count(4)
    reader.choose(page.get_by_role("link", name="The file as it was"))
    reader.choose(page.get_by_role("link", name="Raw"))
    expect(page).to_have_url(re.compile(r"/raw/commit/[0-9a-f]{40}/src/steps\.py$"))
    assert page.locator("body").inner_text().replace("\r", "").rstrip() == STEPS.format("best oil").rstrip()
