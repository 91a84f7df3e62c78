"""What repositories are to people: stars, what they want to hear, and the topics by which others find them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from litestar import delete, get, post, put
from litestar.params import JSONBody

from api import shapes
from api.asking import Asking
from api.forms import Subscription, Topics
from api.gate import readable, writers
from api.paging import listed, page_size
from api.params import After, Limit, PerPage, Repo
from api.reply import Reply, encode_json, read_value
from api.routes.repos import made_doc
from api.writing import conditions, done, done_with, gone, write
from domain.errors import Unauthenticated
from domain.follower.state import DEFAULT_LEVEL

if TYPE_CHECKING:
    from domain.ids import Did
    from domain.ports_views import Answer, RepoRow

_REPO = "/api/v1/repos/{id:str}"


@get(f"{_REPO}/stars", sync_to_thread=False, responses=shapes.shows(shapes.Stars))
def list_stars(
    request: Asking, repo: Repo, after: After = None, per_page: PerPage = None, limit: Limit = None
) -> Reply:
    """Whose stars a repository has, newest first."""
    row = readable(request, repo)
    found = request.ports.views.stars(row.id, after=after, limit=page_size(request, per_page, limit))
    docs = [encode_json(_star(request, doc)) for doc in found.docs]
    return listed(request, b"stars", docs, found.next, found.total)


@post(f"{_REPO}/star", status_code=200, guards=[writers], responses=shapes.shows(shapes.Starring))
async def star_repo(request: Asking, repo: Repo) -> Reply:
    """Give a repository the asker's star; once is enough."""
    return await _star_or_not(request, repo, starred=True)


@post(f"{_REPO}/unstar", status_code=200, guards=[writers], responses=shapes.shows(shapes.Starring))
async def unstar_repo(request: Asking, repo: Repo) -> Reply:
    """Take the asker's star back."""
    return await _star_or_not(request, repo, starred=False)


@get(f"{_REPO}/subscription", sync_to_thread=False, responses=shapes.shows(shapes.Watching))
def show_subscription(request: Asking, repo: Repo) -> Reply:
    """What of a repository the asker wants to hear."""
    row = readable(request, repo)
    if request.actor.did is None:
        raise Unauthenticated("nobody listens without a token", hint="send Authorization: Bearer")
    return read_value(request, _watching(request, row, request.actor.did))


@put(f"{_REPO}/subscription", guards=[writers], responses=shapes.shows(shapes.Watching))
async def set_subscription(request: Asking, repo: Repo, data: JSONBody[Subscription]) -> Reply:
    """Choose what of a repository to hear: what concerns one (participating), all, or nothing (ignore)."""
    row = readable(request, repo)
    answer = await write(request, "repository.watch", {"repo": row.id, "level": data.level})
    assert request.actor.did is not None, "the guard let them in"
    return done_with(answer, _watching(request, row, request.actor.did))


@delete(f"{_REPO}/subscription", status_code=200, guards=[writers], responses=shapes.shows(None, status=204))
async def drop_subscription(request: Asking, repo: Repo) -> Reply:
    """Make no choice any more: what concerns the asker is what they hear."""
    row = readable(request, repo)
    return gone(await write(request, "repository.watch", {"repo": row.id, "level": ""}))


@put(f"{_REPO}/topics", guards=[writers], responses=shapes.shows(shapes.Repository))
async def set_topics(request: Asking, repo: Repo, data: JSONBody[Topics]) -> Reply:
    """Make a repository's topics exactly these."""
    row = readable(request, repo)
    args = {"repo": row.id, "topics": data.topics, **conditions(request, row.doc)}
    answer = await write(request, "repository.topics", args)
    return done(answer, body=made_doc(request, answer)[0])


class _Follower(msgspec.Struct):
    did: str
    starred: bool
    starred_at: str | None
    level: str
    chosen: bool


def _star(request: Asking, doc: bytes) -> dict[str, Any]:
    found = msgspec.json.decode(doc, type=_Follower)
    return {"did": found.did, "name": request.ports.views.name_of(_did(found)), "starred_at": found.starred_at}


def _did(found: _Follower) -> Did:
    return found.did  # type: ignore[return-value]  # the views hold nothing else there


async def _star_or_not(request: Asking, repo: str, *, starred: bool) -> Reply:
    row = readable(request, repo)
    answer: Answer = await write(request, "repository.star", {"repo": row.id, "starred": starred})
    now = request.ports.views.stars(row.id, limit=1)
    return done_with(answer, {"starred": starred, "stars": now.total})


def _watching(request: Asking, row: RepoRow, did: Did) -> dict[str, Any]:
    found = request.ports.views.follower(row.id, did)
    if found is None:
        return {"level": DEFAULT_LEVEL, "chosen": False}
    known = msgspec.json.decode(found.doc, type=_Follower)
    return {"level": known.level, "chosen": known.chosen}
