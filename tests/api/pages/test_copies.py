"""Forks and imports in the browser; stars, and what somebody hears of a repository."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.api.node import TOKEN, node_on
from tests.api.pages.visitor import Visitor, words
from tests.api.sources import desk_on, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.api.node import Node
    from tests.api.sources import Desk


def test_a_star_is_given_and_taken_back_from_any_page(kay: Visitor, lee: Visitor, stranger: Visitor) -> None:
    path = kay.make_repo("comet")
    page = lee.open(f"{path}/issues")
    assert "☆ Star 0" in words(page)
    assert lee.send(f"{path}/follow", star="on", next=f"{path}/issues") == f"{path}/issues"
    assert "★ Starred 1" in words(lee.open(f"{path}/issues"))
    assert "☆ Star 1" in words(kay.open(path))
    assert f"/login?next={path.replace('/', '%2F')}" in stranger.open(path)
    assert lee.send(f"{path}/follow", star="off", next="https://evil.example/") == path
    assert lee.send(f"{path}/follow", star="off", next=f"{path}.evil") == path
    assert "☆ Star 0" in words(lee.open(path))


def test_what_somebody_hears_is_chosen(kay: Visitor, lee: Visitor) -> None:
    path = kay.make_repo("radio")
    assert "Watch what concerns me" in words(lee.open(path))
    lee.send(f"{path}/follow", level="all")
    assert "Watch: all" in words(lee.open(path))
    assert "Watch what concerns me" in words(kay.open(path))
    lee.send(f"{path}/follow", level="sometimes", expect=422)


def test_a_fork_is_made_and_listed(kay: Visitor, lee: Visitor, stranger: Visitor) -> None:
    path = kay.make_repo("oak")
    page = f"{path}/fork"
    assert "None that you may see" in words(lee.open(page))
    assert 'value="oak"' in lee.open(page)
    assert lee.send(page, name="acorn", description="Of <oak>") == "/lee/acorn"
    assert "Of &lt;oak&gt;" in stranger.open("/lee/acorn")
    assert "lee/acorn" in words(kay.open(page))
    taken = lee.send(page, name="acorn", description="again <", expect=409)
    assert 'value="again &lt;"' in taken
    lee.send(page, name="no good", expect=422)
    lee.send(page, name="hidden", private="1")
    assert "lee/hidden" not in words(kay.open(page))
    stranger.ask("GET", page, 303)


def test_a_fork_of_what_is_private_is_private(kay: Visitor, lee: Visitor, stranger: Visitor) -> None:
    path = kay.make_repo("cave", private=True)
    lee.open(f"{path}/fork", expect=404)
    lee.send(f"{path}/fork", name="mine", expect=404)
    assert kay.send(f"{path}/fork", name="cave-two") == "/kay/cave-two"
    stranger.open("/kay/cave-two", expect=404)
    assert kay.open("/kay/cave-two")


@pytest.fixture(scope="module")
def importing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Node, Desk]]:
    """A node that may import from this machine."""
    with node_on(tmp_path_factory.mktemp("imports") / "data", registration="open") as node, desk_on(node) as desk:
        yield node, desk


def test_an_import_is_begun_and_looked_after(importing: tuple[Node, Desk], tmp_path: Path) -> None:
    node, desk = importing
    http = desk.api.http
    with serving(tmp_path) as source:
        source.make()
        ann, bob, nobody = Visitor(http, "ann"), Visitor(http, "bob"), Visitor(http)
        for person in (ann, bob):
            person.register()
        assert "/new/import" in ann.open("/new")
        refused = ann.send("/new/import", url="ftp://x/<y>", username="ann", password="very secret", expect=422)
        assert 'value="ftp://x/&lt;y&gt;"' in refused
        assert "very secret" not in refused
        job = ann.send("/new/import", url=f"{source.url}/old.git", name="old", description="Old <")
        assert re.fullmatch(r"/new/import/[0-9a-f]{32}", job)
        desk.wait(job.rpartition("/")[2], "done")
        shown = ann.open(job)
        assert "done" in words(shown)
        assert 'href="/ann/old"' in shown
        assert "hx-get" not in shown, "it asks no more"
        assert "2 in refs/pull" in words(shown)
        assert "Old &lt;" in ann.open("/ann/old")
        bob.open(job, expect=404)
        bob.send(job, act="cancel", expect=404)
        nobody.ask("GET", job, 303)
        assert ann.send(job, act="cancel") == job
        assert "done" in words(ann.open(job))
        ann.open("/new/import/" + "0" * 32, expect=404)
        operator = Visitor(http, "operator")
        operator.send("/login", username="operator", password=TOKEN)
        assert "done" in words(operator.open(job))
        gone = ann.send("/new/import", url=f"{source.url}/nothing.git", name="gone")
        desk.wait(gone.rpartition("/")[2], "failed")
        assert "failed" in words(ann.open(gone))
    assert node.world.views.repo("ann~gone") is None
