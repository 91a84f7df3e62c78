"""Every page is among those that tests look at: a page that is in no list is one that nobody looks at."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from litestar import Router

from api.pages.app import HANDLERS
from tests.browser.pages import NO_PAGES, OPERATORS, OWN, STRANGERS
from tests.house.tree import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable

STYLES_BYTES_MAX: Final = 20_000


def test_every_page_is_looked_at() -> None:
    routes = {route.path for route in Router("/", route_handlers=HANDLERS).routes if "GET" in route.methods}
    shown = {_route_of(path, routes) for path in (*STRANGERS, *OWN, *OPERATORS)}
    assert sorted(routes - shown - NO_PAGES) == [], "pages that tests/browser/pages.py lacks"
    assert sorted(shown & NO_PAGES) == [], "no pages, and yet in a list"
    assert sorted(NO_PAGES - routes) == [], "routes that are no more"


def test_the_stylesheet_stays_small() -> None:
    assert (ROOT / "api/pages/static/gitant.css").stat().st_size <= STYLES_BYTES_MAX


def _route_of(path: str, routes: Iterable[str]) -> str:
    """The route that a path leads to: of several the one that has most words of its own."""
    bare = path.partition("?")[0]
    fits = [route for route in routes if re.fullmatch(_pattern(route), bare)]
    assert fits, f"{path} leads nowhere"
    return max(fits, key=lambda route: len(re.sub(r"\{[^}]*\}", "", route)))


def _pattern(route: str) -> str:
    parts = re.split(r"(\{[^}]*\})", route)
    return "".join(
        ".+" if part.endswith(":path}") else "[^/]+" if part.startswith("{") else re.escape(part) for part in parts
    )
