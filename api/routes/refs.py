"""Refs and branches, and what a clone begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from litestar import delete, get, post
from litestar.params import JSONBody, PathParameter, QueryParameter

from api import shapes, shapes_git
from api.asking import Asking
from api.forms import NewBranch, Resolution
from api.gate import check_role, readable, writers
from api.paging import listed, page, page_size
from api.params import After, Limit, PerPage, Repo
from api.reply import Reply, encode_json, extended, joined, read
from api.routes.repos import clone_url
from api.threads import in_thread
from api.writing import conditions, done, gone, write
from domain.errors import Conflict, InvalidInput, NotFound, PreconditionFailed
from domain.etag import etag
from domain.ports_git import ZERO_OID
from domain.refs.names import BRANCH_PREFIX

if TYPE_CHECKING:
    from domain.ports_views import Answer, RepoRow

CLONE_REFS_MAX: Final = 10_000
_REFS_AT_ONCE: Final = 1_000


@get("/api/v1/repos/{id:str}/refs", sync_to_thread=False, responses=shapes.shows(shapes_git.Refs))
def list_refs(
    request: Asking,
    repo: Repo,
    prefix: Annotated[str, QueryParameter(description="Only refs that begin so.", max_length=255)] = "refs/",
    after: After = None,
    per_page: PerPage = None,
    limit: Limit = None,
) -> Reply:
    """Branches and tags, by name."""
    row = readable(request, repo)
    size = page_size(request, per_page, limit)
    return page(request, b"refs", lambda: request.ports.views.refs(row.id, prefix=prefix, after=after, limit=size))


@get("/api/v1/repos/{id:str}/branches", sync_to_thread=False, responses=shapes.shows(shapes_git.Branches))
def list_branches(
    request: Asking, repo: Repo, after: After = None, per_page: PerPage = None, limit: Limit = None
) -> Reply:
    """Branches, by name."""
    row = readable(request, repo)
    size = page_size(request, per_page, limit)
    found = request.ports.views.refs(row.id, prefix=BRANCH_PREFIX, after=after, limit=size)
    docs = [encode_json(_branch(doc, row)) for doc in found.docs]
    return listed(request, b"branches", docs, found.next, found.total)


@post("/api/v1/repos/{id:str}/branches", guards=[writers], responses=shapes.shows(shapes_git.Branch, status=201))
async def create_branch(request: Asking, repo: Repo, data: JSONBody[NewBranch]) -> Reply:
    """Make a branch at a commit that is already here."""
    row = readable(request, repo)
    answer = await make_branch(request, row, data.name, data.commit)
    found = request.ports.views.ref(row.id, BRANCH_PREFIX + data.name)
    doc = found.doc if found is not None else answer.doc
    return done(answer, status=201, body=encode_json(_branch(doc, row)))


@delete(
    "/api/v1/repos/{id:str}/branches/{name:path}",
    status_code=200,
    guards=[writers],
    responses=shapes.shows(None, status=204),
)
async def delete_branch(
    request: Asking,
    repo: Repo,
    branch: Annotated[str, PathParameter(name="name", description="A branch; its name may hold slashes.")],
) -> Reply:
    """Delete a branch."""
    row = readable(request, repo)
    return gone(await drop_branch(request, row, branch.removeprefix("/")))


@post(
    "/api/v1/repos/{id:str}/refs/resolve",
    status_code=200,
    guards=[writers],
    responses=shapes.shows(shapes_git.Ref),
)
async def resolve_ref(request: Asking, repo: Repo, data: JSONBody[Resolution]) -> Reply:
    """Settle a branch or tag that nodes moved to different places while they were apart: for all, it is at one."""
    row = readable(request, repo)
    answer, name = await settle(request, row, data.ref, data.commit)
    settled = request.ports.views.ref(row.id, name)
    assert settled is not None, "it was moved"
    return done(answer, body=settled.doc)


@get("/api/v1/repos/{id:str}/clone", sync_to_thread=False, responses=shapes.shows(shapes_git.CloneSource))
def clone_source(
    request: Asking,
    repo: Repo,
    branch: Annotated[str, QueryParameter(description="Only this branch.", max_length=255)] = "",
) -> Reply:
    """Where to clone from, and the refs there are; the objects come by git."""
    row = readable(request, repo)
    views = request.ports.views
    docs: list[bytes] = []
    after: str | None = None
    if branch:
        found = views.ref(row.id, BRANCH_PREFIX + branch)
        if found is None:
            raise NotFound(f"there is no branch {branch!r} in {row.name}")
        docs.append(found.doc)
    else:
        while len(docs) < CLONE_REFS_MAX:
            refs = views.refs(row.id, after=after, limit=_REFS_AT_ONCE)
            docs += refs.docs
            after = refs.next
            if after is None:
                break
    about = {
        "id": row.id.hex(),
        "name": row.name,
        "clone_url": clone_url(request, row.owner, row.name),
        "default_branch": row.default_branch,
        "complete": after is None,
    }
    return read(request, extended(encode_json(about), joined(b"refs", docs)[1:-1]))


async def make_branch(request: Asking, row: RepoRow, name: str, rev: str) -> Answer:
    """Make a branch at a commit that is already here; `rev` may be `HEAD`, the default branch."""
    try:
        commit = await in_thread(request.ports.git.resolve, row.id, row.default_branch if rev == "HEAD" else rev)
    except NotFound as fault:
        raise InvalidInput(fault.message, hint=fault.hint, field="commit") from fault
    return await _move(request, row, [BRANCH_PREFIX + name, ZERO_OID, commit])


async def drop_branch(request: Asking, row: RepoRow, name: str) -> Answer:
    """Delete a branch, where it still is what `If-Match` says, if that is said."""
    ref = BRANCH_PREFIX + name
    found = request.ports.views.ref(row.id, ref)
    if found is None and not request.retried:
        raise NotFound(f"there is no branch {name!r} in {row.name}")
    old = ZERO_OID
    if found is not None:
        wanted = conditions(request, found.doc).get("if_match")
        if wanted not in {None, etag(found.doc)}:
            raise PreconditionFailed("the branch has moved since you read it", hint="read it again")
        old = msgspec.json.decode(found.doc, type=_Ref).hash or ZERO_OID
    return await _move(request, row, [ref, old, ZERO_OID], bound=True)


async def settle(request: Asking, row: RepoRow, name: str, commit: str | None) -> tuple[Answer, str]:
    """Put a diverged branch or tag at one of its places, the present one if none is named; and its full name."""
    check_role(request, row, "refs.move")
    found = request.ports.views.ref(row.id, name) or request.ports.views.ref(row.id, BRANCH_PREFIX + name)
    if found is None:
        raise NotFound(f"there is no ref {name!r} in {row.name}")
    ref = msgspec.json.decode(found.doc, type=_Rivals)
    rivals = [value.hash for value in ref.values if value.hash is not None]
    chosen = ref.hash if commit is None else next((oid for oid in rivals if oid.startswith(commit)), None)
    if not ref.diverged and not request.retried:
        raise Conflict(f"{ref.name} is at one place only", hint="there is nothing to resolve")
    if chosen is None:
        raise InvalidInput(f"{commit} is none of its places: {', '.join(rivals)}", field="commit")
    return await _move(request, row, [ref.name, ref.hash or ZERO_OID, chosen]), ref.name


class _Ref(msgspec.Struct):
    name: str
    hash: str | None
    diverged: bool
    event: str


class _Rival(msgspec.Struct):
    hash: str | None


class _Rivals(_Ref):
    values: list[_Rival] = []


def _branch(doc: bytes, row: RepoRow) -> dict[str, Any]:
    ref = msgspec.json.decode(doc, type=_Ref)
    name = ref.name.removeprefix(BRANCH_PREFIX)
    return {
        "name": name,
        "ref": ref.name,
        "hash": ref.hash,
        "default": name == row.default_branch,
        "diverged": ref.diverged,
        "event": ref.event,
    }


async def _move(request: Asking, row: RepoRow, command: list[str], *, bound: bool = False) -> Answer:
    """Move one ref; the writer compares where it is with where the command says it is."""
    args = {"repo": row.id, "commands": [command], "quarantine": None, "atomic": True}
    answer = await write(request, "refs.move", args, bound=bound)
    for _, reason in answer.extra.get("outcomes", ()):
        if reason:
            raise Conflict(reason)
    return answer
