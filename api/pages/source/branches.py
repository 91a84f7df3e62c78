"""Branches and tags: where they are, how far from the default branch, and what is to settle."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple
from urllib.parse import quote

import msgspec
from litestar import get, post
from litestar.params import PathParameter, QueryParameter

from api.asking import Asking
from api.costly import turns
from api.forms import NewBranch
from api.pages.forms import Form, check_person, checked, form_of
from api.pages.page import Shown, fresh, see, steady
from api.pages.place import Name, Owner, frame, may, repo_at, url_of
from api.pages.signing import status_of
from api.pages.source.at import go
from api.params import After
from api.reply import Reply
from api.routes.refs import drop_branch, make_branch, settle
from api.threads import in_thread
from domain.errors import LocalFault, NotFound
from domain.refs.names import BRANCH_PREFIX, TAG_PREFIX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from litestar.types import ControllerRouterHandler

    from domain.ids import StreamId
    from domain.ports_git import CommitInfo, Distance, GitReader
    from domain.ports_views import RepoRow

BRANCHES_SHOWN: Final = 20
TAGS_SHOWN: Final = 50
RIVALS_SHOWN: Final = 8
_BRANCHES: Final = "/{owner:str}/{name:str}/branches"
Begun = Annotated[str, QueryParameter(name="q", description="How their names begin.", max_length=255)]


@get(_BRANCHES)
async def show_branches(request: Asking, owner: Owner, name: Name, q: Begun = "", after: After = None) -> Reply:
    """Branches by name, each with how far it is from the default one."""
    row = repo_at(request, owner, name)
    return await steady(request, partial(_branches, request, row, after, Form(), begun=q.strip()), row)


@post(_BRANCHES, status_code=303)
async def create(request: Asking, owner: Owner, name: Name) -> Reply:
    """Make a branch."""
    row = repo_at(request, owner, name)
    form = await form_of(request)
    try:
        check_person(request)
        wanted = checked(NewBranch, name=form.line("name"), commit=form.line("commit") or "HEAD")
        await make_branch(request, row, wanted.name, wanted.commit)
    except LocalFault as fault:
        return fresh(request, await _branches(request, row, None, form, fault))
    return see(f"{url_of(row)}/branches", "created")


@post(f"{_BRANCHES}/delete", status_code=303)
async def delete(request: Asking, owner: Owner, name: Name) -> Reply:
    """Delete a branch."""
    row = repo_at(request, owner, name)
    form = await form_of(request)
    try:
        check_person(request)
        await drop_branch(request, row, form.line("name"))
    except LocalFault as fault:
        return fresh(request, await _branches(request, row, None, Form(), fault))
    return see(f"{url_of(row)}/branches", "deleted")


@post(f"{_BRANCHES}/settle", status_code=303)
async def settle_one(request: Asking, owner: Owner, name: Name) -> Reply:
    """Settle a branch or tag that nodes moved to different places."""
    row = repo_at(request, owner, name)
    form = await form_of(request)
    ref = form.line("ref")
    make = _tags if ref.startswith(TAG_PREFIX) else _branches
    try:
        check_person(request)
        await settle(request, row, ref, form.line("commit") or None)
    except LocalFault as fault:
        return fresh(request, await make(request, row, None, Form(), fault))
    return see(f"{url_of(row)}/{'tags' if make is _tags else 'branches'}", "settled")


@get("/{owner:str}/{name:str}/tags")
async def show_tags(request: Asking, owner: Owner, name: Name, q: Begun = "", after: After = None) -> Reply:
    """Tags by name."""
    row = repo_at(request, owner, name)
    return await steady(request, partial(_tags, request, row, after, Form(), begun=q.strip()), row)


@get("/{owner:str}/{name:str}/archive/{what:path}")
async def show_archive(
    request: Asking,
    owner: Owner,
    name: Name,
    what: Annotated[str, PathParameter(description="A branch, tag or commit, then .zip or .tar.gz.")],
) -> Reply:
    """A commit as one file: the API makes it."""
    row = repo_at(request, owner, name)
    return go(f"/api/v1/repos/{row.id.hex()}/archive/{quote(what.strip('/'), safe='/~')}")


HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (
    show_branches,
    create,
    delete,
    settle_one,
    show_tags,
    show_archive,
)


class Rival(msgspec.Struct):
    """One of the places of a diverged ref, and who put it there; None: deleted there."""

    hash: str | None
    author: str = ""
    event: str = ""


class Ref(msgspec.Struct):
    """A branch or tag as the views have it."""

    name: str
    short: str
    type: str
    hash: str | None
    diverged: bool
    event: str
    values: list[Rival] = []


class Placed(NamedTuple):
    """One of the places of a diverged ref, with its commit if that is here."""

    rival: Rival
    commit: CommitInfo | None


class Listed(NamedTuple):
    """A branch or tag in a list: its commit, if it is one that is here; and, of a diverged one, its other places."""

    ref: Ref
    commit: CommitInfo | None
    away: Distance | None
    rivals: Sequence[Placed]


async def _branches(
    request: Asking, row: RepoRow, after: str | None, form: Form, fault: LocalFault | None = None, begun: str = ""
) -> Shown:
    page = request.ports.views.refs(row.id, prefix=BRANCH_PREFIX + begun, after=after, limit=BRANCHES_SHOWN)
    refs = [msgspec.json.decode(doc, type=Ref) for doc in page.docs]
    async with turns.one():
        found = await in_thread(_listed, request.ports.git, row.id, refs, BRANCH_PREFIX + row.default_branch)
    values = frame(request, row, "branches") | {
        "branches": found,
        "total": page.total,
        "following": page.next,
        "begun": begun,
        "form": form,
        "fault": fault,
        "may_move": may(request, row, "refs.move"),
    }
    return Shown("branches.html", f"Branches · {row.name}", values, status_of(fault))


async def _tags(
    request: Asking, row: RepoRow, after: str | None, form: Form, fault: LocalFault | None = None, begun: str = ""
) -> Shown:
    page = request.ports.views.refs(row.id, prefix=TAG_PREFIX + begun, after=after, limit=TAGS_SHOWN)
    refs = [msgspec.json.decode(doc, type=Ref) for doc in page.docs]
    found = await in_thread(_listed, request.ports.git, row.id, refs, "")
    values = frame(request, row, "branches") | {
        "tags": found,
        "total": page.total,
        "following": page.next,
        "begun": begun,
        "form": form,
        "fault": fault,
        "may_move": may(request, row, "refs.move"),
    }
    return Shown("tags.html", f"Tags · {row.name}", values, status_of(fault))


def _listed(git: GitReader, repo: StreamId, refs: Sequence[Ref], default: str) -> list[Listed]:
    base = _commit(git, repo, default) if default else None
    found: list[Listed] = []
    for ref in refs:
        commit = _commit(git, repo, ref.hash or ref.name)
        is_other = base is not None and commit is not None and ref.name != default
        away = git.distance(repo, base.oid, commit.oid) if is_other and base and commit else None
        rivals = [Placed(each, _commit(git, repo, each.hash) if each.hash else None) for each in _places(ref)]
        found.append(Listed(ref, commit, away, rivals))
    return found


def _places(ref: Ref) -> list[Rival]:
    """The last places of a diverged ref, each once, by whoever put it there first."""
    return list({each.hash: each for each in reversed(ref.values)}.values())[:RIVALS_SHOWN]


def _commit(git: GitReader, repo: StreamId, rev: str) -> CommitInfo | None:
    """The commit behind a rev; None where it is none, or is not here yet."""
    try:
        return git.commit(repo, rev)
    except NotFound:
        return None
