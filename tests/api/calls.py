"""Which routes the tests have called: recorded by the clients, judged by `tests/house/test_routes.py`."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast, final

from tests.house.routes import mounted_routes

if TYPE_CHECKING:
    from litestar.types import ASGIApp, Receive, Scope, Send

CALLED: Final[set[tuple[str, str]]] = set()
"""(method, route template) of every request that was routed."""
LAST: Final[list[tuple[str, str]]] = []
"""Of the last one of them."""


@final
class Recording:
    """Passes requests on and notes which route each took."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fields = cast("dict[str, Any]", scope)
        await self._app(scope, receive, send)
        if fields["type"] == "http" and "path_template" in fields:
            route = (fields["method"], fields["path_template"])
            CALLED.add(route)
            LAST[:] = [route]


def template_of(method: str, path: str) -> str:
    """The template of the route that a path leads to; empty if there is none."""
    for pattern, template in _patterns(method):
        if pattern.fullmatch(path.partition("?")[0]):
            return template
    return ""


@cache
def _patterns(method: str) -> list[tuple[re.Pattern[str], str]]:
    """Those with the most fixed parts first; a parameter may hold slashes only where nothing else fits."""
    templates = sorted((path for known, path in mounted_routes() if known == method), key=lambda path: path.count("{"))
    return [
        (
            re.compile(
                "".join(inner if part.startswith("{") else re.escape(part) for part in re.split(r"(\{\w+\})", each))
            ),
            each,
        )
        for inner in (r"[^/]+", r".+")
        for each in templates
    ]
