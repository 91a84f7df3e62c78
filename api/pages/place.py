"""The repository that a page is about: found by its address, with what every page of it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeAlias
from urllib.parse import quote

import msgspec
from litestar.params import PathParameter

from api.gate import readable
from api.standing import role_of
from domain.authority.needs import need
from domain.errors import Moved
from domain.follower.state import DEFAULT_LEVEL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.asking import Asking
    from domain.ports_views import RepoRow

Owner: TypeAlias = Annotated[
    str, PathParameter(description="Whose repository: a user name or a did:key.", max_length=200)
]
Name: TypeAlias = Annotated[str, PathParameter(description="What it is called.", max_length=100)]


def repo_at(request: Asking, owner: str, name: str) -> RepoRow:
    """The repository at an address, if the asker may see it; `Moved` where it has another address now."""
    row = readable(request, f"{owner}~{name}")
    if request.scope["method"] == "GET" and (row.owner, row.name) != (owner, name):
        path = request.scope["path"]
        rest = path.removeprefix(f"/{owner}/{name}") if path.startswith(f"/{owner}/{name}") else ""
        query = quote(request.scope["query_string"], safe="/?=&%~:+@!*,;")
        to = quote(f"/{row.owner}/{row.name}{rest}", safe="/~:@") + (f"?{query}" if query else "")
        raise Moved(f"{owner}/{name} is {row.owner}/{row.name} now", to=to)
    return row


def url_of(row: RepoRow) -> str:
    """Where its pages begin."""
    return f"/{row.owner}/{row.name}"


def frame(request: Asking, row: RepoRow, tab: str) -> dict[str, Any]:
    """What the top of every page of a repository shows; `tab` is the one that is open."""
    doc: Mapping[str, Any] = msgspec.json.decode(row.doc)
    did = request.actor.did
    role = role_of(request.ports.views, row, did) if did is not None else None
    return {
        "repo": doc,
        "owner": row.owner,
        "name": row.name,
        "base": url_of(row),
        "tab": tab,
        "role": role.word if role is not None else "",
        "follows": _follows(request, row),
        "clone_url": f"{request.base_url}/{row.owner}/{row.name}.git",
    }


def _follows(request: Asking, row: RepoRow) -> Mapping[str, Any]:
    """Whether whoever asks has starred it, and what they want to hear of it."""
    did = request.actor.did
    found = request.ports.views.follower(row.id, did) if did is not None else None
    return {"starred": False, "level": DEFAULT_LEVEL} if found is None else msgspec.json.decode(found.doc)


def may(request: Asking, row: RepoRow, action: str) -> bool:
    """Whether whoever asks has the role for an action, as far as the views know; the log has the last word."""
    did = request.actor.did
    return did is not None and role_of(request.ports.views, row, did) >= need(action).role
