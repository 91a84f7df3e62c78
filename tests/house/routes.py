"""The routes that are mounted, and those of them that no test called."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from tests.house.tree import files

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

Routes = set[tuple[str, str]]
"""(method, route template)."""


@cache
def mounted_routes() -> Routes:
    """What Litestar routes, its own pages included, were there any. It takes a while to find out, and to import."""
    from litestar import Litestar
    from litestar.routes import HTTPRoute

    from api.app import HANDLERS, PUSHES, UPLOADS
    from api.asking import Asking

    app = Litestar((*HANDLERS, *PUSHES, *UPLOADS), request_class=Asking, openapi_config=None, logging_config=None)
    return {
        (method, route.path_format)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method in route.methods
        if method != "OPTIONS"
    }


def uncalled(run: AbstractSet[str], called: AbstractSet[tuple[str, str]]) -> list[str]:
    """The routes that `called` lacks; nothing unless every file of `tests/api` is among those that have `run`."""
    whole = {path.as_posix() for path in files() if path.match("tests/api/test_*.py")}
    return [" ".join(route) for route in sorted(mounted_routes() - called)] if whole <= run else []
