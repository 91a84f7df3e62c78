"""What is said about an issue without words: reactions, locks, pins; and all that happened to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from litestar import delete, get, put
from litestar.params import JSONBody, PathParameter

from api import moments, shapes
from api.asking import Asking
from api.forms import Locking
from api.gate import comment_of, issue_of, readable, writers
from api.own import done_personal, personal
from api.paging import page_headers, page_size
from api.params import After, Comment, Issue, Limit, PerPage, Repo
from api.reply import Reply, encode_json, joined, read
from api.shapes_moments import Timeline
from api.writing import conditions, write
from domain.errors import InvalidInput
from domain.reaction.contents import CONTENTS

if TYPE_CHECKING:
    from collections.abc import Mapping

_REPO = "/api/v1/repos/{id:str}"
_ISSUE = f"{_REPO}/issues/{{issueId:str}}"
_COMMENT = f"{_ISSUE}/comments/{{commentId:str}}"
_REACTION = "reactions/{content:str}"
Content = Annotated[str, PathParameter(name="content", description=f"One of {', '.join(CONTENTS)}.")]
_ISSUE_SHAPE = shapes.shows(shapes.Issue)


@get(f"{_REPO}/issues/pinned", sync_to_thread=False, responses=shapes.shows(shapes.Issues))
def list_pinned(request: Asking, repo: Repo) -> Reply:
    """The pinned issues, the last pinned one first; open and closed."""
    row = readable(request, repo)
    docs = personal(request, request.ports.views.pinned(row.id))
    return read(request, joined(b"issues", docs), headers=page_headers(request, None, len(docs)))


@get(f"{_ISSUE}/timeline", sync_to_thread=False, responses=shapes.shows(Timeline))
def list_timeline(
    request: Asking, repo: Repo, issue: Issue, after: After = None, per_page: PerPage = None, limit: Limit = None
) -> Reply:
    """Every event that changed the issue or refers to it, oldest first."""
    row = readable(request, repo)
    thing = issue_of(request, row, issue)
    size = page_size(request, per_page, limit)
    found = request.ports.views.timeline(row.id, moments.event_id(thing), request.actor, after=after, limit=size)
    docs = [encode_json(each) for each in moments.rows(request, row.id, found.moments)]
    return read(request, joined(b"timeline", docs), headers=page_headers(request, found.next, found.total))


@put(f"{_ISSUE}/{_REACTION}", guards=[writers], responses=_ISSUE_SHAPE)
async def react_to_issue(request: Asking, repo: Repo, issue: Issue, content: Content) -> Reply:
    """React to an issue; once more changes nothing."""
    return await _react(request, "issue.react", repo, issue, None, content)


@delete(f"{_ISSUE}/{_REACTION}", status_code=200, guards=[writers], responses=_ISSUE_SHAPE)
async def unreact_to_issue(request: Asking, repo: Repo, issue: Issue, content: Content) -> Reply:
    """Take one's own reaction to an issue back."""
    return await _react(request, "issue.unreact", repo, issue, None, content)


@put(f"{_COMMENT}/{_REACTION}", guards=[writers], responses=shapes.shows(shapes.Comment))
async def react_to_comment(request: Asking, repo: Repo, issue: Issue, comment: Comment, content: Content) -> Reply:
    """React to a comment; once more changes nothing."""
    return await _react(request, "issue.react", repo, issue, comment, content)


@delete(f"{_COMMENT}/{_REACTION}", status_code=200, guards=[writers], responses=shapes.shows(shapes.Comment))
async def unreact_to_comment(request: Asking, repo: Repo, issue: Issue, comment: Comment, content: Content) -> Reply:
    """Take one's own reaction to a comment back."""
    return await _react(request, "issue.unreact", repo, issue, comment, content)


@put(f"{_ISSUE}/lock", guards=[writers], responses=_ISSUE_SHAPE)
async def lock_issue(request: Asking, repo: Repo, issue: Issue, data: JSONBody[Locking | None] = None) -> Reply:
    """Lock an issue: from now on only those who manage issues comment on it or react."""
    return await _act(request, repo, issue, "issue.lock", {"reason": data.reason if data is not None else ""})


@delete(f"{_ISSUE}/lock", status_code=200, guards=[writers], responses=_ISSUE_SHAPE)
async def unlock_issue(request: Asking, repo: Repo, issue: Issue) -> Reply:
    """Let everybody comment on an issue again."""
    return await _act(request, repo, issue, "issue.unlock", {})


@put(f"{_ISSUE}/pin", guards=[writers], responses=_ISSUE_SHAPE)
async def pin_issue(request: Asking, repo: Repo, issue: Issue) -> Reply:
    """Pin an issue: three of a repository can be shown before all others."""
    return await _act(request, repo, issue, "issue.pin", {})


@delete(f"{_ISSUE}/pin", status_code=200, guards=[writers], responses=_ISSUE_SHAPE)
async def unpin_issue(request: Asking, repo: Repo, issue: Issue) -> Reply:
    """Unpin an issue."""
    return await _act(request, repo, issue, "issue.unpin", {})


async def _act(request: Asking, repo: str, issue: str, command: str, args: Mapping[str, Any]) -> Reply:
    row = readable(request, repo)
    thing = issue_of(request, row, issue)
    args = {"repo": row.id, "issue": thing.id, **args, **conditions(request, thing.doc)}
    return done_personal(request, await write(request, command, args))


async def _react(request: Asking, command: str, repo: str, issue: str, comment: str | None, content: str) -> Reply:
    if content not in CONTENTS:
        raise InvalidInput(f"{content!r} is no reaction", hint=f"one of {', '.join(CONTENTS)}", field="content")
    row = readable(request, repo)
    thing = issue_of(request, row, issue)
    said = None if comment is None else comment_of(request, row, thing, comment).id
    args = {"repo": row.id, "issue": thing.id, "comment": said, "content": content}
    return done_personal(request, await write(request, command, args))
