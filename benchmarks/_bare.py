"""The yardstick: Litestar under Granian, doing nothing. `BARE_PAGE` names a file whose bytes `GET /page` answers."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from litestar import Litestar, Response, get, post

_PAGE = Path(os.environ["BARE_PAGE"]).read_bytes() if os.environ.get("BARE_PAGE") else b"{}"


@dataclass
class Words:
    """What a new issue says."""

    title: str
    body: str


@post("/bare", sync_to_thread=False)
def take(data: Words) -> dict[str, str]:
    """Parse JSON, answer JSON."""
    return {"title": data.title, "body": data.body}


@get("/page", sync_to_thread=False)
def page() -> Response[bytes]:
    """The same bytes every time."""
    return Response(_PAGE, media_type="application/json")


app = Litestar([take, page], openapi_config=None)
