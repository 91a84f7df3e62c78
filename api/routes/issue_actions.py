"""What is done to an issue by a word of its own: close, reopen, label, assign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar import post, put
from litestar.params import JSONBody

from api import shapes
from api.asking import Asking
from api.forms import Assignees, Closing, IssueLabels
from api.gate import issue_of, readable, writers
from api.own import done_personal
from api.params import Issue, Repo
from api.reply import Reply
from api.writing import conditions, write

if TYPE_CHECKING:
    from collections.abc import Mapping

_ISSUE = "/api/v1/repos/{id:str}/issues/{issueId:str}"


@post(f"{_ISSUE}/close", status_code=200, guards=[writers], responses=shapes.shows(shapes.Issue))
async def close_issue(request: Asking, repo: Repo, issue: Issue, data: JSONBody[Closing | None] = None) -> Reply:
    """Close an issue, with a reason if there is one."""
    return await _act(request, repo, issue, "issue.close", {"reason": data.reason if data is not None else ""})


@post(f"{_ISSUE}/reopen", status_code=200, guards=[writers], responses=shapes.shows(shapes.Issue))
async def reopen_issue(request: Asking, repo: Repo, issue: Issue) -> Reply:
    """Open an issue again."""
    return await _act(request, repo, issue, "issue.reopen", {})


@put(f"{_ISSUE}/labels", guards=[writers], responses=shapes.shows(shapes.Issue))
async def set_issue_labels(request: Asking, repo: Repo, issue: Issue, data: JSONBody[IssueLabels]) -> Reply:
    """Make an issue carry exactly these labels."""
    return await _act(request, repo, issue, "issue.label", {"set": data.labels})


@put(f"{_ISSUE}/assignees", guards=[writers], responses=shapes.shows(shapes.Issue))
async def set_issue_assignees(request: Asking, repo: Repo, issue: Issue, data: JSONBody[Assignees]) -> Reply:
    """Assign an issue to exactly these people."""
    return await _act(request, repo, issue, "issue.assign", {"set": data.assignees})


async def _act(request: Asking, repo: str, issue: str, command: str, args: Mapping[str, Any]) -> Reply:
    row = readable(request, repo)
    thing = issue_of(request, row, issue)
    args = {"repo": row.id, "issue": thing.id, **args, **conditions(request, thing.doc)}
    return done_personal(request, await write(request, command, args))
