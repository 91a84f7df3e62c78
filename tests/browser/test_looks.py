"""Every page, wide in light colours and narrow in dark ones: nothing that axe finds, nothing wider than the window, no
request that leaves the node, and few bytes. `make screenshots` looks at each width in each choice of colours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from tests.browser.pages import OPERATORS, OWN, STRANGERS
from tests.browser.people import PASSWORD, Person
from tests.browser.things import make_things
from tests.browser.visits import Visitor
from tests.interop.clients import token_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from playwright.sync_api import Browser

    from tests.gitant.running import Node

FIRST_BYTES_MAX: Final = 100_000
NEXT_BYTES_MAX: Final = 15_000


@pytest.fixture(scope="module")
def things(node: Node, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    return make_things(node, browser, tmp_path_factory.mktemp("git"))


@pytest.mark.parametrize(
    ("name", "paths"), [("", STRANGERS), ("kay", OWN), ("operator", OPERATORS)], ids=["stranger", "kay", "operator"]
)
def test_nothing_is_in_anybody_s_way(
    things: Mapping[str, str], node: Node, browser: Browser, name: str, paths: Sequence[str]
) -> None:
    with Person(node, browser, name) as looking:
        if name:
            looking.sign_in(token_of(node) if name == "operator" else PASSWORD)
        visitor = Visitor(looking)
        visitor.load("/reset")  # which has the styles and scripts that all pages share
        visits = [visitor.visit(path.format(**things)) for path in paths]
    assert sorted({each for visit in visits for each in visit.wrong}) == []
    assert {url for visit in visits for url in visit.elsewhere} == set()
    assert {visit.path: visit.loaded_bytes for visit in visits if not 0 < visit.loaded_bytes < NEXT_BYTES_MAX} == {}


def test_a_first_visit_loads_little(things: Mapping[str, str], node: Node, browser: Browser) -> None:
    with Person(node, browser, "kay") as looking:
        looking.sign_in()
        visitor = Visitor(looking)
        for path in ("/", "/kay/vault", "/kay/vault/commit/{commit}", "/kay/vault/issues/2"):
            visitor.forget()
            assert 2_000 < visitor.load(path.format(**things)).loaded_bytes < FIRST_BYTES_MAX
