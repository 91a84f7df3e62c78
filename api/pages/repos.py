"""A repository's front page, and making one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec
from litestar import get, post

from api.asking import Asking
from api.forms import NewRepo
from api.pages.forms import Form, check_person, checked, form_of
from api.pages.markdown import Place, rendered
from api.pages.page import Shown, fresh, see, steady
from api.pages.place import Name, Owner, frame, repo_at, url_of
from api.pages.signing import status_of
from api.reply import Reply
from api.threads import in_thread
from api.writing import write
from domain.errors import LocalFault, NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from litestar.types import ControllerRouterHandler

    from domain.ids import StreamId
    from domain.ports_git import CommitInfo, GitReader, TreeEntry
    from domain.ports_views import RepoRow

README: Final = ("readme.md", "readme.markdown", "readme.rst", "readme.txt", "readme")
README_BYTES_MAX: Final = 1 << 20
_MARKDOWN: Final = (".md", ".markdown")


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
    """What is in it, and what it is for."""
    row = repo_at(request, owner, name)
    return await steady(request, partial(_home, request, row))


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
    languages = request.ports.views.languages(row.id)
    values |= found | {"languages": _shares(msgspec.json.decode(languages.doc) if languages.doc else {})}
    return Shown("repo_home.html", title, values, keep=languages.complete and found["complete"])


def _inside(git: GitReader, row: RepoRow) -> dict[str, Any]:
    tip = git.resolve(row.id, "HEAD")
    entries = git.tree(row.id, tip, "")
    last = git.last_commits(row.id, tip, "")
    commits = {oid: git.commit(row.id, oid) for oid in {*last.commits.values()}}
    name, readme = _readme(git, row.id, tip, entries)
    shown = None
    if name:
        place = Place(url_of(row), tip)
        shown = rendered(readme, place) if name.lower().endswith(_MARKDOWN) else None
    return {
        "tip": git.commit(row.id, tip),
        "entries": listed(entries, last.commits, commits),
        "complete": last.complete,
        "commit_count": git.commit_count(row.id, tip),
        "readme_name": name,
        "readme": readme,
        "readme_html": shown,
        "rev": row.default_branch,
        "rev_kind": "branch",
        "folder": "",
    }


def listed(
    entries: Sequence[TreeEntry], last: dict[str, str] | Any, commits: dict[str, CommitInfo]
) -> list[tuple[TreeEntry, CommitInfo | None]]:
    """Entries of a folder, each with the commit that last changed it."""
    return [(entry, commits.get(last.get(entry.name, ""))) for entry in entries]


def _readme(git: GitReader, repo: StreamId, tip: str, entries: Sequence[TreeEntry]) -> tuple[str, str]:
    by_name = {entry.name.lower(): entry for entry in entries if entry.type == "blob"}
    for name in README:
        entry = by_name.get(name)
        if entry is not None and (entry.size or 0) <= README_BYTES_MAX:
            return entry.name, git.blob(repo, tip, entry.path)[1].decode("utf-8", "replace")
    return "", ""


def _shares(bytes_by: dict[str, int]) -> list[tuple[str, float]]:
    total = sum(bytes_by.values())
    ranked = sorted(bytes_by.items(), key=lambda each: -each[1])[:6]
    return [(name, 100 * size / total) for name, size in ranked] if total else []


def _new_page(request: Asking, form: Form, fault: LocalFault | None = None) -> Reply:
    return fresh(request, Shown("repo_new.html", "New repository", {"form": form, "fault": fault}, status_of(fault)))
