"""A person or agent: who they are, and what of theirs is here."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import msgspec
from litestar import get
from litestar.params import PathParameter

from api.asking import Asking
from api.pages.feeds import feed_of_person, is_feed
from api.pages.front import REPOS_SHOWN, listed
from api.pages.page import Shown, steady
from api.params import After
from api.reply import Reply
from domain.errors import NotFound
from domain.ports_views import RepoFilter

Person = Annotated[str, PathParameter(description="A user name or a did:key.", max_length=200)]


@get("/{owner:str}")
async def show_person(request: Asking, owner: Person, after: After = None) -> Reply:
    """Somebody's page; with `.atom` behind the name, what they did."""
    if is_feed(owner) and request.ports.views.principal(owner) is None:
        return await feed_of_person(request, owner)
    return await steady(request, partial(_person, request, owner, after))


async def _person(request: Asking, owner: str, after: str | None) -> Shown:
    views = request.ports.views
    did = views.principal(owner)
    identity = views.identity(did) if did is not None else None
    if did is None or (identity is None and views.name_of(did) is None):
        raise NotFound(f"nobody here is called {owner[:60]!r}", hint="search, or name them by their did:key")
    rows, following, total = views.repos(
        request.actor, RepoFilter(owner=did, sort="updated"), after=after, limit=REPOS_SHOWN
    )
    name = views.name_of(did) or did
    values: dict[str, Any] = {
        "did": did,
        "name": name,
        "person": msgspec.json.decode(identity[1]) if identity is not None else {},
        "repos": [listed(row) for row in rows],
        "total": total,
        "following": following,
    }
    return Shown("person.html", name, values)
