"""Issues: list, open, show, change."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import get, patch, post
from litestar.params import JSONBody, QueryParameter

from api import shapes
from api.asking import Asking
from api.forms import IssueChange, NewIssue
from api.gate import issue_of, readable, writers
from api.paging import page, page_size
from api.params import After, Issue, Limit, PerPage, Repo, Words
from api.reply import Reply, read
from api.writing import conditions, done, write
from domain.errors import InvalidInput
from domain.ports_views import IssueFilter

_STATES = "^(open|closed|all)?$"
State = Annotated[
    str, QueryParameter(name="state", description="open, closed or all; open if not given.", pattern=_STATES)
]
Status = Annotated[str, QueryParameter(name="status", description="The same as `state`.", pattern=_STATES)]
LabelNames = Annotated[
    str, QueryParameter(name="labels", description="Names, with commas between; all must be on it.", max_length=2000)
]
Person = Annotated[str, QueryParameter(description="A user name or a did:key.", max_length=200)]


@get("/api/v1/repos/{id:str}/issues", sync_to_thread=False, responses=shapes.shows(shapes.Issues))
def list_issues(
    request: Asking,
    repo: Repo,
    state_: State = "",
    status: Status = "",
    labels: LabelNames = "",
    assignee: Person = "",
    author: Person = "",
    q: Words = "",
    after: After = None,
    per_page: PerPage = None,
    limit: Limit = None,
) -> Reply:
    """Issues that match every filter given, newest first."""
    row = readable(request, repo)
    size = page_size(request, per_page, limit)
    names = tuple(name for name in map(str.strip, labels.split(",")) if name) if labels else ()
    which = IssueFilter(state=state_ or status or "open", labels=names, assignee=assignee, author=author, text=q)
    return page(request, b"issues", lambda: request.ports.views.issues(row.id, which, after=after, limit=size))


@post("/api/v1/repos/{id:str}/issues", guards=[writers], responses=shapes.shows(shapes.Issue, status=201))
async def open_issue(request: Asking, repo: Repo, data: JSONBody[NewIssue]) -> Reply:
    """Open an issue."""
    row = readable(request, repo)
    answer = await write(request, "issue.open", {"repo": row.id, **msgspec.structs.asdict(data)})
    name = msgspec.json.decode(answer.doc, type=_Named).id
    return done(answer, status=201, location=f"/api/v1/repos/{row.id.hex()}/issues/{name}")


@get("/api/v1/repos/{id:str}/issues/{issueId:str}", sync_to_thread=False, responses=shapes.shows(shapes.Issue))
def show_issue(request: Asking, repo: Repo, issue: Issue) -> Reply:
    """One issue."""
    return read(request, issue_of(request, readable(request, repo), issue).doc)


@patch("/api/v1/repos/{id:str}/issues/{issueId:str}", guards=[writers], responses=shapes.shows(shapes.Issue))
async def edit_issue(request: Asking, repo: Repo, issue: Issue, data: JSONBody[IssueChange]) -> Reply:
    """Change any of title, body, state with its reason, labels, assignees."""
    row = readable(request, repo)
    thing = issue_of(request, row, issue)
    changes = {name: value for name, value in msgspec.structs.asdict(data).items() if value is not msgspec.UNSET}
    if not changes:
        raise InvalidInput("there is nothing to change", hint="send title, body, state, reason, labels or assignees")
    args = {"repo": row.id, "issue": thing.id, **changes, **conditions(request, thing.doc)}
    return done(await write(request, "issue.edit", args))


class _Named(msgspec.Struct):
    id: str
