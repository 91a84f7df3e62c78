"""Every page in light and dark, narrow and wide: nothing that axe finds, nothing wider than the window, no request
that leaves the node, and few bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import pytest

from tests.browser.axe import violations
from tests.browser.people import Colours, Person
from tests.browser.things import OWN, STRANGERS, make_things, too_wide_px

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Response

    from tests.gitant.running import Node

FIRST_BYTES_MAX: Final = 100_000
NEXT_BYTES_MAX: Final = 15_000
LOOKS: Final[tuple[tuple[int, Colours], ...]] = ((320, "dark"), (1280, "light"))
"""Each width and each choice of colours; `make screenshots` looks at all four together."""


@pytest.fixture(scope="module", autouse=True)
def things(node: Node, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> None:
    make_things(node, browser, tmp_path_factory.mktemp("git"))


@pytest.fixture(params=LOOKS, ids=[f"{width} {colours}" for width, colours in LOOKS])
def looking(request: pytest.FixtureRequest, node: Node, browser: Browser) -> Iterator[Person]:
    width, colours = request.param
    with Person(node, browser, "kay", width=width, colours=colours) as found:
        yield found


def test_nothing_is_in_anybody_s_way(looking: Person) -> None:
    wrong: list[str] = []

    def look(path: str) -> None:
        page = looking.go(path)
        wide = too_wide_px(page)
        wrong.extend(f"{path}: {each}" for each in violations(page))
        if wide > 0:
            wrong.append(f"{path}: {wide} px wider than the window")

    for path in STRANGERS:
        look(path)
    looking.sign_in()
    for path in OWN:
        look(path)
    assert not wrong, "\n".join(sorted(set(wrong)))


def test_little_is_loaded_and_all_of_it_from_here(node: Node, browser: Browser) -> None:
    def visit(path: str) -> int:
        sizes: list[int] = []

        def answered(response: Response) -> None:
            assert urlsplit(response.url).netloc == urlsplit(node.url).netloc
            sizes.append(sum(response.request.sizes()[part] for part in ("responseBodySize", "responseHeadersSize")))

        kay.page.on("response", answered)
        kay.go(path)
        kay.page.wait_for_load_state("load")
        kay.page.remove_listener("response", answered)
        return sum(sizes)

    with Person(node, browser, "kay") as kay:
        assert 2_000 < visit("/kay/vault") < FIRST_BYTES_MAX
        for path in ("/kay/vault/issues", "/kay/vault/issues/1", "/kay/vault"):
            assert visit(path) < NEXT_BYTES_MAX
