"""History: the commits of a branch, of a folder or a file, and who wrote each line."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from litestar import get

from api.asking import Asking
from api.costly import turns
from api.pages.page import Shown, steady
from api.pages.place import Name, Owner, frame, repo_at
from api.pages.source.at import At, Rest, go, placed
from api.pages.source.files import SHOWN_BYTES_MAX, refs_offered
from api.pages.source.tables import following_rows, whole_lines
from api.params import After
from api.reply import Reply
from api.routes.commits import history_of
from api.routes.files import bytes_of, text_of
from api.threads import in_thread
from domain.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from litestar.types import ControllerRouterHandler
    from markupsafe import Markup

    from domain.ports_files import Blame
    from domain.ports_git import CommitInfo

COMMITS_SHOWN: Final = 50
AGES: Final = 5
"""How many shades tell old lines from new ones."""


@get("/{owner:str}/{name:str}/commits/{rest:path}")
async def show_commits(request: Asking, owner: Owner, name: Name, rest: Rest, after: After = None) -> Reply:
    """Commits, newest first: all of them, or those that change a path."""
    row = repo_at(request, owner, name)
    at = await placed(request, row, rest, "commits")
    if isinstance(at, Reply):
        return at
    return await steady(request, partial(_commits, request, at, after), row)


@get("/{owner:str}/{name:str}/commits")
async def show_all_commits(request: Asking, owner: Owner, name: Name) -> Reply:
    """Those of the default branch."""
    row = repo_at(request, owner, name)
    return go(At(row, "branch", row.default_branch, "").url("commits"))


@get("/{owner:str}/{name:str}/blame/{rest:path}")
async def show_blame(request: Asking, owner: Owner, name: Name, rest: Rest) -> Reply:
    """Who wrote each line of a file."""
    row = repo_at(request, owner, name)
    at = await placed(request, row, rest, "blame")
    if isinstance(at, Reply):
        return at
    return await steady(request, partial(_blamed, request, at), row)


HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (show_commits, show_all_commits, show_blame)


class Stretch(NamedTuple):
    """Lines of a file that came with one commit; `age` is 1 for the oldest of the file, `AGES` for the newest."""

    commit: CommitInfo
    age: int
    older: str
    """Where the lines before these are blamed; empty where the commit brought the file."""
    start: int
    line: Markup
    """The first one; `rest` are the rows of the others."""
    rest: Markup


async def _commits(request: Asking, at: At, after: str | None) -> Shown:
    row = at.row
    found = await in_thread(history_of, request, row.id, at.rev, at.path, after, COMMITS_SHOWN)
    commits, following, total = found
    values = frame(request, row, "commits") | at.values() | {"refs": refs_offered(request, row)}
    values |= {"commits": commits, "following": following, "total": total}
    return Shown("commits.html", f"Commits · {at.path + ' · ' if at.path else ''}{at.ref} · {row.name}", values)


async def _blamed(request: Asking, at: At) -> Shown:
    git, repo = request.ports.git, at.row.id

    def found() -> dict[str, Any]:
        commit = git.resolve(repo, at.rev)
        text = text_of(bytes_of(request, repo, commit, at.path, SHOWN_BYTES_MAX)[1])
        if text is None:
            raise InvalidInput("only lines of text were written by somebody", hint="download the file instead")
        blame = git.blame(repo, commit, at.path)
        commits = {name: git.commit(repo, name) for name in {each.commit for each in blame.ranges}}
        stretches = _stretches(at, blame, commits, whole_lines(text, at.name))
        goes_on = any(each.boundary for each in blame.ranges)
        lasting = at.url("blame", commit=commit)
        return {"stretches": stretches, "complete": blame.complete, "goes_on": goes_on, "lasting": lasting}

    async with turns.one():
        values = await in_thread(found)
    values |= frame(request, at.row, "code") | at.values() | {"refs": refs_offered(request, at.row)}
    title = f"Blame · {at.path} · {at.ref} · {at.row.name}"
    return Shown("blame.html", title, values, keep=values["complete"])  # what is not goes on at the next request


def _stretches(at: At, blame: Blame, commits: dict[str, CommitInfo], lines: Sequence[Markup]) -> list[Stretch]:
    times = [each.committer_time for each in commits.values()]
    first, span = min(times, default=0), max(times, default=0) - min(times, default=0)
    found: list[Stretch] = []
    for each in blame.ranges:
        commit = commits[each.commit]
        age = 1 + (commit.committer_time - first) * (AGES - 1) // span if span else AGES
        older = At(at.row, "commit", *each.previous).url("blame") if each.previous is not None else ""
        here = lines[each.start - 1 : each.start - 1 + each.count]
        if here:
            found.append(
                Stretch(commit, age, older, each.start, here[0], following_rows(each.start + 1, here[1:], age))
            )
    return found
