"""What was said: changing a comment, taking its words away, ticking a task, seeing Markdown before it is sent."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING, Final

import msgspec
from litestar import get, post

from api.asking import Asking
from api.forms import CommentText
from api.gate import comment_of
from api.pages.forms import Form, check_person, checked, form_of
from api.pages.issues.finding import COMMENT, ISSUE, CommentId, Number, acting, bound_to, found, tag_of, url_of_issue
from api.pages.issues.rivals import chosen
from api.pages.markdown import Place, rendered
from api.pages.page import Shown, fresh, see
from api.pages.place import Name, Owner, frame, repo_at, url_of
from api.pages.sending import HTML
from api.pages.signing import status_of
from api.reply import Reply
from api.threads import in_thread
from api.writing import write
from domain.errors import Conflict, InvalidInput, LocalFault, PreconditionFailed
from domain.etag import etag

if TYPE_CHECKING:
    from domain.ports_views import EntityRow, RepoRow

_TASK: Final = re.compile(r"^([ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+\[)([ xX])(\](?=\s))", re.MULTILINE)
_FENCE: Final = re.compile(r"^ {0,3}(`{3,}|~{3,})", re.MULTILINE)


@get(f"{COMMENT}/edit")
async def show_comment_edit(request: Asking, owner: Owner, name: Name, number: Number, comment: CommentId) -> Reply:
    """The form to change a comment with."""
    row, thing, _ = acting(request, owner, name, number)
    said = comment_of(request, row, thing, comment)
    return _edit_page(request, row, number, said, Form())


@post(f"{COMMENT}/edit", status_code=303)
async def edit_comment(request: Asking, owner: Owner, name: Name, number: Number, comment: CommentId) -> Reply:
    """Change the words of a comment; what it said before stays in the log."""
    row, thing = found(request, owner, name, number)
    said = comment_of(request, row, thing, comment)
    form = await form_of(request)
    try:
        check_person(request)
        words = checked(CommentText, body=form.text("body")).body
        args = {"repo": row.id, "comment": said.id, "body": words, **bound_to(form, said, "body")}
        await write(request, "comment.edit", args, bound=True)
    except LocalFault as fault:
        return _edit_page(request, row, number, said, form, fault)
    return see(url_of_issue(row, number, f"comment-{comment[:12]}"), "saved")


@post(f"{COMMENT}/redact", status_code=303)
async def redact_comment(request: Asking, owner: Owner, name: Name, number: Number, comment: CommentId) -> Reply:
    """Take a comment's words away; a hole stays where it was."""
    row, thing, _ = acting(request, owner, name, number)
    said = comment_of(request, row, thing, comment)
    form = await form_of(request)
    await write(request, "comment.redact", {"repo": row.id, "comment": said.id, "reason": form.line("reason")})
    return see(url_of_issue(row, number, f"comment-{comment[:12]}"), "deleted")


@post(f"{COMMENT}/settle", status_code=303)
async def settle_comment(request: Asking, owner: Owner, name: Name, number: Number, comment: CommentId) -> Reply:
    """Let one of the texts stand that two people gave a comment at once."""
    row, thing, _ = acting(request, owner, name, number)
    said = comment_of(request, row, thing, comment)
    form = await form_of(request)
    doc = msgspec.json.decode(said.doc)
    body = await in_thread(chosen, request, row.id, said, doc, form.text("field"), form.text("event"))
    await write(request, "comment.edit", {"repo": row.id, "comment": said.id, "body": body})
    return see(url_of_issue(row, number, f"comment-{comment[:12]}"), "settled")


@post(f"{ISSUE}/tick", status_code=303)
async def tick(request: Asking, owner: Owner, name: Name, number: Number) -> Reply:
    """Tick a task of the issue's text or of a comment, or untick it. `task` counts from 0 in the text."""
    row, thing, where = acting(request, owner, name, number)
    form = await form_of(request)
    comment = form.text("comment")
    said = comment_of(request, row, thing, comment) if comment else thing
    if form.text("tag") not in {"", etag(said.doc)}:
        raise Conflict("the text has changed since you read it", hint="load the page again, then tick")
    body = ticked(msgspec.json.decode(said.doc, type=_Text).body, form.text("task"))
    bound = {"if_match": etag(said.doc)}
    if comment:
        await write(request, "comment.edit", {"repo": row.id, "comment": said.id, "body": body, **bound}, bound=True)
    else:
        await write(request, "issue.edit", {**where, "body": body, **bound}, bound=True)
    return see(url_of_issue(row, number, f"comment-{comment[:12]}" if comment else "issue-body"))


@post("/{owner:str}/{name:str}/preview", status_code=200)
async def preview(request: Asking, owner: Owner, name: Name) -> Reply:
    """Markdown as it will look."""
    row = repo_at(request, owner, name)
    check_person(request)
    form = await form_of(request)
    shown = await in_thread(rendered, form.text("body"), Place(url_of(row)))
    return Reply(shown.encode(), kind=HTML)


class _Text(msgspec.Struct):
    body: str


def ticked(text: str, task: str) -> str:
    """A text with one of its tasks turned round; tasks within fenced code are none."""
    tasks = _tasks(text)
    if not task.isdigit() or int(task) >= len(tasks):
        raise InvalidInput("there is no such task in the text", field="task")
    mark = tasks[int(task)]
    turned = " " if mark[2] != " " else "x"
    return text[: mark.start(2)] + turned + text[mark.end(2) :]


def _tasks(text: str) -> list[re.Match[str]]:
    fences = [mark.start() for mark in _FENCE.finditer(text)]
    return [mark for mark in _TASK.finditer(text) if bisect_left(fences, mark.start()) % 2 == 0]


def _edit_page(
    request: Asking, row: RepoRow, number: str, said: EntityRow, form: Form, fault: LocalFault | None = None
) -> Reply:
    doc = msgspec.json.decode(said.doc)
    stale = isinstance(fault, PreconditionFailed)
    tag = tag_of(doc, "body")
    values = frame(request, row, "issues") | {
        "comment": doc,
        "number": number,
        "body": form.text("body") if "body" in form else doc["body"],
        "tag": tag if stale else form.text("tag") or tag,
        "stale": stale,
        "fault": fault,
    }
    return fresh(request, Shown("comment_edit.html", f"Edit a comment · #{number}", values, status_of(fault)))
