"""Search: of everything that somebody may see, and in the code of one repository."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

import msgspec
from litestar import get
from litestar.params import QueryParameter
from markupsafe import Markup, escape

from api.asking import Asking
from api.costly import turns
from api.pages.front import listed
from api.pages.page import Shown, see, steady
from api.pages.place import Name, Owner, found_everywhere, frame, labels_across, repo_at, url_of
from api.pages.signing import status_of
from api.pages.source.at import At
from api.reply import Reply
from api.threads import in_thread
from domain.errors import LocalFault, NotFound
from domain.issue.search import parse
from domain.ports_views import RepoFilter

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from litestar.types import ControllerRouterHandler

    from domain.ports_git import GitReader
    from domain.ports_views import CodeHit, RepoRow

HITS_MAX: Final = 60
PATIENCE_S: Final = 0.25
"""A program wants all that there is. Somebody who looks wants something soon, and can look again."""
CONTEXT_LINES: Final = 2
LINE_CHARS_MAX: Final = 300
REPOS_SHOWN: Final = 10
ISSUES_SHOWN: Final = 20
Words = Annotated[
    str, QueryParameter(name="q", description="Words, `owner/name`, `owner/name#12` or `@user`.", max_length=200)
]
_JUMP: Final = re.compile(r"([A-Za-z0-9][\w.:-]*)/([\w.-]+)(?:#([1-9][0-9]{0,14}))?")


@get("/search")
async def search(request: Asking, q: Words = "") -> Reply:
    """Repositories, issues and people; what is named in full is gone to at once."""
    q = q.strip()
    to = _jump(request, q)
    return see(to) if to else await steady(request, partial(_everything, request, q))


@get("/{owner:str}/{name:str}/search")
async def search_code(request: Asking, owner: Owner, name: Name, q: Words = "") -> Reply:
    """Lines of the default branch that hold the words, with what stands around them."""
    row = repo_at(request, owner, name)
    return await steady(request, partial(_code, request, row, q.strip()))


HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (search, search_code)


class Excerpt(NamedTuple):
    """Lines of a file that stand together: number, HTML, and whether the line holds the words."""

    lines: list[tuple[int, Markup, bool]]


class FileHits(NamedTuple):
    """A file with what was found in it."""

    path: str
    url: str
    excerpts: list[Excerpt]


def _jump(request: Asking, q: str) -> str:
    """The page that a name means, for whoever may see it; or nothing."""
    views = request.ports.views
    if q.startswith("@"):
        did = views.principal(q[1:]) if len(q) > 1 else None
        return f"/{q[1:]}" if did is not None else ""
    found = _JUMP.fullmatch(q)
    row = views.visible(request.actor, f"{found[1]}~{found[2]}") if found else None
    if found is None or row is None:
        return ""
    return url_of(row) + (f"/issues/{found[3]}" if found[3] else "")


async def _everything(request: Asking, q: str) -> Shown:
    views, actor = request.ports.views, request.actor
    values: dict[str, Any] = {
        "q": q,
        "repos": [],
        "issues": [],
        "person": "",
        "fault": None,
        "total": 0,
        "many": 0,
        "labels": {},
    }
    if not q:
        return Shown("search.html", "Search", values)
    rows, _, total = views.repos(actor, RepoFilter(text=q, sort="updated"), limit=REPOS_SHOWN)
    values |= {"repos": [listed(row) for row in rows], "total": total, "person": views.principal(q.lstrip("@")) or ""}
    try:
        page = found_everywhere(request, parse(q), limit=ISSUES_SHOWN)
    except LocalFault as fault:
        return Shown("search.html", f"{q} · Search", values | {"fault": fault}, status_of(fault))
    issues = [msgspec.json.decode(doc) for doc in page.docs]
    values |= {"issues": issues, "many": page.total, "labels": labels_across(request, issues)}
    return Shown("search.html", f"{q} · Search", values)


async def _code(request: Asking, row: RepoRow, q: str) -> Shown:
    values: dict[str, Any] = {"q": q, "files": (), "more": False, "complete": True, "asked": bool(q)}
    values |= frame(request, row, "code")
    if not q:
        return Shown("search_code.html", f"Search · {row.name}", values)
    async with turns.one():
        found = await in_thread(request.ports.views.search_code, row.id, q, limit=HITS_MAX, patience_s_max=PATIENCE_S)
        if found.commit is not None:
            values["files"] = await in_thread(_files, request.ports.git, row, found.commit, found.hits, q)
    values |= {"more": found.more, "complete": found.complete}
    return Shown("search_code.html", f"{q} · Search · {row.name}", values, keep=found.complete)


def _files(git: GitReader, row: RepoRow, commit: str, hits: Iterable[CodeHit], q: str) -> list[FileHits]:
    by_path: dict[str, list[CodeHit]] = {}
    for hit in hits:
        by_path.setdefault(hit.path, []).append(hit)
    return [
        FileHits(path, At(row, "commit", commit, path).url("src"), _excerpts(_lines(git, row, commit, path), each, q))
        for path, each in by_path.items()
    ]


def _lines(git: GitReader, row: RepoRow, commit: str, path: str) -> Sequence[str]:
    try:
        return git.blob(row.id, commit, path)[1].decode("utf-8", "replace").split("\n")
    except NotFound:
        return ()


def _excerpts(lines: Sequence[str], hits: Sequence[CodeHit], q: str) -> list[Excerpt]:
    """The lines that hold the words and those around them; what touches is one."""
    found: list[Excerpt] = []
    wanted = {hit.line: hit.text for hit in hits}
    near = {at for line in wanted for at in range(line - CONTEXT_LINES, line + CONTEXT_LINES + 1)}
    before = -1
    for at in sorted(near):
        text = lines[at - 1] if 0 < at <= len(lines) else wanted.get(at)
        if text is None or at < 1:
            continue
        if not found or at != before + 1:
            found.append(Excerpt([]))
        before = at
        found[-1].lines.append((at, _shown(text[:LINE_CHARS_MAX], q), at in wanted))
    return found


def _shown(text: str, q: str) -> Markup:
    parts = re.split(f"({re.escape(q)})", text.rstrip("\r"), flags=re.IGNORECASE)
    mark = Markup("<mark>{}</mark>")
    return Markup().join(mark.format(part) if at % 2 else escape(part) for at, part in enumerate(parts))
