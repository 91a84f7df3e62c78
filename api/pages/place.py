"""The repository that a page is about: found by its address, with what every page of it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeAlias
from urllib.parse import quote

import msgspec
from litestar.params import PathParameter

from api.gate import readable
from api.standing import role_of
from domain.authority.needs import need
from domain.errors import Moved, NotFound
from domain.follower.state import DEFAULT_LEVEL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from api.asking import Asking
    from domain.issue.search import Query
    from domain.ports_views import Page, RepoRow

Owner: TypeAlias = Annotated[
    str, PathParameter(description="Whose repository: a user name or a did:key.", max_length=200)
]
Name: TypeAlias = Annotated[str, PathParameter(description="What it is called.", max_length=100)]


def repo_named(request: Asking, owner: str, name: str) -> RepoRow:
    """The repository that is called so, if the asker may see it."""
    selector = f"{owner}~{name}" if name else owner
    try:
        return readable(request, selector)
    except NotFound as fault:
        # A name as it stands in addresses, and without the words for programs.
        shown = selector.replace("~", "/", 1)
        said = fault.message.replace(repr(selector), shown).replace(selector, shown)
        raise NotFound(said, hint="" if "owner~name" in fault.hint else fault.hint) from None


def repo_at(request: Asking, owner: str, name: str) -> RepoRow:
    """The repository at an address, if the asker may see it; `Moved` where it has another address now."""
    row = repo_named(request, owner, name)
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


def found_everywhere(request: Asking, query: Query, *, after: str | None = None, limit: int) -> Page:
    """Issues of every repository that whoever asks may see, or of the one that the query names with `repo:`."""
    owner, _, name = (query.value("repo") or "").replace("~", "/", 1).partition("/")
    only = repo_named(request, owner, name).id if owner else None
    return request.ports.views.issues_everywhere(request.actor, query, only=only, after=after, limit=limit)


def labels_across(request: Asking, issues: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The labels that issues of several repositories carry: by `owner/name` of the repository, then by their name."""
    views = request.ports.views
    wanted: dict[str, set[str]] = {}
    for issue in issues:
        if issue["labels"]:
            wanted.setdefault(issue["repo_full_name"], set()).update(issue["labels"])
    found: dict[str, dict[str, Any]] = {}
    for full_name, names in wanted.items():
        row = views.visible(request.actor, full_name.replace("/", "~", 1))
        labels = {} if row is None else {name: views.label(row.id, name) for name in names}
        found[full_name] = {name: msgspec.json.decode(each.doc) for name, each in labels.items() if each is not None}
    return found


def may(request: Asking, row: RepoRow, action: str) -> bool:
    """Whether whoever asks has the role for an action, as far as the views know; the log has the last word."""
    did = request.actor.did
    return did is not None and role_of(request.ports.views, row, did) >= need(action).role
