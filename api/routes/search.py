"""Search in the code of the default branch."""

from __future__ import annotations

from typing import Annotated

from litestar import get
from litestar.params import QueryParameter

from api import shapes, shapes_git
from api.asking import Asking
from api.gate import readable
from api.paging import page_size
from api.params import Limit, PerPage, Repo
from api.reply import Reply, read_value
from api.threads import in_thread
from domain.errors import InvalidInput

Query = Annotated[
    str, QueryParameter(description="What the line holds; letter case does not count.", min_length=1, max_length=200)
]
Ref = Annotated[
    str, QueryParameter(description="The default branch, which is the one that is indexed.", max_length=255)
]


@get("/api/v1/repos/{id:str}/search", responses=shapes.shows(shapes_git.Hits))
async def search_code(
    request: Asking, repo: Repo, q: Query, ref: Ref = "", per_page: PerPage = None, limit: Limit = None
) -> Reply:
    """Lines of the default branch's files that hold the words."""
    row = readable(request, repo)
    if ref not in {"", "HEAD", row.default_branch, f"refs/heads/{row.default_branch}"}:
        hint = "leave ref out, or clone and use git grep"
        raise InvalidInput(f"only {row.default_branch} is indexed", hint=hint, field="ref")
    size = page_size(request, per_page, limit)
    # Not an index read like the others: it looks into every file that may hold the words.
    found = await in_thread(request.ports.views.search_code, row.id, q, limit=size)
    results = [{"file": hit.path, "line": hit.line, "context": hit.text} for hit in found.hits]
    return read_value(
        request,
        {
            "query": q,
            "commit": found.commit,
            "results": results,
            "total": len(results),
            "more": found.more,
            "complete": found.complete,
        },
    )
