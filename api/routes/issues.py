"""Issues: open, show, change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from litestar import get, patch, post
from litestar.params import JSONBody

from api import shapes
from api.asking import Asking
from api.forms import IssueChange, IssuesChange, NewIssue
from api.gate import issue_of, readable, writers
from api.own import done_personal, read_personal
from api.params import Issue, Repo
from api.reply import Reply
from api.writing import conditions, done_with, write
from domain.errors import InvalidInput, LocalFault

if TYPE_CHECKING:
    from domain.ports_views import RepoRow


@post("/api/v1/repos/{id:str}/issues", guards=[writers], responses=shapes.shows(shapes.Issue, status=201))
async def open_issue(request: Asking, repo: Repo, data: JSONBody[NewIssue]) -> Reply:
    """Open an issue."""
    row = readable(request, repo)
    answer = await write(request, "issue.open", {"repo": row.id, **msgspec.structs.asdict(data)})
    name = msgspec.json.decode(answer.doc, type=_Named).id
    return done_personal(request, answer, status=201, location=f"/api/v1/repos/{row.id.hex()}/issues/{name}")


@get("/api/v1/repos/{id:str}/issues/{issueId:str}", sync_to_thread=False, responses=shapes.shows(shapes.Issue))
def show_issue(request: Asking, repo: Repo, issue: Issue) -> Reply:
    """One issue."""
    return read_personal(request, issue_of(request, readable(request, repo), issue).doc)


@patch("/api/v1/repos/{id:str}/issues/{issueId:str}", guards=[writers], responses=shapes.shows(shapes.Issue))
async def edit_issue(request: Asking, repo: Repo, issue: Issue, data: JSONBody[IssueChange]) -> Reply:
    """Change any of title, body, state with its reason, labels, assignees."""
    row = readable(request, repo)
    thing = issue_of(request, row, issue)
    changes = {name: value for name, value in msgspec.structs.asdict(data).items() if value is not msgspec.UNSET}
    if not changes:
        raise InvalidInput("there is nothing to change", hint="send title, body, state, reason, labels or assignees")
    args = {"repo": row.id, "issue": thing.id, **changes, **conditions(request, thing.doc)}
    return done_personal(request, await write(request, "issue.edit", args))


@patch("/api/v1/repos/{id:str}/issues", guards=[writers], responses=shapes.shows(shapes.ChangedIssues))
async def edit_issues(request: Asking, repo: Repo, data: JSONBody[IssuesChange]) -> Reply:
    """Change many issues in one step: all of them, or none."""
    row = readable(request, repo)
    change = {name: value for name, value in msgspec.structs.asdict(data).items() if value is not None}
    change["issues"] = [_numbered(request, row, index, name) for index, name in enumerate(data.issues)]
    answer = await write(request, "issue.edit_many", {"repo": row.id, **change})
    # By its shape, so that a repeat, whose answer was kept in another order of fields, gets the same bytes.
    return done_with(answer, msgspec.convert(dict(answer.extra), shapes.ChangedIssues))


def _numbered(request: Asking, row: RepoRow, index: int, name: int | str) -> bytes:
    """The id of one of several issues; a fault says which of them it is about."""
    try:
        return issue_of(request, row, str(name)).id
    except LocalFault as fault:
        fault.field = f"issues[{index}]"
        raise


class _Named(msgspec.Struct):
    id: str
