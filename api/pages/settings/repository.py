"""What a repository's keepers set: what it says of itself, who may do what, and its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from litestar import get, post

from api.asking import Asking
from api.forms import RepoChange, Topics
from api.forms_authority import NewCollaborator
from api.pages.forms import Form, check_person, checked, form_of, local_path, sure
from api.pages.page import Shown, fresh, see
from api.pages.place import Name, Owner, may, repo_at, url_of
from api.pages.settings.kept import kept_by, settings_frame
from api.pages.signing import status_of
from api.reply import Reply
from api.writing import write
from domain.authority.roles import GRANTABLE
from domain.errors import InvalidInput, LocalFault, NotFound

if TYPE_CHECKING:
    from domain.ports_views import RepoRow

PATH: Final = "/{owner:str}/{name:str}/settings"
MEMBERS_SHOWN: Final = 100
_ROLES: Final = tuple(role.word for role in GRANTABLE)


@get(PATH)
async def show_settings(request: Asking, owner: Owner, name: Name) -> Reply:
    """Everything that can be set of a repository."""
    row = kept_by(request, owner, name)
    return fresh(request, _page(request, row))


@post(PATH, status_code=303)
async def change_settings(request: Asking, owner: Owner, name: Name) -> Reply:
    """Another description, website, default branch, name or visibility; archived or not; topics; an offer."""
    row = kept_by(request, owner, name)
    form = await form_of(request)
    try:
        command, args = _wanted(form)
        await write(request, command, {"repo": row.id, **args})
    except LocalFault as fault:
        return fresh(request, _page(request, row, form, fault))
    moved = request.ports.views.repo(row.id.hex())
    assert moved is not None, "it is still there"
    return see(f"{url_of(moved)}/settings", "saved")


@post(f"{PATH}/members", status_code=303)
async def change_members(request: Asking, owner: Owner, name: Name) -> Reply:
    """Give somebody a role, or take it."""
    row = kept_by(request, owner, name)
    form = await form_of(request)
    act, _, who = form.text("act").partition(":")
    try:
        user = _principal(request, who or form.line("user").removeprefix("@"))
        where: dict[str, Any] = {"repo": row.id, "user": user, "cut": []}
        if act == "give":
            wanted = checked(NewCollaborator, user=user, role=form.text("role"))
            await write(request, "member.change", {**where, "role": wanted.role})
        elif act in {"remove", "block"}:
            await write(request, f"member.{act}", where)
        elif act == "unblock":
            await write(request, "member.unblock", {"repo": row.id, "user": user})
        else:
            raise InvalidInput("choose what to do", field="act")
    except LocalFault as fault:
        return fresh(request, _page(request, row, form, fault))
    return see(f"{url_of(row)}/settings#members", _TOLD[act])


@post(f"{PATH}/delete", status_code=303)
async def delete_repo(request: Asking, owner: Owner, name: Name) -> Reply:
    """Delete it, once its whole name is typed. It can be undeleted for some days."""
    row = kept_by(request, owner, name)
    form = await form_of(request)
    try:
        if form.line("confirm") != f"{row.owner}/{row.name}":
            raise InvalidInput(f"type {row.owner}/{row.name} to delete it", field="confirm")
        await write(request, "repository.delete", {"repo": row.id})
    except LocalFault as fault:
        return fresh(request, _page(request, row, form, fault))
    return see("/", "deleted")


@post("/{owner:str}/{name:str}/follow", status_code=303)
async def follow(request: Asking, owner: Owner, name: Name) -> Reply:
    """Star it or not; hear of it more or less."""
    row = repo_at(request, owner, name)
    check_person(request)
    form = await form_of(request)
    if form.text("star"):
        await write(request, "repository.star", {"repo": row.id, "starred": form.text("star") == "on"})
    elif form.text("level") in {"participating", "all", "ignore"}:
        await write(request, "repository.watch", {"repo": row.id, "level": form.text("level")})
    else:
        raise InvalidInput("star it, or choose what to hear of it", field="star")
    to = local_path(form.text("next"))
    return see(to if to.startswith(f"{url_of(row)}/") else url_of(row), "saved")


_TOLD: Final = {"give": "invited", "remove": "removed", "block": "blocked", "unblock": "unblocked"}


def _wanted(form: Form) -> tuple[str, dict[str, Any]]:
    """Which command a form is for, and with which arguments."""
    act = form.text("act")
    if act == "topics":
        return "repository.topics", {
            "topics": checked(Topics, topics=form.text("topics").replace(",", " ").split()).topics
        }
    if act == "offer":
        return "repository.offer", {"to": form.line("to").removeprefix("@")}
    changes: dict[str, Any] = {}
    if act == "about":
        changes = {field: form.line(field) for field in ("description", "website", "default_branch")}
    elif act == "rename":
        changes = {"name": form.line("name")}
    elif act in {"private", "public"}:
        if act == "public":
            sure(form)
        changes = {"private": act == "private"}
    elif act in {"archive", "unarchive"}:
        changes = {"archived": act == "archive"}
    else:
        raise InvalidInput("choose what to change", field="act")
    made = msgspec.structs.asdict(checked(RepoChange, **changes))
    return "repository.edit", {field: value for field, value in made.items() if value is not msgspec.UNSET}


def _principal(request: Asking, name: str) -> str:
    did = request.ports.views.principal(name) if name else None
    if did is None:
        raise NotFound(f"nobody here is called {name[:60]!r}", hint="name them by user name or did:key", field="user")
    return did


def _page(request: Asking, row: RepoRow, form: Form | None = None, fault: LocalFault | None = None) -> Shown:
    views = request.ports.views
    members, _, total = views.members(row.id, limit=MEMBERS_SHOWN)
    blocked, _, _ = views.members(row.id, blocked=True, limit=MEMBERS_SHOWN)
    values = settings_frame(request, row, "general") | {
        "members": [msgspec.json.decode(doc) for doc in members],
        "members_total": total,
        "blocked": [msgspec.json.decode(doc) for doc in blocked],
        "roles": _ROLES,
        "form": form or Form(),
        "fault": fault,
        "may_administer": may(request, row, "repository.administer"),
        "may_rename": may(request, row, "repository.rename"),
        "may_archive": may(request, row, "repository.archive"),
    }
    return Shown("repo_settings.html", f"Settings · {row.name}", values, status_of(fault))
