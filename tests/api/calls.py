"""Which routes the tests have called: recorded by the clients, judged by `tests/house/test_routes.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast, final

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
