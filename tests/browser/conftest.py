"""One node and one browser for all of this folder; people with sessions of their own, with a script and without."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import count
from typing import TYPE_CHECKING, Final, cast, get_args

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.browser.chromium import FLAGS, chromium
from tests.browser.people import Person, Served, Way
from tests.gitant.running import PATIENCE_S, Node, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser


expect.set_options(timeout=PATIENCE_S * 1_000)
OPEN: Final = ("--registration", "open", "--rate-anonymous", "0", "--rate-principal", "0")
"""Anybody may register, as often as tests do."""
_NUMBERS: Final = count(1)


@pytest.fixture(scope="package")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running(tmp_path_factory.mktemp("node"), *OPEN) as found:
        yield found


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        found = play.chromium.launch(executable_path=chromium(), args=[*FLAGS])
        yield found
        found.close()


@pytest.fixture(params=get_args(Way))
def way(request: pytest.FixtureRequest) -> Way:
    """With a script, without one, by keys: what follows is the same each way."""
    return cast("Way", request.param)


@pytest.fixture
def arrives(node: Node, browser: Browser, way: Way) -> Iterator[Callable[..., Person]]:
    """Somebody opens a browser window; nobody of that very name has been here before."""
    with ExitStack() as leaving:

        def arrive(name: str, at: Served = node) -> Person:
            return leaving.enter_context(Person(at, browser, f"{name}{next(_NUMBERS)}", way=way))

        yield arrive


@pytest.fixture
def kay(arrives: Callable[..., Person]) -> Person:
    """Somebody who has not been here before."""
    return arrives("kay")
