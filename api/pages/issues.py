"""Issues: their lists, one with its conversation, opening one, and what is said and done on it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from litestar import get, post
from litestar.params import PathParameter, QueryParameter

from api.asking import Asking
from api.forms import CommentText, NewIssue
from api.gate import issue_of
from api.own import personal
from api.pages.forms import Form, check_person, checked, form_of
from api.pages.markdown import Place, rendered
from api.pages.page import Shown, fresh, see, steady
from api.pages.place import Name, Owner, frame, may, repo_at, url_of
from api.pages.signing import status_of
from api.params import After
from api.reply import Reply
from api.writing import write
from domain.errors import InvalidInput, LocalFault
from domain.issue.search import QUERY_CHARS_MAX, Query, Term, parse

if TYPE_CHECKING:
    from litestar.types import ControllerRouterHandler

    from domain.ports_views import EntityRow, RepoRow

ISSUES_SHOWN: Final = 30
COMMENTS_SHOWN: Final = 200
_ISSUES: Final = "/{owner:str}/{name:str}/issues"
Search = Annotated[
    str,
    QueryParameter(
        name="q", description="As on the command line: `is:open label:bug words`.", max_length=QUERY_CHARS_MAX
    ),
]
Number = Annotated[str, PathParameter(name="number", description="An issue's number, or its id.", max_length=100)]


@get(_ISSUES)
async def show_list(request: Asking, owner: Owner, name: Name, q: Search = "is:open", after: After = None) -> Reply:
    """A repository's issues that match a search."""
    row = repo_at(request, owner, name)
    return await steady(request, partial(_list, request, row, q, after))


@get("/issues")
async def show_mine(request: Asking, q: Search = "is:open assignee:@me", after: After = None) -> Reply:
    """Issues of every repository that match a search."""
    return await steady(request, partial(_everywhere, request, q, after))


@get(f"{_ISSUES}/new")
async def show_new(request: Asking, owner: Owner, name: Name) -> Reply:
    """The form to open an issue with."""
    row = repo_at(request, owner, name)
    check_person(request)
    return _new_page(request, row, Form())


@post(f"{_ISSUES}/new", status_code=303)
async def open_issue(request: Asking, owner: Owner, name: Name) -> Reply:
    """Open an issue."""
    row = repo_at(request, owner, name)
    form = await form_of(request)
    try:
        check_person(request)
        wanted = checked(NewIssue, title=form.line("title"), body=form.text("body"), labels=form.all("labels"))
        answer = await write(request, "issue.open", {"repo": row.id, **msgspec.structs.asdict(wanted)})
    except LocalFault as fault:
        return _new_page(request, row, form, fault)
    return see(f"{url_of(row)}/issues/{msgspec.json.decode(answer.doc, type=_Numbered).number}")


@get(f"{_ISSUES}/{{number:str}}")
async def show_issue(request: Asking, owner: Owner, name: Name, number: Number) -> Reply:
    """One issue, with what was said on it."""
    row = repo_at(request, owner, name)
    return await steady(request, partial(_issue, request, row, issue_of(request, row, number), Form()))


@post(f"{_ISSUES}/{{number:str}}/comments", status_code=303)
async def say(request: Asking, owner: Owner, name: Name, number: Number) -> Reply:
    """Say something on it; close or reopen it with that, if the button says so."""
    row = repo_at(request, owner, name)
    thing = issue_of(request, row, number)
    form = await form_of(request)
    act = form.text("act")
    try:
        check_person(request)
        where = {"repo": row.id, "issue": thing.id}
        if form.text("body").strip() or act not in {"close", "reopen"}:
            said = checked(CommentText, body=form.text("body"))
            await write(request, "comment.add", {**where, "body": said.body})
        if act == "close":
            await write(request, "issue.close", {**where, "reason": form.text("reason", "completed")})
        elif act == "reopen":
            await write(request, "issue.reopen", where)
    except LocalFault as fault:
        return fresh(request, await _issue(request, row, thing, form, fault))
    return see(f"{url_of(row)}/issues/{number}#say")


LISTS: Final[tuple[ControllerRouterHandler, ...]] = (show_mine, show_list, show_new, open_issue, show_issue, say)


class _Numbered(msgspec.Struct):
    number: int | str


async def _list(request: Asking, row: RepoRow, q: str, after: str | None) -> Shown:
    views = request.ports.views
    values: dict[str, Any] = {"q": q, "fault": None, "following": None, "issues": [], "total": 0}
    values |= frame(request, row, "issues")
    try:
        query = _asked(q)
        if query.has("repo"):
            raise InvalidInput("these are one repository's issues", hint="leave repo: out", field="q")
        page = views.issues(row.id, query, me=request.actor.did, after=after, limit=ISSUES_SHOWN)
    except LocalFault as fault:
        return Shown("issues.html", f"Issues · {row.name}", values | {"fault": fault}, status_of(fault))
    values |= {
        "issues": [msgspec.json.decode(doc) for doc in page.docs],
        "total": page.total,
        "following": page.next,
        "labels": _labels(request, row),
        "pinned": [msgspec.json.decode(doc) for doc in views.pinned(row.id)],
    }
    return Shown("issues.html", f"Issues · {row.name}", values)


async def _everywhere(request: Asking, q: str, after: str | None) -> Shown:
    values: dict[str, Any] = {"q": q, "fault": None, "issues": [], "total": 0, "following": None}
    try:
        page = request.ports.views.issues_everywhere(request.actor, _asked(q), after=after, limit=ISSUES_SHOWN)
    except LocalFault as fault:
        return Shown("issues_all.html", "Issues", values | {"fault": fault}, status_of(fault))
    values |= {"issues": [msgspec.json.decode(doc) for doc in page.docs], "total": page.total, "following": page.next}
    return Shown("issues_all.html", "Issues", values)


async def _issue(request: Asking, row: RepoRow, thing: EntityRow, form: Form, fault: LocalFault | None = None) -> Shown:
    views = request.ports.views
    place = Place(url_of(row))
    page = views.comments(row.id, thing.id, limit=COMMENTS_SHOWN)
    (doc, *said) = (msgspec.json.decode(each) for each in personal(request, [thing.doc, *page.docs]))
    values = frame(request, row, "issues") | {
        "issue": doc,
        "body": rendered(doc["body"], place),
        "comments": [(each, rendered(each["body"], place)) for each in said],
        "more_comments": page.next,
        "labels": _labels(request, row),
        "form": form,
        "fault": fault,
        "may_triage": may(request, row, "issue.triage"),
        "may_close": may(request, row, "issue.close") or request.actor.did == thing.author,
    }
    return Shown("issue.html", f"{doc['title']} · #{doc['number']} · {row.name}", values, status_of(fault))


def _labels(request: Asking, row: RepoRow) -> dict[str, dict[str, Any]]:
    docs = request.ports.views.labels(row.id, limit=100).docs
    return {each["name"]: each for each in map(msgspec.json.decode, docs)}


def _asked(q: str) -> Query:
    query = parse(q)
    return query if query.has("is", "state", "number") else query.plus(Term("open", "state"))


def _new_page(request: Asking, row: RepoRow, form: Form, fault: LocalFault | None = None) -> Reply:
    values = frame(request, row, "issues") | {"form": form, "fault": fault, "labels": _labels(request, row)}
    return fresh(request, Shown("issue_new.html", f"New issue · {row.name}", values, status_of(fault)))
