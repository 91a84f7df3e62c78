"""Who wrote each line of a file."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from litestar import get

from api import shapes, shapes_git
from api.asking import Asking
from api.costly import turns
from api.gate import readable
from api.params import FilePath, Repo, Rev
from api.reply import Reply, encode_json, read
from api.routes.commits import commit_doc
from api.threads import in_thread

if TYPE_CHECKING:
    from domain.ids import StreamId
    from domain.ports_files import BlameRange

FORMAT_VERSION: Final = 2
"""Raise it when the same commit and path are answered otherwise: what clients remember is worth nothing then."""


@get("/api/v1/repos/{id:str}/blame/{path:path}", responses=shapes.shows(shapes_git.Blame))
async def show_blame(request: Asking, repo: Repo, path: FilePath, ref: Rev = "HEAD") -> Reply:
    """Who wrote each line of a file, as `git blame` tells it."""
    row = readable(request, repo)
    path = path.strip("/")
    commit = await in_thread(request.ports.git.resolve, row.id, ref)
    # What a commit says of a file never changes, so who has it need not wait for it to be found out again.
    about = sha256(f"{FORMAT_VERSION}\0{commit}\0{ref}\0{path}".encode("utf-8", "surrogateescape")).hexdigest()
    tag = f'"blame-{about[:24]}"'
    if request.knows(tag):
        return read(request, b"", tag=tag)
    async with turns.one():
        value = await in_thread(_blamed, request, row.id, ref, commit, path)
    # What a bound ended is answered better the next time.
    return read(request, encode_json(value), tag=tag if value["complete"] else "")


def _blamed(request: Asking, repo: StreamId, ref: str, commit: str, path: str) -> dict[str, Any]:
    git = request.ports.git
    found = git.blame(repo, commit, path)
    names = dict.fromkeys(each.commit for each in found.ranges)
    return {
        "ref": ref,
        "commit": commit,
        "path": path,
        "ranges": [_range(each) for each in found.ranges],
        "commits": {name: commit_doc(git.commit(repo, name)) for name in names},
        "complete": found.complete,
    }


def _range(found: BlameRange) -> dict[str, Any]:
    previous = None if found.previous is None else {"commit": found.previous[0], "path": found.previous[1]}
    return {
        "start": found.start,
        "count": found.count,
        "commit": found.commit,
        "original_path": found.original_path,
        "original_start": found.original_start,
        "previous": previous,
        "boundary": found.boundary,
    }
