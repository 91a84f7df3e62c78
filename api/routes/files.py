"""Folders, files and raw bytes at any commit, and git objects by name."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Annotated, Any, Final

from litestar import get
from litestar.params import PathParameter, QueryParameter

from api import large, shapes, shapes_git
from api.asking import Asking
from api.costly import turns
from api.gate import readable
from api.media import picture
from api.params import FilePath, Repo, Rev
from api.parts import bytes_or_part
from api.reply import BYTES, TEXT, Reply, read, read_value
from api.routes.commits import commit_doc
from api.threads import in_thread
from domain.errors import NotFound, TooLarge
from domain.refs.names import is_oid

if TYPE_CHECKING:
    from domain.ids import StreamId
    from domain.ports_git import TreeEntry

_VARY: Final = [(b"vary", b"Accept")]


@get("/api/v1/repos/{id:str}/files", responses=shapes.shows(shapes_git.Folder))
async def list_files(
    request: Asking,
    repo: Repo,
    path: Annotated[str, QueryParameter(description="A folder; the root if not given.", max_length=4096)] = "",
    ref: Rev = "HEAD",
    last_commit: Annotated[bool, QueryParameter(description="Add the commit that last changed each entry.")] = False,
) -> Reply:
    """The entries of a folder."""
    row = readable(request, repo)
    found = await in_thread(_folder, request, row.id, ref, path.strip("/"))
    if last_commit:
        async with turns.one():
            await in_thread(_add_last_commits, request, row.id, found)
    return read_value(request, found)


@get("/api/v1/repos/{id:str}/files/{path:path}", responses=shapes.shows(shapes_git.File))
async def show_file(request: Asking, repo: Repo, path: FilePath, ref: Rev = "HEAD") -> Reply:
    """A file with its content, or the entries of a folder."""
    row = readable(request, repo)
    return read_value(request, await in_thread(_file_or_folder, request, row.id, ref, path.strip("/")))


@get("/api/v1/repos/{id:str}/raw/{path:path}", responses=shapes.shows(bytes, media_type="application/octet-stream"))
async def show_raw(request: Asking, repo: Repo, path: FilePath, ref: Rev = "HEAD") -> Reply:
    """A file's bytes as they are, typed so that no browser runs them."""
    row = readable(request, repo)
    async with large.reading:
        bytes_max = request.ports.settings.raw_bytes_max
        entry, data = await in_thread(bytes_of, request, row.id, ref, path.strip("/"), bytes_max)
    return bytes_or_part(request, data, tag=f'"{entry.oid}"', kind=kind_of(data))


@get("/api/v1/repos/{id:str}/objects/{hash:str}", responses=shapes.shows(shapes_git.GitObject))
async def show_object(
    request: Asking,
    repo: Repo,
    oid: Annotated[str, PathParameter(name="hash", description="40 hexadecimal digits.")],
) -> Reply:
    """A git object; with `Accept: application/octet-stream` its content as it is."""
    row = readable(request, repo)
    name = oid.lower()
    if not is_oid(name):
        raise NotFound(f"{oid!r} is not an object id", hint="an object id is 40 hexadecimal digits")
    plain = request.prefers_text("application/octet-stream")
    settings = request.ports.settings
    size = await in_thread(request.ports.git.object_size, row.id, name)
    _check_size(name, size, settings.raw_bytes_max if plain else settings.file_in_json_bytes_max)
    async with large.reading:
        kind, data = await in_thread(request.ports.git.object, row.id, name)
    if plain:
        return read(request, data, kind=BYTES, headers=_VARY)
    value = {"hash": name, "type": kind, "size": len(data), "content": base64.b64encode(data).decode()}
    return read_value(request, value)


def _folder(request: Asking, repo: StreamId, ref: str, path: str) -> dict[str, Any]:
    git = request.ports.git
    commit = git.resolve(repo, ref)
    entries = [_line(entry) for entry in git.tree(repo, commit, path)]
    return {"ref": ref, "commit": commit, "path": path, "entries": entries}


def _add_last_commits(request: Asking, repo: StreamId, folder: dict[str, Any]) -> None:
    """Give each entry the commit that last changed it; None where the search ended before it was found."""
    git = request.ports.git
    found = git.last_commits(repo, folder["commit"], folder["path"])
    docs = {name: _summary(commit_doc(git.commit(repo, name))) for name in set(found.commits.values())}
    for entry in folder["entries"]:
        entry["last_commit"] = docs.get(found.commits.get(entry["name"], ""))
    folder["last_commits_complete"] = found.complete


def _summary(commit: dict[str, Any]) -> dict[str, Any]:
    return {
        "hash": commit["hash"],
        "summary": commit["message"].partition("\n")[0],
        "author": commit["author"],
        "committer": commit["committer"],
    }


def _file_or_folder(request: Asking, repo: StreamId, ref: str, path: str) -> dict[str, Any]:
    git = request.ports.git
    commit = git.resolve(repo, ref)
    if git.entry(repo, commit, path).type == "tree":
        return _folder(request, repo, ref, path)
    entry, data = bytes_of(request, repo, commit, path, request.ports.settings.file_in_json_bytes_max)
    text = text_of(data)
    return {
        "path": entry.path,
        "name": entry.name,
        "mode": entry.mode,
        "size": len(data),
        "oid": entry.oid,
        "commit": commit,
        "encoding": "base64" if text is None else "utf-8",
        "content": base64.b64encode(data).decode() if text is None else text,
        "binary": text is None,
    }


def bytes_of(request: Asking, repo: StreamId, ref: str, path: str, bytes_max: int) -> tuple[TreeEntry, bytes]:
    """A file's entry and bytes; raises `TooLarge` past a bound, before they are read."""
    git = request.ports.git
    commit = git.resolve(repo, ref)
    entry = git.entry(repo, commit, path)
    _check_size(path, entry.size or 0, bytes_max)
    return git.blob(repo, commit, path)


def _check_size(name: str, size: int, bytes_max: int) -> None:
    if size > bytes_max:
        hint = "ask for its raw bytes, or clone the repository"
        raise TooLarge(f"{name} has {size:,} bytes; at most {bytes_max:,} are sent like this", hint=hint)


def _line(entry: TreeEntry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "path": entry.path,
        "mode": entry.mode,
        "type": entry.type,
        "hash": entry.oid,
        "size": entry.size,
    }


def text_of(data: bytes) -> str | None:
    """The text that a file is, or None when it is none."""
    if b"\0" in data:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def kind_of(data: bytes) -> bytes:
    """A media type that is safe whatever the bytes are: what they are is judged from them, never from a name."""
    return picture(data) or (BYTES if text_of(data) is None else TEXT)
