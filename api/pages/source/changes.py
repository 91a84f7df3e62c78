"""What commits changed: one commit, and two places in a repository side by side."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple
from urllib.parse import quote

import msgspec
from litestar import get
from litestar.params import PathParameter, QueryParameter

from api.asking import Asking
from api.costly import turns
from api.pages.kept import Kept
from api.pages.page import Shown, see, steady
from api.pages.place import Name, Owner, frame, repo_at, url_of
from api.pages.source.at import REFS_OFFERED_MAX, SHORT, At, go, rev_of, unabbreviated
from api.pages.source.files import refs_offered
from api.pages.source.mail import mailed
from api.pages.source.patches import drawn
from api.reply import TEXT, Reply, read
from api.threads import in_thread
from domain.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from litestar.types import ControllerRouterHandler

    from api.pages.source.patches import Drawn
    from domain.ids import StreamId
    from domain.ports_git import CommitInfo, FileChange, GitReader, TreeDiff
    from domain.ports_views import RepoRow

ROWS_MAX: Final = 6_000
"""Of all files in one page; the others are a link away."""
FOLDED_ROWS: Final = 1_500
"""From so many on, a file's changes are folded up."""
COMMITS_SHOWN: Final = 100
PATCHES_MAX: Final = 100
_FILE_BYTES: Final = 1_024
_SUFFIXES: Final = (".diff", ".patch")
_PICTURES: Final = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg")
Style = Annotated[str, QueryParameter(description="`split` shows both sides beside each other.", max_length=20)]
Spaces = Annotated[str, QueryParameter(name="w", description="`1` leaves out what differs in spaces.", max_length=5)]
File = Annotated[str, QueryParameter(description="Only this file, all of it.", max_length=4096)]
Sha = Annotated[
    str,
    PathParameter(description="A commit's 40 digits, a branch or a tag; with .diff or .patch as text.", max_length=300),
]
Spec = Annotated[str, PathParameter(name="spec", description="`A...B`: what B has since it left A; `A..B` compares.")]


class Ways(NamedTuple):
    """How somebody wants changes to be shown."""

    split: bool
    spaces: bool
    file: str


class FileShown(NamedTuple):
    """One file of a diff, and its rows unless there is no room for them."""

    change: FileChange
    table: Drawn | None
    open: bool
    picture: bool

    @property
    def bytes(self) -> int:
        """Of memory, about."""
        return len(self.table.rows) if self.table else 0


_CHANGES: Final = Kept["tuple[TreeDiff, Sequence[FileShown]]"](24 << 20)


@get("/{owner:str}/{name:str}/commit/{sha:str}")
async def show_commit(
    request: Asking, owner: Owner, name: Name, sha: Sha, style: Style = "", w: Spaces = "", file: File = ""
) -> Reply:
    """One commit: what it says, and what it changed against its first parent."""
    row = repo_at(request, owner, name)
    stem = next((sha.removesuffix(each) for each in _SUFFIXES if sha.endswith(each)), sha)
    if SHORT.fullmatch(stem) and (whole := await in_thread(unabbreviated, request.ports.git, row.id, stem)):
        return go(quote(f"{url_of(row)}/commit/{whole}{sha.removeprefix(stem)}", safe="/~"))
    if stem != sha:
        return await _commit_text(request, row, stem, mail=sha.endswith(".patch"))
    ways = Ways(style == "split", w != "1", file)
    return await steady(request, partial(_commit, request, row, sha, ways), row)


@get("/{owner:str}/{name:str}/compare")
async def choose_sides(
    request: Asking,
    owner: Owner,
    name: Name,
    base: Annotated[str, QueryParameter(description="What to compare with.", max_length=300)] = "",
    head: Annotated[str, QueryParameter(description="What is compared.", max_length=300)] = "",
) -> Reply:
    """Choose what to compare, or go on to what was chosen."""
    row = repo_at(request, owner, name)
    if base and head:
        return see(f"{url_of(row)}/compare/{quote(base)}...{quote(head)}")
    return await steady(request, partial(_choice, request, row))


@get("/{owner:str}/{name:str}/compare/{spec:path}")
async def compare(
    request: Asking, owner: Owner, name: Name, spec: Spec, style: Style = "", w: Spaces = "", file: File = ""
) -> Reply:
    """What one place in a repository has that another has not."""
    row = repo_at(request, owner, name)
    spec = spec.strip("/")
    suffix = next((each for each in _SUFFIXES if spec.endswith(each)), "")
    if suffix:
        return await _compared_text(request, row, spec.removesuffix(suffix), mail=suffix == ".patch")
    sides = _sides(request, row, spec)
    ways = Ways(style == "split", w != "1", file)
    return await steady(request, partial(_compared, request, row, sides, ways), row)


HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (show_commit, choose_sides, compare)


def files_shown(diff: TreeDiff, ways: Ways) -> list[FileShown]:
    """The files of a diff with as many rows as a page takes. Blocking: it finds the words that changed."""
    found: list[FileShown] = []
    left = ROWS_MAX
    for change in diff.files:
        chosen = ways.file in {"", change.path}
        table = None
        if chosen and (ways.file or (left > 0 and change.patch.count("\n") <= max(left, FOLDED_ROWS))):
            table = drawn(change.patch, split=ways.split, spaces=ways.spaces)
            left -= table.count
        opened = bool(ways.file) or (table is not None and table.count <= FOLDED_ROWS)
        is_picture = change.path.lower().endswith(_PICTURES)
        if chosen:
            found.append(FileShown(change, table, opened, is_picture))
    return found


def _changed(
    git: GitReader, repo: StreamId, old: str | None, new: str, ways: Ways
) -> tuple[TreeDiff, Sequence[FileShown]]:
    """What differs between two commits, which stays what it is, and how it is shown."""
    key = repo, old, new, ways
    found = _CHANGES.get(key)
    if found is None:
        diff = git.diff(repo, old, new)
        files = files_shown(diff, ways)
        size = sum(len(each.patch) + _FILE_BYTES for each in diff.files) + sum(each.bytes for each in files)
        found = _CHANGES.put(key, (diff, files), size)
    return found


class _Ref(msgspec.Struct):
    name: str
    short: str
    type: str
    hash: str | None
    event: str


async def _commit(request: Asking, row: RepoRow, sha: str, ways: Ways) -> Shown:
    git = request.ports.git

    def found() -> dict[str, Any]:
        commit = git.commit(row.id, sha)
        base = commit.parents[0] if commit.parents else None
        diff, files = _changed(git, row.id, base, commit.oid, ways)
        signed = b"\ngpgsig" in git.object(row.id, commit.oid)[1].partition(b"\n\n")[0]
        return {"commit": commit, "old": base, "diff": diff, "files": files, "signed": signed}

    async with turns.one():
        values = frame(request, row, "commits") | await in_thread(found)
    commit: CommitInfo = values["commit"]
    refs = [
        msgspec.json.decode(doc, type=_Ref) for doc in request.ports.views.refs(row.id, limit=REFS_OFFERED_MAX).docs
    ]
    subject, _, body = commit.message.partition("\n")
    values |= {
        "refs_here": [each for each in refs if each.hash == commit.oid],
        "subject": subject,
        "body": body.strip("\n"),
    }
    values |= _shows(ways, f"{url_of(row)}/commit/{commit.oid}", commit.oid)
    return Shown("commit.html", f"{subject[:80]} · {commit.oid[:10]} · {row.name}", values)


async def _choice(request: Asking, row: RepoRow) -> Shown:
    values = frame(request, row, "commits") | {"refs": refs_offered(request, row)}
    return Shown("compare_choose.html", f"Compare · {row.name}", values)


async def _compared(request: Asking, row: RepoRow, sides: _Sides, ways: Ways) -> Shown:
    git = request.ports.git

    def found() -> dict[str, Any]:
        old, new, base = _resolved(git, row.id, sides)
        away = git.distance(row.id, old, new, limit=COMMITS_SHOWN)
        diff, shown = _changed(git, row.id, base or old, new, ways)
        return {"old": base or old, "new": new, "base_commit": base, "away": away, "diff": diff, "files": shown}

    async with turns.one():
        values = frame(request, row, "commits") | await in_thread(found)
    dots = "..." if sides.since else ".."
    spec = f"{sides.a.ref}{dots}{sides.b.ref}"
    values |= {"a": sides.a, "b": sides.b, "since": sides.since, "spec": spec, "refs": refs_offered(request, row)}
    values |= _shows(ways, f"{url_of(row)}/compare/{spec}", values["new"])
    return Shown("compare.html", f"{spec} · {row.name}", values)


def _shows(ways: Ways, here: str, new: str) -> dict[str, Any]:
    return {"ways": ways, "here": quote(here, safe="/~"), "new_commit": new}


async def _commit_text(request: Asking, row: RepoRow, sha: str, *, mail: bool) -> Reply:
    git = request.ports.git

    def found() -> bytes:
        return _mails(git, row.id, [git.commit(row.id, sha)], mail=mail)

    async with turns.one():
        return read(request, await in_thread(found), kind=TEXT)


async def _compared_text(request: Asking, row: RepoRow, spec: str, *, mail: bool) -> Reply:
    git, sides = request.ports.git, _sides(request, row, spec)

    def found() -> bytes:
        old, new, base = _resolved(git, row.id, sides)
        if not mail:
            return git.patch(row.id, base or old, new)
        away = git.distance(row.id, old, new, limit=PATCHES_MAX)
        if away.ahead > PATCHES_MAX:
            raise InvalidInput(f"that is {away.ahead:,} commits, and at most {PATCHES_MAX} at once", hint="fetch them")
        return _mails(git, row.id, [each for each in reversed(away.commits) if len(each.parents) < 2], mail=True)

    async with turns.one():
        return read(request, await in_thread(found), kind=TEXT)


def _mails(git: GitReader, repo: StreamId, commits: Sequence[CommitInfo], *, mail: bool) -> bytes:
    if mail:
        commits = [git.commit(repo, each.oid, whole=True) if each.message_cut else each for each in commits]
    patches = [git.patch(repo, each.parents[0] if each.parents else None, each.oid) for each in commits]
    return b"".join(mailed(each, patch) if mail else patch for each, patch in zip(commits, patches, strict=True))


class _Sides(NamedTuple):
    a: At
    b: At
    since: bool
    """Whether it is about what `b` has since both parted, and not about how the two differ."""


def _sides(request: Asking, row: RepoRow, spec: str) -> _Sides:
    dots = "..." if "..." in spec else ".."
    first, found, second = spec.partition(dots)
    if not found:
        first, second = row.default_branch, spec
    if not second or not first:
        raise NotFound(f"{spec!r} does not name two places", hint="like main...feature")
    return _Sides(rev_of(request, row, first), rev_of(request, row, second), dots == "..." or not found)


def _resolved(git: GitReader, repo: StreamId, sides: _Sides) -> tuple[str, str, str | None]:
    old, new = git.resolve(repo, sides.a.rev), git.resolve(repo, sides.b.rev)
    return old, new, git.merge_base(repo, old, new) if sides.since else None
