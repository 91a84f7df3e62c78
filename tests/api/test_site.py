"""The API and the pages beside one another."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from api.pages.templating import environment
from api.site import SITE, Site
from tests.api.client import http_to
from tests.api.node import node_on

if TYPE_CHECKING:
    from pathlib import Path


def test_pages_are_made_once_whoever_has_them_made(tmp_path: Path) -> None:
    async def prepare(site: Site) -> None:
        await asyncio.gather(site.prepare(), site.prepare())

    with node_on(tmp_path / "data") as node:
        asyncio.run(prepare(node.app.state[SITE]))
        compiled = environment().cache
        assert compiled is not None
        names = environment().list_templates(["html"])
        assert len(names) > 50
        assert len(compiled) >= len(names)
        with http_to(node.app) as client:
            assert client.get("/explore").status_code == client.get("/api/v1/repos").status_code == 200
