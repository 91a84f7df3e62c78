"""Git's requests are counted by route, whatever names are in their paths."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from api.tally import Tally
from gitant.counting import counted, template

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/ada/attic.git/info/refs", "/{owner}/{name}.git/info/refs"),
        ("/0123.git/git-upload-pack", "/{id}.git/git-upload-pack"),
        ("/ada/attic.git/git-receive-pack", "/{owner}/{name}.git/git-receive-pack"),
        ("/ada/attic.git/HEAD", ""),
        ("/ada/attic.git", ""),
    ],
)
def test_names_are_not_in_the_route(path: str, route: str) -> None:
    assert template(path) == route


def test_an_application_that_fails_is_counted_as_500(tmp_path: Path) -> None:
    tally = Tally(tmp_path)

    async def failing(_scope: Any, _receive: Any, _send: Any) -> None:
        raise ValueError("no")

    async def ask() -> None:
        with pytest.raises(ValueError, match="no"):
            await counted(failing, tally)({"path": "/a/b.git/info/refs", "method": "GET"}, None, None)

    asyncio.run(ask())
    (series,) = tally.sums()
    assert (series.method, series.route, series.status) == ("GET", "/{owner}/{name}.git/info/refs", 500)
