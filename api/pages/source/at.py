"""What an address names in a repository: a branch, tag or commit, and a path in it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias
from urllib.parse import quote

from litestar.params import PathParameter

from api.pages.place import url_of
from api.reply import Reply
from api.threads import in_thread
from domain.errors import NotFound
from domain.refs.names import BRANCH_PREFIX, TAG_PREFIX, is_oid

if TYPE_CHECKING:
    from api.asking import Asking
    from domain.ids import StreamId
    from domain.ports_git import GitReader
    from domain.ports_views import RepoRow

RefKind: TypeAlias = Literal["branch", "tag", "commit"]
Rest: TypeAlias = Annotated[
    str,
    PathParameter(
        name="rest", description="`branch/NAME/PATH`, `tag/NAME/PATH` or `commit/HASH/PATH`; names may hold slashes."
    ),
]
PREFIXES: Final[dict[str, str]] = {"branch": BRANCH_PREFIX, "tag": TAG_PREFIX}
KINDS: Final[tuple[RefKind, ...]] = ("branch", "tag", "commit")
REF_PARTS_MAX: Final = 32
"""How many parts of an address are tried as the name of a branch."""
REFS_OFFERED_MAX: Final = 60
SHORT: Final = re.compile(r"[0-9a-fA-F]{7,39}")
"""The beginning of a commit's name."""


@dataclass(frozen=True, slots=True)
class At:
    """A place in a repository. `rev` is what git resolves; `path` is empty for the root."""

    row: RepoRow
    kind: RefKind
    ref: str
    """As addresses have it: `feature/x`, `v1`, 40 digits."""
    path: str

    @property
    def rev(self) -> str:
        """The full name of a branch or tag, or a commit's digits."""
        return PREFIXES.get(self.kind, "") + self.ref

    @property
    def name(self) -> str:
        """The last part of the path; empty for the root."""
        return self.path.rpartition("/")[2]

    @property
    def folder(self) -> str:
        """Where it stands."""
        return self.path.rpartition("/")[0]

    @property
    def steps(self) -> list[tuple[str, str]]:
        """Each part of the path with the path up to there."""
        parts = self.path.split("/") if self.path else []
        return [(part, "/".join(parts[: depth + 1])) for depth, part in enumerate(parts)]

    def beside(self, kind: RefKind, ref: str) -> At:
        """The same path in another branch or tag."""
        return replace(self, kind=kind, ref=ref)

    def url(self, view: str, path: str | None = None, *, commit: str = "") -> str:
        """A page about this place, or about another path beside it; of a `commit` where what it shows shall stay."""
        where = f"commit/{commit}" if commit else f"{self.kind}/{self.ref}"
        wanted = self.path if path is None else path
        return quote(
            f"{url_of(self.row)}/{view}/{where}" + (f"/{wanted}" if wanted else ""), safe="/~", errors="surrogateescape"
        )

    def values(self) -> dict[str, Any]:
        """What templates call these."""
        return {"at": self, "rev": self.ref, "rev_kind": self.kind, "folder_here": self.path}


def located(request: Asking, row: RepoRow, rest: str) -> At | None:
    """The place that the end of an address names, or None where it does not say of what kind its ref is."""
    kind, _, tail = rest.strip("/").partition("/")
    for each in KINDS:
        if each == kind:
            found = _named(request, row, each, tail)
            if found is None:
                raise NotFound(f"there is no {kind} {tail!r} in {row.name}", hint="it may have been deleted")
            return found
    return None


def guessed(request: Asking, row: RepoRow, rest: str) -> At:
    """The place that an address means which does not say of what kind its ref is, as elsewhere; raises `NotFound`."""
    rest = rest.strip("/")
    first, _, tail = rest.partition("/")
    if first == "HEAD":
        return At(row, "branch", row.default_branch, tail)
    if rest.startswith("refs/"):
        for kind, prefix in (("branch", BRANCH_PREFIX), ("tag", TAG_PREFIX)):
            if rest.startswith(prefix):
                rest = f"{kind}/{rest.removeprefix(prefix)}"
                found = located(request, row, rest)
                assert found is not None, "it begins with a kind"
                return found
    for kind in KINDS:
        found = _named(request, row, kind, rest)
        if found is not None:
            return found
    raise NotFound(f"there is no branch, tag or commit {rest!r} in {row.name}", hint="it may have been deleted")


async def placed(request: Asking, row: RepoRow, rest: str, view: str) -> At | Reply:
    """The place that the end of an address names; or the way to its page, where the address says it in short."""
    kind, _, tail = rest.strip("/").partition("/")
    short = await _lengthened(request, row, tail if kind == "commit" else "")
    if short is not None:
        return go(short.url(view))
    at = located(request, row, rest)
    return go((await meant(request, row, rest)).url(view)) if at is None else at


async def meant(request: Asking, row: RepoRow, rest: str) -> At:
    """`guessed`, or the commit whose name begins as the address does."""
    try:
        return guessed(request, row, rest)
    except NotFound:
        short = await _lengthened(request, row, rest.strip("/"))
        if short is None:
            raise
        return short


async def _lengthened(request: Asking, row: RepoRow, rest: str) -> At | None:
    digits, _, path = rest.partition("/")
    if not SHORT.fullmatch(digits):
        return None
    whole = await in_thread(unabbreviated, request.ports.git, row.id, digits)
    return At(row, "commit", whole, path.strip("/")) if whole else None


def unabbreviated(git: GitReader, repo: StreamId, digits: str) -> str:
    """The name of the one commit that begins with digits; empty where a branch or tag is called that. Blocking."""
    try:
        git.resolve(repo, digits)
    except NotFound:
        found = git.abbreviated(repo, digits)
        if len(found) == 1:
            return found[0]
        which = f"{len(found)} commits begin" if found else "no commit begins"
        raise NotFound(f"{which} with {digits}", hint=f"it may be {' or '.join(found)}" if found else "") from None
    return ""


def rev_of(request: Asking, row: RepoRow, name: str) -> At:
    """The branch, tag or commit that a name in a form or a comparison means."""
    found = guessed(request, row, name)
    if found.path:
        raise NotFound(f"there is no branch, tag or commit {name!r} in {row.name}")
    return found


def go(to: str, status: int = 302) -> Reply:
    """Send on to the address that a page has here; `to` is one of `At.url`."""
    return Reply(b"", status=status, headers=[(b"location", to.encode())])


def _named(request: Asking, row: RepoRow, kind: RefKind, rest: str) -> At | None:
    first, _, path = rest.partition("/")
    if kind == "commit":
        oid = first.lower()
        return At(row, kind, oid, path.strip("/")) if is_oid(oid) else None
    parts = rest.split("/")
    for depth in range(min(len(parts), REF_PARTS_MAX), 0, -1):
        name = "/".join(parts[:depth])
        if name and request.ports.views.ref(row.id, PREFIXES[kind] + name) is not None:
            return At(row, kind, name, "/".join(parts[depth:]).strip("/"))
    return None
