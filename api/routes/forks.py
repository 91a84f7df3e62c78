"""Forks: a repository's branches and tags, begun anew as somebody's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from litestar import get, post
from litestar.params import JSONBody

from api import shapes
from api.asking import Asking
from api.forms import ForkForm
from api.gate import readable, writers
from api.paging import listed, page_size
from api.params import After, Limit, PerPage, Repo
from api.reply import Reply
from api.routes.repos import made_doc, repo_doc
from api.threads import in_thread
from api.writing import done, write
from domain.errors import Conflict, Unavailable
from domain.ports_views import RepoFilter
from domain.refs.names import BRANCH_PREFIX, TAG_PREFIX

if TYPE_CHECKING:
    from domain.ports_views import Answer, RepoRow

_TRIES: Final = 3
"""A push to the origin while its objects are being shared makes the fork begin again."""


@get("/api/v1/repos/{id:str}/forks", sync_to_thread=False, responses=shapes.shows(shapes.Repositories))
def list_forks(
    request: Asking, repo: Repo, after: After = None, per_page: PerPage = None, limit: Limit = None
) -> Reply:
    """The repositories of this node that were forked from this one and that the asker may see, newest first."""
    row = readable(request, repo)
    size = page_size(request, per_page, limit)
    which = RepoFilter(fork_of=row.id)
    rows, following, total = request.ports.views.repos(request.actor, which, after=after, limit=size)
    return listed(request, b"repos", [repo_doc(request, each) for each in rows], following, total)


@post("/api/v1/repos/{id:str}/fork", guards=[writers], responses=shapes.shows(shapes.Repository, status=201))
async def fork_repo(request: Asking, repo: Repo, data: JSONBody[ForkForm]) -> Reply:
    """Make a repository of one's own with the same branches and tags; its objects are shared on disk."""
    body, location = made_doc(request, answer := await forked(request, readable(request, repo), data))
    return done(answer, status=201, body=body, location=location)


async def forked(request: Asking, row: RepoRow, data: ForkForm) -> Answer:
    """Carry out a fork, again if the origin moves meanwhile."""
    args: dict[str, Any] = {"origin": row.id, "name": data.name or row.name, "owner": data.owner}
    given = {"description": data.description, "private": data.private}
    args |= {name: value for name, value in given.items() if value is not msgspec.UNSET}
    for last in range(_TRIES - 1, -1, -1):
        try:
            return await _fork(request, row, args)
        except Conflict as fault:
            if fault.field or not last:
                raise
    raise AssertionError("the last try answers or raises")


async def _fork(request: Asking, row: RepoRow, args: dict[str, Any]) -> Answer:
    """Stage what the refs lead to, and have the writer begin the fork with it."""
    store = request.ports.quarantine
    refs = await in_thread(store.refs, row.id)
    tips = sorted({oid for name, oid in refs.items() if name.startswith((BRANCH_PREFIX, TAG_PREFIX))})
    staged = await in_thread(store.fork, row.id, tips)
    in_doubt = False
    try:
        return await write(request, "repository.fork", {**args, "staged": staged})
    except Unavailable:
        in_doubt = True  # the fork may be in the log: the next start looks
        raise
    finally:
        if not in_doubt:
            await in_thread(store.unstage, staged)
