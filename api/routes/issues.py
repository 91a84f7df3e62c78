"""Issues: open, show, change."""

from __future__ import annotations

import msgspec
from litestar import get, patch, post
from litestar.params import JSONBody

from api import shapes
from api.asking import Asking
from api.forms import IssueChange, NewIssue
from api.gate import issue_of, readable, writers
from api.params import Issue, Repo
from api.reply import Reply, read
from api.writing import conditions, done, write
from domain.errors import InvalidInput


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
