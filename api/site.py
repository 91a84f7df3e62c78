"""The API and the pages beside one another, told apart by their paths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast, final

if TYPE_CHECKING:
    from litestar.types import ASGIApp, Receive, Scope, Send

    from api.ports import ApiPorts
    from api.tally import Tally

API_PATHS: Final = ("/api/", "/.well-known/", "/health", "/live", "/ready", "/metrics")


@final
class Site:
    """Everything but git's paths. Pages are made ready when the first one is asked for: that takes half a second, and
    the workers of many a node are never asked.
    """

    def __init__(self, api: ASGIApp, ports: ApiPorts, tally: Tally) -> None:
        self._api = api
        self._ports = ports
        self._tally = tally
        self._pages: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fields = cast("dict[str, Any]", scope)
        if fields["type"] != "http" or fields["path"].startswith(API_PATHS):
            await self._api(scope, receive, send)
            return
        if self._pages is None:
            self._pages = _made(self._ports, self._tally)
        await self._pages(scope, receive, send)


def _made(ports: ApiPorts, tally: Tally) -> ASGIApp:
    from api.pages.app import create_pages

    return create_pages(ports, tally)
