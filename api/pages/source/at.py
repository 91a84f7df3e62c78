"""What an address names in a repository: a branch, tag or commit, and a path in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias
from urllib.parse import quote

from litestar.params import PathParameter

from api.pages.place import url_of
from api.reply import Reply
from domain.errors import NotFound
from domain.refs.names import BRANCH_PREFIX, TAG_PREFIX, is_oid

if TYPE_CHECKING:
    from api.asking import Asking
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
