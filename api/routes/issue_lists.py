"""Lists of issues: of one repository, and of all that the asker may read, by the same search language."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated

from litestar import get
from litestar.params import QueryParameter

from api import shapes
from api.asking import Asking
from api.deprecated import Deprecated
from api.gate import readable
from api.own import personal_page
from api.paging import page, page_size
from api.params import After, Limit, PerPage, Repo
from api.reply import Reply
from domain.errors import InvalidInput
from domain.issue.search import QUERY_CHARS_MAX, Query, Term, parse

if TYPE_CHECKING:
    from domain.ids import StreamId

_STATES = "^(open|closed|all)?$"
State = Annotated[
    str,
    QueryParameter(
        name="state", description="open, closed or all; open if neither this nor `q` says.", pattern=_STATES
    ),
]
Status = Annotated[
    str,
    QueryParameter(name="status", description="The same as `state`.", pattern=_STATES),
    Deprecated(since=date(2026, 11, 1), instead="state"),
]
LabelNames = Annotated[
    str, QueryParameter(name="labels", description="Names, with commas between; all must be on it.", max_length=2000)
]
Person = Annotated[str, QueryParameter(description="A user name, a did:key, or @me.", max_length=200)]
Search = Annotated[
    str,
    QueryParameter(
        description='What to look for: `is:open label:bug -label:"help wanted" author:kay words`.',
        max_length=QUERY_CHARS_MAX,
    ),
]


@get("/api/v1/repos/{id:str}/issues", sync_to_thread=False, responses=shapes.shows(shapes.Issues))
def list_issues(
    request: Asking,
    repo: Repo,
    state_: State = "",
    status: Status = "",
    labels: LabelNames = "",
    assignee: Person = "",
    author: Person = "",
    q: Search = "",
    after: After = None,
    per_page: PerPage = None,
    limit: Limit = None,
) -> Reply:
    """Issues that match every filter given, newest first unless `q` sorts."""
    row = readable(request, repo)
    size = page_size(request, per_page, limit)
    query = _asked(q, state_ or status, labels, assignee, author)
    if query.has("repo"):
        raise InvalidInput(
            "these are one repository's issues", hint="leave repo: out, or GET /api/v1/issues", field="q"
        )
    views, me = request.ports.views, request.actor.did
    return page(
        request,
        b"issues",
        lambda: personal_page(request, views.issues(row.id, query, me=me, after=after, limit=size)),
    )


@get("/api/v1/issues", sync_to_thread=False, responses=shapes.shows(shapes.FoundIssues))
def search_issues(
    request: Asking,
    q: Search = "",
    after: After = None,
    per_page: PerPage = None,
    limit: Limit = None,
) -> Reply:
    """Issues of every repository that the asker may read, newest here first; `repo:owner~name` narrows to one."""
    size = page_size(request, per_page, limit)
    query = _asked(q)
    only: StreamId | None = None
    if named := query.value("repo"):
        only = readable(request, named.replace("/", "~", 1)).id
    views, actor = request.ports.views, request.actor
    return page(
        request,
        b"issues",
        lambda: personal_page(request, views.issues_everywhere(actor, query, only=only, after=after, limit=size)),
    )


def _asked(q: str, state: str = "", labels: str = "", assignee: str = "", author: str = "") -> Query:
    """The query and the filters as one query; open issues unless something says otherwise."""
    query = parse(q)
    terms = [Term(name, "label") for name in map(str.strip, labels.split(",")) if name]
    terms += [Term(value, name) for name, value in (("assignee", assignee), ("author", author)) if value]
    if state or not query.has("is", "state", "number"):
        terms.append(Term(state or "open", "state"))
    return query.plus(*terms)
