"""Repositories: list, make, show, change, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from litestar import delete, get, patch, post
from litestar.params import JSONBody, QueryParameter

from api import shapes
from api.asking import Asking
from api.forms import NewRepo, RepoChange
from api.gate import may_read, readable, writers
from api.paging import listed, page_size
from api.params import After, Limit, PerPage, Repo, Words
from api.reply import Reply, encode_json, extended, read
from api.writing import conditions, done, gone, write
from domain.errors import InvalidInput, NotFound, Unauthenticated
from domain.etag import etag
from domain.ids import Did, is_hex_id
from domain.ports_views import RepoFilter

if TYPE_CHECKING:
    from domain.ports_views import Answer, RepoRow

_NOBODY = bytes(32)
Sort = Literal["created", "updated", "stars", "name"]


@get("/api/v1/repos", sync_to_thread=False, responses=shapes.shows(shapes.Repositories))
def list_repos(
    request: Asking,
    q: Words = "",
    topic: Annotated[str, QueryParameter(description="Only those with this topic.", max_length=100)] = "",
    owner: Annotated[str, QueryParameter(description="Only those of this user name or did.", max_length=100)] = "",
    mine: Annotated[bool, QueryParameter(description="Only those of the asker.")] = False,
    starred: Annotated[bool, QueryParameter(description="Only those that have the asker's star.")] = False,
    archived: Annotated[bool | None, QueryParameter(description="Only those that are archived, or are not.")] = None,
    deleted: Annotated[
        bool, QueryParameter(description="Those that are deleted instead of those that are not.")
    ] = False,
    sort: Annotated[
        Sort, QueryParameter(description="Newest, last changed or most starred first; or by name.")
    ] = "created",
    after: After = None,
    per_page: PerPage = None,
    limit: Limit = None,
) -> Reply:
    """Repositories that the asker may see, newest first unless sorted otherwise."""
    size = page_size(request, per_page, limit)
    views, me = request.ports.views, request.actor.did
    if (mine or starred or deleted) and me is None:
        raise Unauthenticated("what is yours takes a token", hint="send Authorization: Bearer")
    whose = views.principal(owner) or Did("nobody") if owner else None
    which = RepoFilter(
        text=q,
        topic=topic,
        owner=me if mine else whose,
        starred_by=me if starred else None,
        archived=archived,
        deleted=deleted,
        sort=sort,
    )
    rows, following, total = views.repos(request.actor, which, after=after, limit=size)
    return listed(request, b"repos", [repo_doc(request, row) for row in rows], following, total)


@post("/api/v1/repos", guards=[writers], responses=shapes.shows(shapes.Repository, status=201))
async def create_repo(request: Asking, data: JSONBody[NewRepo]) -> Reply:
    """Make a repository; it is empty until something is pushed to it."""
    answer = await write(request, "repository.create", msgspec.structs.asdict(data))
    body, location = made_doc(request, answer)
    return done(answer, status=201, body=body, location=location)


@get("/api/v1/repos/{id:str}", sync_to_thread=False, responses=shapes.shows(shapes.Repository))
def show_repo(request: Asking, repo: Repo) -> Reply:
    """One repository."""
    row = readable(request, repo)
    return read(request, repo_doc(request, row), tag=etag(row.doc))


@patch("/api/v1/repos/{id:str}", guards=[writers], responses=shapes.shows(shapes.Repository))
async def edit_repo(request: Asking, repo: Repo, data: JSONBody[RepoChange]) -> Reply:
    """Change any of name, description, website, default branch, visibility, and whether it is archived."""
    row = readable(request, repo)
    changes = {name: value for name, value in msgspec.structs.asdict(data).items() if value is not msgspec.UNSET}
    if not changes:
        raise InvalidInput(
            "there is nothing to change", hint="send name, description, website, default_branch, private or archived"
        )
    args = {"repo": row.id, **changes, **conditions(request, row.doc)}
    answer = await write(request, "repository.edit", args)
    return done(answer, body=made_doc(request, answer)[0])


@delete("/api/v1/repos/{id:str}", status_code=200, guards=[writers], responses=shapes.shows(None, status=204))
async def delete_repo(request: Asking, repo: Repo) -> Reply:
    """Delete a repository. It can be undeleted for some days; the events of its log stay."""
    try:
        row = readable(request, repo)
    except NotFound:
        # One that stands is not the asker's to see.
        if not request.retried or (is_hex_id(repo) and request.ports.views.repo(repo) is not None):
            raise
        # It may be gone because this very request was carried out before: the writer knows.
        args: dict[str, Any] = {"repo": bytes.fromhex(repo) if is_hex_id(repo) else _NOBODY}
    else:
        args = {"repo": row.id, **conditions(request, row.doc)}
    return gone(await write(request, "repository.delete", args))


class _Named(msgspec.Struct):
    id: str


def made_doc(request: Asking, answer: Answer) -> tuple[bytes, str]:
    """The document of a repository that was just made or moved, and where it is."""
    row = request.ports.views.repo(msgspec.json.decode(answer.doc, type=_Named).id)
    assert row is not None, "the views show what the writer has answered"
    return _with_names(request, answer.doc, row), f"/api/v1/repos/{row.id.hex()}"


def repo_doc(request: Asking, row: RepoRow) -> bytes:
    """A repository's document with the names that are this node's own."""
    return _with_names(request, row.doc, row)


def clone_url(request: Asking, owner: str, name: str) -> str:
    """Where git finds a repository."""
    return f"{request.base_url}/{owner}/{name}.git"


def _with_names(request: Asking, doc: bytes, row: RepoRow) -> bytes:
    fields: dict[str, Any] = {
        "owner": row.owner,
        "full_name": f"{row.owner}/{row.name}",
        "clone_url": clone_url(request, row.owner, row.name),
        "forks_count": request.ports.views.fork_count(request.actor, row.id),
        "disk_bytes": request.ports.git.disk_bytes(row.id),
    }
    heir = request.ports.views.repo(row.successor.hex()) if row.successor is not None else None
    if heir is not None and may_read(request.actor, heir):
        fields["successor"] = {
            "id": heir.id.hex(),
            "full_name": f"{heir.owner}/{heir.name}",
            "clone_url": clone_url(request, heir.owner, heir.name),
        }
    return extended(doc, encode_json(fields)[1:-1])
