"""Branch protections: what pushes to the branches of a pattern have to keep."""

from __future__ import annotations

from typing import Annotated

from litestar import delete, get, put
from litestar.params import JSONBody, PathParameter
from msgspec import structs

from api import shapes, shapes_authority
from api.asking import Asking
from api.forms_authority import ProtectionRules
from api.gate import readable, writers
from api.paging import listed, page_size
from api.params import After, Limit, PerPage, Repo
from api.reply import Reply, read
from api.writing import conditions, done, gone, write
from domain.errors import NotFound

_PATH = "/api/v1/repos/{id:str}/protections"
Branch = Annotated[
    str,
    PathParameter(
        name="branch",
        description="A branch, or a pattern of branches: `*` is any characters, `?` one; it may hold slashes.",
    ),
]


@get(_PATH, sync_to_thread=False, responses=shapes.shows(shapes_authority.Protections))
def list_protections(
    request: Asking, repo: Repo, after: After = None, per_page: PerPage = None, limit: Limit = None
) -> Reply:
    """Which branches are protected, by pattern."""
    row = readable(request, repo)
    size = page_size(request, per_page, limit)
    found, following, total = request.ports.views.protections(row.id, after=after, limit=size)
    return listed(request, b"protections", found, following, total)


@get(f"{_PATH}/{{branch:path}}", sync_to_thread=False, responses=shapes.shows(shapes_authority.Protection))
def show_protection(request: Asking, repo: Repo, branch: Branch) -> Reply:
    """The rules of one pattern."""
    row = readable(request, repo)
    pattern = branch.removeprefix("/")
    found = request.ports.views.protection(row.id, pattern)
    if found is None:
        raise NotFound(f"no branches of {row.name} are protected as {pattern!r}")
    return read(request, found)


@put(
    f"{_PATH}/{{branch:path}}",
    guards=[writers],
    responses=shapes.shows(shapes_authority.Protection),
)
async def set_protection(request: Asking, repo: Repo, branch: Branch, data: JSONBody[ProtectionRules]) -> Reply:
    """Make these all the rules of a pattern."""
    row = readable(request, repo)
    pattern = branch.removeprefix("/")
    found = request.ports.views.protection(row.id, pattern)
    known = conditions(request, found)
    args = {"repo": row.id, "pattern": pattern, **structs.asdict(data), **known}
    return done(await write(request, "branch.protect", args))


@delete(
    f"{_PATH}/{{branch:path}}",
    status_code=200,
    guards=[writers],
    responses=shapes.shows(None, status=204),
)
async def remove_protection(request: Asking, repo: Repo, branch: Branch) -> Reply:
    """End the rules of a pattern."""
    row = readable(request, repo)
    pattern = branch.removeprefix("/")
    found = request.ports.views.protection(row.id, pattern)
    known = conditions(request, found)
    return gone(await write(request, "branch.unprotect", {"repo": row.id, "pattern": pattern, **known}))
