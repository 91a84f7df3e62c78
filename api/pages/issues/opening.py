"""Opening an issue, from nothing or from one of the repository's templates."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import msgspec
from litestar import get, post
from litestar.params import QueryParameter

from api.asking import Asking
from api.forms import NewIssue
from api.pages.forms import Form, check_person, checked, form_of
from api.pages.issues.finding import ISSUES, labels_in, labels_of, people_in, url_of_issue
from api.pages.page import Shown, fresh, see
from api.pages.place import Name, Owner, frame, may, repo_at
from api.pages.signing import status_of
from api.reply import Reply
from api.routes.templates import templates_of
from api.threads import in_thread
from api.writing import write
from domain.errors import LocalFault

if TYPE_CHECKING:
    from domain.ports_views import RepoRow


@get(f"{ISSUES}/new")
async def show_new(
    request: Asking,
    owner: Owner,
    name: Name,
    template: Annotated[str, QueryParameter(description="The file of a template.", max_length=400)] = "",
) -> Reply:
    """The form to open an issue with."""
    row = repo_at(request, owner, name)
    check_person(request)
    return await _page(request, row, Form(), template)


@post(f"{ISSUES}/new", status_code=303)
async def open_issue(request: Asking, owner: Owner, name: Name) -> Reply:
    """Open an issue."""
    row = repo_at(request, owner, name)
    form = await form_of(request)
    try:
        check_person(request)
        wanted = checked(
            NewIssue,
            title=form.line("title"),
            body=form.text("body"),
            labels=labels_in(form),
            assignees=people_in(form, request),
        )
        answer = await write(request, "issue.open", {"repo": row.id, **msgspec.structs.asdict(wanted)})
    except LocalFault as fault:
        return await _page(request, row, form, "", fault)
    return see(url_of_issue(row, str(msgspec.json.decode(answer.doc, type=_Numbered).number)))


class _Numbered(msgspec.Struct):
    number: int | str


async def _page(request: Asking, row: RepoRow, form: Form, file: str, fault: LocalFault | None = None) -> Reply:
    found = await in_thread(templates_of, request.ports.git, row.id)
    chosen = next((asdict(each) for each in found if each.file == file), None)
    if chosen is not None:
        pairs = [("title", chosen["title"]), ("body", chosen["body"]), ("assignees", " ".join(chosen["assignees"]))]
        form = Form([*pairs, *(("labels", each) for each in chosen["labels"])])
    values = frame(request, row, "issues") | {
        "form": form,
        "fault": fault,
        **labels_of(request, row, form.all("labels")).values(),
        "templates": [asdict(each) for each in found],
        "may_triage": may(request, row, "issue.triage"),
    }
    return fresh(request, Shown("issue_new.html", f"New issue · {row.name}", values, status_of(fault)))
