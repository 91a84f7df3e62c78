"""Repositories with a history from elsewhere: forks of what is here, and imports from any git server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from litestar import get, post
from litestar.params import PathParameter

from api.asking import Asking
from api.forms import ForkForm, ImportForm
from api.pages.forms import Form, check_person, checked, form_of
from api.pages.front import listed
from api.pages.page import Shown, fresh, see
from api.pages.place import Name, Owner, frame, repo_at, url_of
from api.pages.signing import NO_STORE, status_of
from api.reply import Reply
from api.routes.forks import forked
from api.routes.imports import begun, imports_of, job_of
from domain.errors import LocalFault
from domain.ports_views import RepoFilter

if TYPE_CHECKING:
    from litestar.types import ControllerRouterHandler

    from domain.ports_views import RepoRow

IMPORT_PATH: Final = "/new/import"
FORKS_SHOWN: Final = 30
Job = Annotated[str, PathParameter(description="An import's id.", max_length=100)]


@get("/{owner:str}/{name:str}/fork")
async def show_forks(request: Asking, owner: Owner, name: Name) -> Reply:
    """The forks there are, and the form to make one."""
    row = repo_at(request, owner, name)
    check_person(request)
    return _fork_page(request, row)


@post("/{owner:str}/{name:str}/fork", status_code=303)
async def fork(request: Asking, owner: Owner, name: Name) -> Reply:
    """Make a repository of one's own with the same branches and tags."""
    row = repo_at(request, owner, name)
    check_person(request)
    form = await form_of(request)
    try:
        wanted = checked(
            ForkForm,
            name=form.line("name"),
            description=form.line("description"),
            private=row.private or form.flag("private"),
        )
        answer = await forked(request, row, wanted)
    except LocalFault as fault:
        return _fork_page(request, row, form, fault)
    made = request.ports.views.repo(msgspec.json.decode(answer.doc, type=_Named).id)
    assert made is not None, "the views show what was just made"
    return see(url_of(made), "created")


@get(IMPORT_PATH)
async def show_import_form(request: Asking) -> Reply:
    """The form to import a repository with."""
    check_person(request)
    return _import_page(request, Form())


@post(IMPORT_PATH, status_code=303)
async def begin_import(request: Asking) -> Reply:
    """Begin an import; its page says how far it is. Name and password for the other side are not kept."""
    form = await form_of(request)
    try:
        check_person(request)
        texts = {name: form.line(name) for name in ("url", "name", "description", "username")}
        wanted = checked(ImportForm, **texts, password=form.text("password"), private=form.flag("private"))
        job, _ = await begun(request, wanted)
    except LocalFault as fault:
        return _import_page(request, form, fault)
    return see(f"{IMPORT_PATH}/{job.id}")


@get(f"{IMPORT_PATH}/{{job:str}}")
async def show_import(request: Asking, job: Job) -> Reply:
    """How far an import is."""
    check_person(request)
    found = job_of(request, job)
    row = request.ports.views.visible(request.actor, found.repo) if found.repo else None
    values = {"job": found, "url": url_of(row) if row is not None else ""}
    return fresh(request, Shown("import_job.html", f"Import of {found.name}", values))


@post(f"{IMPORT_PATH}/{{job:str}}", status_code=303)
async def cancel_import(request: Asking, job: Job) -> Reply:
    """Have an import end soon, leaving nothing."""
    check_person(request)
    found = job_of(request, job)
    imports_of(request).cancel(found.id)
    return see(f"{IMPORT_PATH}/{found.id}", "done")


HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (
    show_forks,
    fork,
    show_import_form,
    begin_import,
    show_import,
    cancel_import,
)


class _Named(msgspec.Struct):
    id: str


def _fork_page(request: Asking, row: RepoRow, form: Form | None = None, fault: LocalFault | None = None) -> Reply:
    which = RepoFilter(fork_of=row.id)
    rows, _, total = request.ports.views.repos(request.actor, which, limit=FORKS_SHOWN)
    values: dict[str, Any] = frame(request, row, "code") | {
        "forks": [listed(each) for each in rows],
        "total": total,
        "form": form or Form([("name", row.name), ("description", msgspec.json.decode(row.doc)["description"])]),
        "fault": fault,
    }
    return fresh(request, Shown("repo_fork.html", f"Fork {row.name}", values, status_of(fault)))


def _import_page(request: Asking, form: Form, fault: LocalFault | None = None) -> Reply:
    shown = Shown("import.html", "Import a repository", {"form": form, "fault": fault}, status_of(fault))
    return fresh(request, shown, headers=[NO_STORE])
