"""A repository's front page, and making one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec
from litestar import get, post

from api.asking import Asking
from api.forms import NewRepo
from api.pages.feeds import feed_of_repository, is_feed
from api.pages.forms import Form, check_person, checked, form_of
from api.pages.page import Shown, fresh, see, steady
from api.pages.place import Name, Owner, frame, repo_at, url_of
from api.pages.signing import status_of
from api.pages.source.at import At
from api.pages.source.files import refs_offered
from api.pages.source.folders import inside
from api.pages.templating import count
from api.reply import Reply
from api.threads import in_thread
from api.writing import write
from domain.errors import LocalFault, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from litestar.types import ControllerRouterHandler

    from domain.ports_git import GitReader
    from domain.ports_views import RepoRow

GIT: Final = ".git"


@get("/new")
async def show_new(request: Asking) -> Reply:
    """The form to make a repository with."""
    check_person(request)
    return _new_page(request, Form())


@post("/new", status_code=303)
async def create(request: Asking) -> Reply:
    """Make a repository."""
    form = await form_of(request)
    try:
        check_person(request)
        wanted = checked(
            NewRepo,
            name=form.line("name"),
            description=form.line("description"),
            private=form.flag("private"),
            default_branch=form.line("default_branch") or "main",
        )
        answer = await write(request, "repository.create", msgspec.structs.asdict(wanted))
    except LocalFault as fault:
        return _new_page(request, form, fault)
    made = request.ports.views.repo(msgspec.json.decode(answer.doc, type=_Named).id)
    assert made is not None, "the views show what was just made"
    return see(url_of(made), "created")


@get("/{owner:str}/{name:str}")
async def show_home(request: Asking, owner: Owner, name: Name) -> Reply:
    """What is in it, and what it is for; with `.atom` behind the name, what happened in it."""
    if is_feed(name) and request.ports.views.visible(request.actor, f"{owner}~{name}") is None:
        return await feed_of_repository(request, owner, name)
    if name.endswith(GIT):  # what git clones from, in a browser
        return see(url_of(repo_at(request, owner, name.removesuffix(GIT))))
    row = repo_at(request, owner, name)
    return await steady(request, partial(_home, request, row), row)


HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (show_new, create, show_home)


class _Named(msgspec.Struct):
    id: str


async def _home(request: Asking, row: RepoRow) -> Shown:
    values = frame(request, row, "code")
    title = f"{row.owner}/{row.name}"
    try:
        found = await in_thread(_inside, request.ports.git, row)
    except NotFound:
        return Shown("repo_empty.html", title, values)
    values |= _front_of(row).values() | {"refs": refs_offered(request, row)}
    languages = request.ports.views.languages(row.id)
    values |= found | {"languages": _shares(msgspec.json.decode(languages.doc) if languages.doc else {})}
    values["lag"] = lag = await _lag(request, row)
    return Shown("repo_home.html", title, values, keep=languages.complete and found["complete"] and not lag)


async def _lag(request: Asking, row: RepoRow) -> str:
    """What this node has still to get from its peers, in words; empty where nothing is known of."""
    peering = request.ports.peering
    return "" if peering is None else lag_of(await peering.ask("sync", stream=row.id.hex()))


def lag_of(said: Mapping[str, Any]) -> str:
    """The same, of the network's own answer."""
    ahead = [peer["behind"] for peer in said.get("peers", ()) if peer["behind"]]
    words = [f"{count(len(ahead), 'peer')} ahead, by up to {count(max(ahead), 'feed')}"] if ahead else []
    if said.get("objects", "present") != "present":
        words.append("files are on their way" if said["objects"] == "fetching" else "files are missing")
    return ", ".join(words)


def _inside(git: GitReader, row: RepoRow) -> dict[str, Any]:
    tip = git.resolve(row.id, "HEAD")
    counted = {"tip": git.commit(row.id, tip), "commit_count": git.commit_count(row.id, tip)}
    return counted | inside(git, _front_of(row), tip)


def _front_of(row: RepoRow) -> At:
    return At(row, "branch", row.default_branch, "")


def _shares(bytes_by: dict[str, int]) -> list[tuple[str, float]]:
    total = sum(bytes_by.values())
    ranked = sorted(bytes_by.items(), key=lambda each: -each[1])[:6]
    return [(name, 100 * size / total) for name, size in ranked] if total else []


def _new_page(request: Asking, form: Form, fault: LocalFault | None = None) -> Reply:
    return fresh(request, Shown("repo_new.html", "New repository", {"form": form, "fault": fault}, status_of(fault)))
