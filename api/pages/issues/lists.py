"""Lists of issues: of one repository, with changes to many at once, and of all."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from litestar import get, post
from litestar.params import QueryParameter

from api.asking import Asking
from api.forms import IssuesChange
from api.gate import issue_of
from api.pages.forms import check_person, checked, form_of
from api.pages.issues.finding import ISSUES, Labels, labels_of
from api.pages.page import Shown, fresh, see, steady
from api.pages.place import Name, Owner, found_everywhere, frame, labels_across, may, repo_at, url_of
from api.pages.signing import status_of
from api.pages.templating import query as query_of
from api.params import After
from api.reply import Reply
from api.writing import write
from domain.errors import InvalidInput, LocalFault
from domain.issue.search import QUERY_CHARS_MAX, Query, Term, parse

if TYPE_CHECKING:
    from api.pages.forms import Form
    from domain.ports_views import RepoRow

ISSUES_SHOWN: Final = 30
Search = Annotated[
    str,
    QueryParameter(
        name="q", description="As on the command line: `is:open label:bug words`.", max_length=QUERY_CHARS_MAX
    ),
]
_SORTS: Final = (
    ("created-desc", "newest"),
    ("created-asc", "oldest"),
    ("updated-desc", "last changed"),
    ("updated-asc", "longest untouched"),
)


@get(ISSUES)
async def show_list(request: Asking, owner: Owner, name: Name, q: Search = "is:open", after: After = None) -> Reply:
    """A repository's issues that match a search."""
    row = repo_at(request, owner, name)
    return await steady(request, partial(_list, request, row, q, after))


@post(f"{ISSUES}/change", status_code=303)
async def change_many(request: Asking, owner: Owner, name: Name) -> Reply:
    """Change those that were ticked: all of them, or none."""
    row = repo_at(request, owner, name)
    form = await form_of(request)
    q = form.text("q", "is:open")
    try:
        check_person(request)
        change = _wanted(request, row, form)
        await write(request, "issue.edit_many", {"repo": row.id, **change})
    except LocalFault as fault:
        return fresh(request, await _list(request, row, q, None, fault))
    return see(f"{url_of(row)}/issues{query_of(q=q)}", "saved")


@get("/issues")
async def show_mine(request: Asking, q: Search = "is:open assignee:@me", after: After = None) -> Reply:
    """Issues of every repository that match a search."""
    return await steady(request, partial(_everywhere, request, q, after))


def _wanted(request: Asking, row: RepoRow, form: Form) -> dict[str, Any]:
    """What the bar over a list says is to become of those that are ticked."""
    numbers = form.all("issue")
    if not numbers:
        raise InvalidInput("nothing is ticked", hint="tick the issues to change", field="issues")
    act = form.text("act")
    change: dict[str, Any] = {"issues": numbers}
    if act in {"close", "reopen"}:
        change["state"] = "closed" if act == "close" else "open"
    elif act == "label":
        change["add_labels"] = form.all("label")
    elif act == "unlabel":
        change["remove_labels"] = form.all("label")
    elif act == "assign":
        change["add_assignees"] = [form.line("assignee")]
    else:
        raise InvalidInput("choose what is to become of them", field="act")
    made = msgspec.structs.asdict(checked(IssuesChange, **change))
    return {name: value for name, value in made.items() if value is not None} | {
        "issues": [issue_of(request, row, number).id for number in numbers]
    }


async def _list(request: Asking, row: RepoRow, q: str, after: str | None, refused: LocalFault | None = None) -> Shown:
    views = request.ports.views
    values: dict[str, Any] = {"q": q, "fault": refused, "following": None, "issues": [], "total": 0}
    values |= frame(request, row, "issues") | {"sorts": _SORTS, "may_triage": may(request, row, "issue.triage")}
    title = f"Issues · {row.name}"
    try:
        query = _asked(q)
        if query.has("repo"):
            raise InvalidInput("these are one repository's issues", hint="leave repo: out", field="q")
        page = views.issues(row.id, query, me=request.actor.did, after=after, limit=ISSUES_SHOWN)
    except LocalFault as fault:
        values |= {"fault": refused or fault, **Labels({}, 0).values(), "pinned": [], "sort": ""}
        return Shown("issues.html", title, values, status_of(fault))
    issues, pinned = ([msgspec.json.decode(doc) for doc in docs] for docs in (page.docs, views.pinned(row.id)))
    values |= labels_of(request, row, (name for issue in (*issues, *pinned) for name in issue["labels"])).values()
    values |= {
        "issues": issues,
        "total": page.total,
        "following": page.next,
        "pinned": pinned,
        "sort": query.value("sort"),
    }
    return Shown("issues.html", title, values, status_of(refused))


async def _everywhere(request: Asking, q: str, after: str | None) -> Shown:
    values: dict[str, Any] = {"q": q, "fault": None, "issues": [], "labels": {}, "total": 0, "following": None}
    try:
        page = found_everywhere(request, _asked(q), after=after, limit=ISSUES_SHOWN)
    except LocalFault as fault:
        return Shown("issues_all.html", "Issues", values | {"fault": fault}, status_of(fault))
    issues = [msgspec.json.decode(doc) for doc in page.docs]
    values |= {"issues": issues, "total": page.total, "following": page.next, "labels": labels_across(request, issues)}
    return Shown("issues_all.html", "Issues", values)


def _asked(q: str) -> Query:
    query = parse(q)
    return query if query.has("is", "state", "number") else query.plus(Term("open", "state"))
