"""Where repositories are found: hand them over, say what they go on as, and take back what was deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar import delete, post, put
from litestar.params import JSONBody

from api import shapes
from api.asking import Asking
from api.forms import Succession, Transfer, Undeletion
from api.gate import readable, writers
from api.params import Repo
from api.reply import Reply
from api.routes.repos import made_doc
from api.writing import conditions, done, write
from domain.errors import Conflict, InvalidInput, NotFound
from domain.ids import is_hex_id

if TYPE_CHECKING:
    from collections.abc import Mapping


@post(
    "/api/v1/repos/{id:str}/undelete",
    status_code=200,
    guards=[writers],
    responses=shapes.shows(shapes.Repository),
)
async def undelete_repo(request: Asking, repo: Repo, data: JSONBody[Undeletion | None] = None) -> Reply:
    """Bring back a deleted repository, within its days of grace; under another name, if its own was taken meanwhile."""
    views = request.ports.views
    row = views.visible(request.actor, repo, deleted=True)
    if row is None:
        standing = views.visible(request.actor, repo)
        # It may be back because this very request was carried out before: the writer knows.
        row = standing if request.retried else None
        if row is None and standing is not None:
            raise Conflict(f"{repo} is not deleted")
    if row is None:
        raise NotFound(f"no repository {repo!r} was deleted here", hint="GET /api/v1/repos?deleted=true lists them")
    name = data.name if data is not None else ""
    return _shown(request, await write(request, "repository.undelete", {"repo": row.id, "name": name}))


@post(
    "/api/v1/repos/{id:str}/transfer",
    status_code=200,
    guards=[writers],
    responses=shapes.shows(shapes.Repository),
)
async def offer_repo(request: Asking, repo: Repo, data: JSONBody[Transfer]) -> Reply:
    """Offer a repository to somebody; it is theirs once they accept."""
    return await _act(request, repo, "repository.offer", {"to": data.owner})


@delete(
    "/api/v1/repos/{id:str}/transfer",
    status_code=200,
    guards=[writers],
    responses=shapes.shows(shapes.Repository),
)
async def withdraw_offer(request: Asking, repo: Repo) -> Reply:
    """Offer a repository to nobody any more."""
    return await _act(request, repo, "repository.offer", {"to": ""})


@post(
    "/api/v1/repos/{id:str}/transfer/accept",
    status_code=200,
    guards=[writers],
    responses=shapes.shows(shapes.Repository),
)
async def accept_repo(request: Asking, repo: Repo) -> Reply:
    """Take over a repository that is offered to the asker."""
    return await _act(request, repo, "repository.accept", {})


@put("/api/v1/repos/{id:str}/successor", guards=[writers], responses=shapes.shows(shapes.Repository))
async def name_successor(request: Asking, repo: Repo, data: JSONBody[Succession]) -> Reply:
    """Say as a root what a repository goes on as; it counts once enough roots say the same."""
    if is_hex_id(data.to):
        return await _act(request, repo, "repository.succeed", {"to": bytes.fromhex(data.to)})
    found = request.ports.views.visible(request.actor, data.to)
    if found is None:
        raise InvalidInput(f"there is no repository {data.to!r} here", hint="name it by its id", field="to")
    return await _act(request, repo, "repository.succeed", {"to": found.id})


@delete(
    "/api/v1/repos/{id:str}/successor",
    status_code=200,
    guards=[writers],
    responses=shapes.shows(shapes.Repository),
)
async def unname_successor(request: Asking, repo: Repo) -> Reply:
    """Take back what the asker said of what a repository goes on as."""
    return await _act(request, repo, "repository.succeed", {"to": b""})


async def _act(request: Asking, repo: str, command: str, args: Mapping[str, Any]) -> Reply:
    row = readable(request, repo)
    return _shown(request, await write(request, command, {"repo": row.id, **args, **conditions(request, row.doc)}))


def _shown(request: Asking, answer: Any) -> Reply:
    return done(answer, body=made_doc(request, answer)[0])
