"""A colleague is let into a private repository, works there, and is removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.interop.clients import StockGit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.browser.people import Person


def test_a_colleague_comes_and_goes(arrives: Callable[[str], Person], tmp_path: Path) -> None:
    kay, lee = arrives("kay"), arrives("lee")
    kay.register()
    lee.register()
    path = kay.make_repo("vault", private=True)
    StockGit(tmp_path).work_tree("kay's")("push", "--quiet", kay.git_url(path), "main")
    kay.see(kay.page.locator("table.tree"))
    called = path.removeprefix("/")
    expect(lee.go(path).get_by_role("heading", name="There is no such thing")).to_be_visible()

    kay.give_role(path, lee.name, "developer")
    expect(kay.page.get_by_role("row", name=lee.name)).to_contain_text("developer")
    lee.choose(lee.go("/explore").get_by_role("link", name=called, exact=True))
    expect(lee.page.get_by_text("private", exact=True)).to_be_visible()
    expect(lee.page.get_by_role("link", name="Settings", exact=True).and_(lee.page.locator(".tabs a"))).to_have_count(0)
    work = StockGit(tmp_path).work_tree("lee's", lee.git_url(path))
    work.commit("hinge.txt", "oiled\n")
    work("push", "--quiet", "origin", "HEAD:main")
    expect(kay.go(path).locator("table.tree").get_by_role("link", name="hinge.txt", exact=True)).to_be_visible()

    kay.choose(kay.go(f"{path}/settings").get_by_role("row", name=lee.name).get_by_role("button", name="Remove"))
    expect(kay.page.get_by_role("row", name=lee.name)).to_have_count(0)
    work.commit("hinge.txt", "squeaks\n")
    refused = work.run("push", "origin", "HEAD:main")
    assert refused.returncode != 0
    assert f"{kay.name} removed you from {called} on " in refused.stderr
    expect(lee.go(path).get_by_role("heading", name="There is no such thing")).to_be_visible()
    expect(lee.go("/explore").get_by_role("link", name=called, exact=True)).to_have_count(0)
