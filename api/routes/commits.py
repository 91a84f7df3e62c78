"""History, single commits, and what each changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Annotated, Any, Final

from litestar import get
from litestar.params import PathParameter, QueryParameter

from api import shapes, shapes_git
from api.asking import Asking
from api.gate import readable
from api.paging import listed, page_size
from api.params import After, Limit, PerPage, Repo, Rev
from api.reply import Reply, encode_json, read_value
from api.routes.diffs import changes_of
from api.threads import in_thread
from domain.errors import InvalidInput
from domain.refs.names import is_oid

if TYPE_CHECKING:
    from domain.ids import StreamId
    from domain.ports_git import CommitInfo, TreeDiff

_MINUTES_PER_DAY = 24 * 60
PARENTS_COMPARED_MAX: Final = 8
"""A commit may have thousands of parents, and each comparison may cost seconds."""
PARENTS_SHOWN_MAX: Final = 1_000
_NOT_COMPARED: Final[dict[str, Any]] = {"changes": [], "total": 0, "truncated": True}
CommitName = Annotated[
    str,
    PathParameter(name="hash", description="A commit's 40 digits, or a branch or tag without slashes."),
]


@get("/api/v1/repos/{id:str}/commits", responses=shapes.shows(shapes_git.Commits))
async def list_commits(
    request: Asking,
    repo: Repo,
    ref: Rev = "HEAD",
    path: Annotated[str, QueryParameter(description="Only commits that change this.", max_length=4096)] = "",
    after: After = None,
    per_page: PerPage = None,
    limit: Limit = None,
) -> Reply:
    """History from a commit, newest first."""
    row = readable(request, repo)
    size = page_size(request, per_page, limit)
    commits, following, total = await in_thread(history_of, request, row.id, ref, path.strip("/"), after, size)
    return listed(request, b"commits", [encode_json(commit_doc(commit)) for commit in commits], following, total)


@get("/api/v1/repos/{id:str}/commits/{hash:str}", responses=shapes.shows(shapes_git.CommitDiff))
async def show_commit(request: Asking, repo: Repo, name: CommitName) -> Reply:
    """One commit, and what it changed against its first parent."""
    row = readable(request, repo)
    git = request.ports.git

    def found() -> tuple[CommitInfo, TreeDiff]:
        commit = git.commit(row.id, name, whole=True)
        return commit, git.diff(row.id, commit.parents[0] if commit.parents else None, commit.oid)

    commit, diff = await in_thread(found)
    return read_value(request, {**commit_doc(commit), "stats": _stats(diff), **_changed(diff)})


@get("/api/v1/repos/{id:str}/commits/{hash:str}/parents", responses=shapes.shows(shapes_git.ParentDiffs))
async def show_parents(request: Asking, repo: Repo, name: CommitName) -> Reply:
    """A commit's parents, and what it changed against each."""
    row = readable(request, repo)
    git = request.ports.git

    def found() -> dict[str, Any]:
        commit = git.commit(row.id, name)
        compared = [
            {"hash": parent, **_changed(git.diff(row.id, parent, commit.oid))}
            for parent in commit.parents[:PARENTS_COMPARED_MAX]
        ]
        others = [{"hash": parent, **_NOT_COMPARED} for parent in commit.parents[PARENTS_COMPARED_MAX:]]
        return {"hash": commit.oid, "parents": compared + others}

    return read_value(request, await in_thread(found))


def history_of(
    request: Asking, repo: StreamId, ref: str, path: str, after: str | None, size: int
) -> tuple[list[CommitInfo], str | None, int]:
    """A page whose cursor names the commit that the list began with: branches move while somebody reads."""
    git = request.ports.git
    tip, _, last = (after or "").partition(".")
    if after is None:
        tip = git.resolve(repo, ref)
    elif not (is_oid(tip) and is_oid(last)):
        raise InvalidInput("this is no cursor of a commit list", hint="take it from the Link header", field="after")
    commits = git.commits(repo, tip, path=path, after=last or None, limit=size + 1)
    following = f"{tip}.{commits[size - 1].oid}" if len(commits) > size else None
    return commits[:size], following, git.commit_count(repo, tip, path=path)


def commit_doc(commit: CommitInfo) -> dict[str, Any]:
    """A commit as the API shows it."""
    return {
        "hash": commit.oid,
        "tree_hash": commit.tree,
        "parent_hashes": commit.parents[:PARENTS_SHOWN_MAX],
        "message": commit.message,
        "author": _person(commit.author_name, commit.author_email, commit.author_time, commit.author_offset_min),
        "committer": _person(
            commit.committer_name, commit.committer_email, commit.committer_time, commit.committer_offset_min
        ),
        **({"message_cut": True} if commit.message_cut else {}),
    }


def _person(name: str, email: str, time_s: int, offset_min: int) -> dict[str, str]:
    return {"name": name, "email": email, "date": _date(time_s, offset_min)}


def _date(time_s: int, offset_min: int) -> str:
    """RFC 3339 in the author's own zone. A commit may claim any time; what is no date shows as the nearest one."""
    zone = timezone(timedelta(minutes=offset_min)) if abs(offset_min) < _MINUTES_PER_DAY else UTC
    try:
        return datetime.fromtimestamp(time_s, zone).isoformat()
    except (OverflowError, ValueError, OSError):
        return "9999-12-31T23:59:59+00:00" if time_s > 0 else "0001-01-01T00:00:00+00:00"


def _changed(diff: TreeDiff) -> dict[str, Any]:
    return {"changes": changes_of(diff), "total": diff.files_total, "truncated": diff.truncated}


def _stats(diff: TreeDiff) -> dict[str, int]:
    return {
        "files": diff.files_total,
        "additions": sum(file.additions for file in diff.files),
        "deletions": sum(file.deletions for file in diff.files),
    }
