"""Folders and files at any branch, tag or commit, and their bytes."""

from __future__ import annotations

import posixpath
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from litestar import get
from litestar.params import QueryParameter

from api import large
from api.asking import Asking
from api.media import picture
from api.pages.markdown import Place, rendered
from api.pages.page import Shown, steady
from api.pages.place import Name, Owner, frame, repo_at, url_of
from api.pages.source.at import REFS_OFFERED_MAX, At, Rest, go, meant, placed
from api.pages.source.folders import MARKDOWN, inside
from api.pages.source.tables import code_rows, sheet
from api.parts import bytes_or_part
from api.reply import Reply
from api.routes.files import bytes_of, kind_of, text_of
from api.threads import in_thread
from domain.refs.names import BRANCH_PREFIX, TAG_PREFIX

if TYPE_CHECKING:
    from litestar.types import ControllerRouterHandler

    from domain.ports_git import TreeEntry
    from domain.ports_views import RepoRow

SHOWN_BYTES_MAX: Final = 1 << 20
"""Of a file as text in a page: what is larger is for downloading."""
Plain = Annotated[bool, QueryParameter(description="The source of what would be shown as it is meant.")]
Behind = Annotated[
    str, QueryParameter(name="after", description="Of a folder, the entries behind this one.", max_length=4_096)
]
_SYMLINK: Final = "120000"
_SVG: Final = b"image/svg+xml"
_SVG_POLICY: Final = b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"


@get("/{owner:str}/{name:str}/src/{rest:path}")
async def show_source(
    request: Asking, owner: Owner, name: Name, rest: Rest, plain: Plain = False, after: Behind = ""
) -> Reply:
    """A folder or a file."""
    row = repo_at(request, owner, name)
    at = await placed(request, row, rest, "src")
    if isinstance(at, Reply):
        return at
    return await steady(request, partial(_source, request, at, after, plain=plain), row)


@get("/{owner:str}/{name:str}/raw/{rest:path}")
async def show_raw(request: Asking, owner: Owner, name: Name, rest: Rest) -> Reply:
    """A file's bytes, typed so that no browser runs them."""
    return await _raw(request, owner, name, rest, "raw")


@get("/{owner:str}/{name:str}/media/{rest:path}")
async def show_media(request: Asking, owner: Owner, name: Name, rest: Rest) -> Reply:
    """The same, by the address that is elsewhere for large files."""
    return await _raw(request, owner, name, rest, "media")


@get(["/{owner:str}/{name:str}/tree/{rest:path}", "/{owner:str}/{name:str}/blob/{rest:path}"])
async def show_elsewhere(request: Asking, owner: Owner, name: Name, rest: Rest) -> Reply:
    """Where a folder or file is here that has GitHub's address."""
    row = repo_at(request, owner, name)
    return go((await meant(request, row, rest)).url("src"))


HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (show_source, show_raw, show_media, show_elsewhere)


class _Ref(msgspec.Struct):
    name: str


def refs_offered(request: Asking, row: RepoRow) -> dict[str, Any]:
    """Branches and tags to choose from at the top of a page; the first of them, where there are very many (`more`)."""
    views = request.ports.views
    found: dict[str, Any] = {"more": False}
    for kind, prefix in (("branches", BRANCH_PREFIX), ("tags", TAG_PREFIX)):
        page = views.refs(row.id, prefix=prefix, limit=REFS_OFFERED_MAX)
        found[kind] = [msgspec.json.decode(doc, type=_Ref).name.removeprefix(prefix) for doc in page.docs]
        found["more"] |= page.next is not None
    return found


async def _raw(request: Asking, owner: str, name: str, rest: str, view: str) -> Reply:
    row = repo_at(request, owner, name)
    at = await placed(request, row, rest, view)
    if isinstance(at, Reply):
        return at
    async with large.reading:
        bytes_max = request.ports.settings.raw_bytes_max
        entry, data = await in_thread(bytes_of, request, row.id, at.rev, at.path, bytes_max)
    tag = f'"{entry.oid}"'
    if _is_svg(entry.name, data):
        # A picture where a page asks for one; where a person does, the sandbox has no scripts and no site.
        headers = [(b"content-security-policy", _SVG_POLICY)]
        return bytes_or_part(request, data, tag=tag, kind=_SVG, headers=headers)
    return bytes_or_part(request, data, tag=tag, kind=kind_of(data))


async def _source(request: Asking, at: At, after: str, *, plain: bool) -> Shown:
    row = at.row
    found = await in_thread(_found, request, at, plain, after)
    values = frame(request, row, "code") | at.values() | {"refs": refs_offered(request, row), "plain": plain} | found
    where = f"{at.path} · " if at.path else ""
    title = f"{where}{at.ref if at.kind != 'commit' else at.ref[:10]} · {row.name}"
    template = "folder.html" if found["entry"].type == "tree" else "file.html"
    return Shown(template, title, values, keep=found.get("complete", True))


def _found(request: Asking, at: At, plain: bool, after: str) -> dict[str, Any]:
    git, repo = request.ports.git, at.row.id
    commit = git.resolve(repo, at.rev)
    entry = git.entry(repo, commit, at.path)
    values: dict[str, Any] = {"entry": entry, "commit": commit, "lasting": at.url("src", commit=commit)}
    if entry.type == "tree":
        return values | inside(git, at, commit, after) | {"tip": git.commit(repo, commit)}
    if entry.type == "commit":
        return values | {"show": "submodule", "last": None}
    history = git.commits(repo, commit, path=at.path, limit=1)
    values["last"] = history[0] if history else None
    return values | _shown(request, at, commit, entry, plain)


def _shown(request: Asking, at: At, commit: str, entry: TreeEntry, plain: bool) -> dict[str, Any]:
    """How a file is shown, `show`, and what that needs."""
    size = entry.size or 0
    if size > min(request.ports.settings.raw_bytes_max, SHOWN_BYTES_MAX * 16):
        return {"show": "large"}
    data = request.ports.git.blob(at.row.id, commit, at.path)[1]
    if entry.mode == _SYMLINK:
        return _symlink(at, data)
    if picture(data):
        return {"show": "picture"}
    if _is_svg(entry.name, data) and not plain:
        return {"show": "picture", "has_source": True}
    if size > SHOWN_BYTES_MAX:
        return {"show": "large"}
    text = text_of(data)
    if text is None:
        return {"show": "binary"}
    return _text(at, commit, text, plain)


def _text(at: At, commit: str, text: str, plain: bool) -> dict[str, Any]:
    ending = at.name.lower().rpartition(".")[2]
    counted = {"lines": text.count("\n") + (not text.endswith("\n") and bool(text))}
    meant = at.name.lower().endswith(MARKDOWN) or ending in {"csv", "tsv", "svg"}
    if not plain and at.name.lower().endswith(MARKDOWN):
        prose = rendered(text, Place(url_of(at.row), commit, at.folder))
        return {"show": "prose", "prose": prose, "has_source": True, **counted}
    if not plain and ending in {"csv", "tsv"} and (found := sheet(text, tabs=ending == "tsv")):
        head, rows, cut = found
        return {"show": "sheet", "head": head, "rows": rows, "cut": cut, "has_source": True, **counted}
    return {"show": "code" if text else "nothing", "code": code_rows(text, at.name), "has_source": meant, **counted}


def _symlink(at: At, data: bytes) -> dict[str, Any]:
    target = data.decode("utf-8", "replace")
    path = posixpath.normpath(posixpath.join(at.folder, target))
    leads = "" if target.startswith("/") or path == ".." or path.startswith("../") else at.url("src", path)
    return {"show": "symlink", "target": target, "leads": leads}


def _is_svg(name: str, data: bytes) -> bool:
    return name.lower().endswith(".svg") and b"<svg" in data[:4096] and text_of(data) is not None
