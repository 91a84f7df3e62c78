"""One node and one browser for each module; people with sessions of their own, with a script and without."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.browser.chromium import FLAGS, chromium
from tests.browser.people import Person
from tests.gitant.running import PATIENCE_S, Node, running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser


expect.set_options(timeout=PATIENCE_S * 1_000)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node where anybody may register, as often as tests do."""
    flags = ("--registration", "open", "--rate-anonymous", "0", "--rate-principal", "0")
    with running(tmp_path_factory.mktemp("node"), *flags) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        found = play.chromium.launch(executable_path=chromium(), args=[*FLAGS])
        yield found
        found.close()


@pytest.fixture(params=[True, False], ids=["script", "no script"])
def scripted(request: pytest.FixtureRequest) -> bool:
    """Whether the browser runs scripts: what follows is the same either way."""
    return bool(request.param)


@pytest.fixture
def kay(node: Node, browser: Browser, scripted: bool) -> Iterator[Person]:
    """Somebody who has not been here before."""
    with Person(node, browser, "kay" if scripted else "kim", scripted=scripted) as found:
        yield found
