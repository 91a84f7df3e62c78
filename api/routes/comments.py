"""Comments on issues."""

from __future__ import annotations

from litestar import delete, get, patch, post
from litestar.params import JSONBody

from api import shapes
from api.asking import Asking
from api.forms import CommentText
from api.gate import comment_of, issue_of, readable, writers
from api.own import done_personal, personal_page
from api.paging import page, page_size
from api.params import After, Comment, Issue, Limit, PerPage, Repo
from api.reply import Reply
from api.writing import conditions, gone, write

_ISSUE = "/api/v1/repos/{id:str}/issues/{issueId:str}"


@get(f"{_ISSUE}/comments", sync_to_thread=False, responses=shapes.shows(shapes.Comments))
def list_comments(
    request: Asking, repo: Repo, issue: Issue, after: After = None, per_page: PerPage = None, limit: Limit = None
) -> Reply:
    """An issue's comments, oldest first."""
    row = readable(request, repo)
    thing = issue_of(request, row, issue)
    size = page_size(request, per_page, limit)
    views = request.ports.views
    return page(
        request,
        b"comments",
        lambda: personal_page(request, views.comments(row.id, thing.id, after=after, limit=size)),
    )


@post(f"{_ISSUE}/comment", guards=[writers], responses=shapes.shows(shapes.Comment, status=201))
async def add_comment(request: Asking, repo: Repo, issue: Issue, data: JSONBody[CommentText]) -> Reply:
    """Say something on an issue."""
    row = readable(request, repo)
    thing = issue_of(request, row, issue)
    args = {"repo": row.id, "issue": thing.id, "body": data.body}
    return done_personal(request, await write(request, "comment.add", args), status=201)


@patch(f"{_ISSUE}/comments/{{commentId:str}}", guards=[writers], responses=shapes.shows(shapes.Comment))
async def edit_comment(
    request: Asking, repo: Repo, issue: Issue, comment: Comment, data: JSONBody[CommentText]
) -> Reply:
    """Change the words of a comment; what it said before stays in the log."""
    row = readable(request, repo)
    thing = comment_of(request, row, issue_of(request, row, issue), comment)
    args = {"repo": row.id, "comment": thing.id, "body": data.body, **conditions(request, thing.doc)}
    return done_personal(request, await write(request, "comment.edit", args))


@delete(
    f"{_ISSUE}/comments/{{commentId:str}}", status_code=200, guards=[writers], responses=shapes.shows(None, status=204)
)
async def redact_comment(request: Asking, repo: Repo, issue: Issue, comment: Comment) -> Reply:
    """Take a comment's words away; a hole stays where it was."""
    row = readable(request, repo)
    thing = comment_of(request, row, issue_of(request, row, issue), comment)
    args = {"repo": row.id, "comment": thing.id, "reason": "", **conditions(request, thing.doc)}
    return gone(await write(request, "comment.redact", args))
