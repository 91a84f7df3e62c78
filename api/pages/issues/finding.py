"""What the pages of an issue have in common: their addresses, and what they find there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

import msgspec
from litestar.params import PathParameter

from api.gate import issue_of
from api.pages.forms import check_person
from api.pages.place import repo_at, url_of

if TYPE_CHECKING:
    from api.asking import Asking
    from domain.ports_views import EntityRow, RepoRow

ISSUES: Final = "/{owner:str}/{name:str}/issues"
ISSUE: Final = f"{ISSUES}/{{number:str}}"
Number: TypeAlias = Annotated[
    str, PathParameter(name="number", description="An issue's number, or its id.", max_length=100)
]
COMMENT: Final = f"{ISSUE}/comments/{{comment:str}}"
CommentId: TypeAlias = Annotated[str, PathParameter(name="comment", description="A comment's id.", max_length=100)]
LABELS_SHOWN_MAX: Final = 100


def found(request: Asking, owner: str, name: str, number: str) -> tuple[RepoRow, EntityRow]:
    """The issue at an address."""
    row = repo_at(request, owner, name)
    return row, issue_of(request, row, number)


def acting(request: Asking, owner: str, name: str, number: str) -> tuple[RepoRow, EntityRow, dict[str, Any]]:
    """The issue that a form is about, and how commands name it; raises unless whoever sends it is signed in."""
    row, thing = found(request, owner, name, number)
    check_person(request)
    return row, thing, {"repo": row.id, "issue": thing.id}


def url_of_issue(row: RepoRow, number: str, mark: str = "") -> str:
    """Where an issue's page is."""
    return f"{url_of(row)}/issues/{number}{f'#{mark}' if mark else ''}"


def labels_of(request: Asking, row: RepoRow) -> dict[str, dict[str, Any]]:
    """The labels of a repository by name; the first hundred."""
    docs = request.ports.views.labels(row.id, limit=LABELS_SHOWN_MAX).docs
    return {each["name"]: each for each in map(msgspec.json.decode, docs)}
