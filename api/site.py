"""The API and the pages beside one another, told apart by their paths."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, cast, final

from api.threads import in_thread

if TYPE_CHECKING:
    from litestar.types import ASGIApp, Receive, Scope, Send

    from api.ports import ApiPorts
    from api.tally import Tally

API_PATHS: Final = ("/api/", "/.well-known/", "/health", "/live", "/ready", "/metrics")
SITE: Final = "site"
"""The name of the `Site` in an application's state."""


@final
class Site:
    """Everything but git's paths. Pages are made ready when the first one is asked for, or when there is nothing else
    to do: that takes half a second, and many a process never lives to be asked.
    """

    def __init__(self, api: ASGIApp, ports: ApiPorts, tally: Tally) -> None:
        self._api = api
        self._ports = ports
        self._tally = tally
        self._pages: ASGIApp | None = None
        self._making: asyncio.Future[ASGIApp] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fields = cast("dict[str, Any]", scope)
        if fields["type"] != "http" or fields["path"].startswith(API_PATHS):
            await self._api(scope, receive, send)
            return
        pages = self._pages or await self._made()
        await pages(scope, receive, send)

    async def prepare(self) -> None:
        """Make pages ready before anybody asks, and their templates."""
        await self._made()
        await in_thread(_compile)

    async def _made(self) -> ASGIApp:
        """The pages. Whoever asks first has them made, beside the event loop; others wait for that."""
        making = self._making
        if making is None or making.done():
            making = self._making = asyncio.ensure_future(in_thread(_create, self._ports, self._tally))
        self._pages = pages = await asyncio.shield(making)
        return pages


def _create(ports: ApiPorts, tally: Tally) -> ASGIApp:
    from api.pages.app import create_pages

    return create_pages(ports, tally)


def _compile() -> None:
    from api.pages.templating import compile_all

    compile_all()
