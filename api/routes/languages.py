"""In which languages a repository is."""

from __future__ import annotations

import msgspec
from litestar import get

from api import shapes, shapes_git
from api.asking import Asking
from api.gate import readable
from api.params import Repo
from api.reply import Reply, read_value


@get("/api/v1/repos/{id:str}/languages", responses=shapes.shows(shapes_git.Languages))
async def list_languages(request: Asking, repo: Repo) -> Reply:
    """Bytes of each language on the default branch, most first."""
    row = readable(request, repo)
    found = request.ports.views.languages(row.id)
    counted: dict[str, int] = msgspec.json.decode(found.doc, type=dict[str, int])
    total = sum(counted.values())
    return read_value(
        request, {"languages": counted, "total": total, "commit": found.commit, "complete": found.complete}
    )
