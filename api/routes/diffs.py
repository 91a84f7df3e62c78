"""What differs between two commits, as data and as a patch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from litestar import get
from litestar.params import QueryParameter

from api import shapes, shapes_git
from api.asking import Asking
from api.gate import readable
from api.params import Repo
from api.reply import TEXT, Reply, encode_json, read, read_value
from api.threads import in_thread

if TYPE_CHECKING:
    from domain.ids import StreamId
    from domain.ports_git import FileChange, TreeDiff

_VARY: Final = [(b"vary", b"Accept")]
From = Annotated[
    str,
    QueryParameter(name="from", description="What to compare with; the parent of `to` if not given.", max_length=400),
]
To = Annotated[
    str, QueryParameter(name="to", description="A branch, a tag, a full ref, HEAD or a commit.", max_length=400)
]


@get("/api/v1/repos/{id:str}/diff", responses=shapes.shows(shapes_git.Diff))
async def show_diff(request: Asking, repo: Repo, from_: From = "", to: To = "HEAD") -> Reply:
    """The files that differ between two commits, each with its unified diff; folders are gone into, renames found."""
    row = readable(request, repo)

    def found() -> dict[str, Any]:
        old, new = _sides(request, row.id, from_, to)
        diff = request.ports.git.diff(row.id, old, new)
        changes = changes_of(diff)
        return {"from": old, "to": new, "changes": changes, "total": diff.files_total, "truncated": diff.truncated}

    return read_value(request, await in_thread(found))


@get("/api/v1/repos/{id:str}/diff/patch", responses=shapes.shows(shapes_git.Patch))
async def show_patch(request: Asking, repo: Repo, from_: From = "", to: To = "HEAD") -> Reply:
    """The same as a patch that `git apply` takes; with `Accept: text/plain` byte for byte."""
    row = readable(request, repo)

    def found() -> bytes:
        return request.ports.git.patch(row.id, *_sides(request, row.id, from_, to))

    patch = await in_thread(found)
    if request.prefers_text():
        return read(request, patch, kind=TEXT, headers=_VARY)
    text = patch.decode("utf-8", "replace")
    return read(request, encode_json({"patch": text, "lossy": text.encode() != patch}), headers=_VARY)


def changes_of(diff: TreeDiff) -> list[dict[str, Any]]:
    """The files of a diff as the API shows them."""
    return [_change(file) for file in diff.files]


def _sides(request: Asking, repo: StreamId, base: str, to: str) -> tuple[str | None, str]:
    """Both commits: what is compared with is None for the first commit of a history."""
    git = request.ports.git
    new = git.commit(repo, to)
    if base:
        return git.resolve(repo, base), new.oid
    return (new.parents[0] if new.parents else None), new.oid


def _change(file: FileChange) -> dict[str, Any]:
    return {
        "path": file.path,
        "file": file.path,
        "status": file.status,
        "type": file.status,
        "old_path": file.old_path,
        "old_hash": file.old_oid,
        "new_hash": file.new_oid,
        "old_mode": file.old_mode,
        "new_mode": file.new_mode,
        "binary": file.binary,
        "additions": file.additions,
        "deletions": file.deletions,
        "similarity": file.similarity,
        "patch": file.patch,
        "truncated": file.truncated,
    }
