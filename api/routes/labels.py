"""Labels of a repository."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import delete, get, post, put
from litestar.params import JSONBody, PathParameter

from api import shapes
from api.asking import Asking
from api.forms import LabelChange, NewLabel
from api.gate import readable, writers
from api.paging import page, page_size
from api.params import After, Limit, PerPage, Repo
from api.reply import Reply
from api.writing import conditions, done, gone, write
from domain.errors import InvalidInput

Label = Annotated[
    str, PathParameter(name="name", description="A label's name; letter case counts, slashes may be in it.")
]


@get("/api/v1/repos/{id:str}/labels", sync_to_thread=False, responses=shapes.shows(shapes.Labels))
def list_labels(
    request: Asking, repo: Repo, after: After = None, per_page: PerPage = None, limit: Limit = None
) -> Reply:
    """Labels, by name."""
    row = readable(request, repo)
    size = page_size(request, per_page, limit)
    return page(request, b"labels", lambda: request.ports.views.labels(row.id, after=after, limit=size))


@post("/api/v1/repos/{id:str}/labels", guards=[writers], responses=shapes.shows(shapes.Label, status=201))
async def create_label(request: Asking, repo: Repo, data: JSONBody[NewLabel]) -> Reply:
    """Make a label that issues can carry."""
    row = readable(request, repo)
    answer = await write(request, "label.create", {"repo": row.id, **msgspec.structs.asdict(data)})
    return done(answer, status=201)


@put("/api/v1/repos/{id:str}/labels/{name:path}", guards=[writers], responses=shapes.shows(shapes.Label))
async def edit_label(request: Asking, repo: Repo, label: Label, data: JSONBody[LabelChange]) -> Reply:
    """Rename, recolour or describe a label."""
    row = readable(request, repo)
    changes = {name: value for name, value in msgspec.structs.asdict(data).items() if value is not msgspec.UNSET}
    if not changes:
        raise InvalidInput("there is nothing to change", hint="send name, color or description")
    args: dict[str, Any] = {"repo": row.id, "label": label.removeprefix("/"), **changes}
    return done(await write(request, "label.edit", args | _conditions(request, row.id, label)))


@delete(
    "/api/v1/repos/{id:str}/labels/{name:path}",
    status_code=200,
    guards=[writers],
    responses=shapes.shows(None, status=204),
)
async def delete_label(request: Asking, repo: Repo, label: Label) -> Reply:
    """Delete a label; issues that carry it lose it."""
    row = readable(request, repo)
    args: dict[str, Any] = {"repo": row.id, "label": label.removeprefix("/")}
    return gone(await write(request, "label.delete", args | _conditions(request, row.id, label)))


def _conditions(request: Asking, stream: Any, label: str) -> dict[str, str]:
    found = request.ports.views.label(stream, label.removeprefix("/"))
    return conditions(request, found.doc if found is not None else None)
