"""What the pages of an issue have in common: their addresses, and what they find there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple, TypeAlias

import msgspec
from litestar.params import PathParameter

from api.gate import issue_of
from api.pages.forms import check_person
from api.pages.place import repo_at, url_of
from domain.errors import PreconditionFailed
from domain.etag import etag

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from api.asking import Asking
    from api.pages.forms import Form
    from domain.ports_views import EntityRow, RepoRow

ISSUES: Final = "/{owner:str}/{name:str}/issues"
ISSUE: Final = f"{ISSUES}/{{number:str}}"
Number: TypeAlias = Annotated[
    str, PathParameter(name="number", description="An issue's number, or its id.", max_length=100)
]
COMMENT: Final = f"{ISSUE}/comments/{{comment:str}}"
CommentId: TypeAlias = Annotated[str, PathParameter(name="comment", description="A comment's id.", max_length=100)]
LABELS_OFFERED_MAX: Final = 200
"""The others are chosen by name."""


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


def tag_of(doc: Mapping[str, Any], *fields: str) -> str:
    """What a form that changes these fields is bound to: what was read of them, and nothing else.

    Else whoever writes for a while would be refused because somebody commented or reacted meanwhile.
    """
    rivals: Mapping[str, Any] = doc.get("conflicts") or {}
    return etag(msgspec.json.encode([(doc.get(field), rivals.get(field)) for field in fields]))


def bound_to(form: Form, thing: EntityRow, *fields: str) -> dict[str, str]:
    """The condition that a form was sent with, as commands take it; raises `PreconditionFailed` if it does not hold."""
    tag = form.text("tag")
    if not tag:
        return {}
    if tag != tag_of(msgspec.json.decode(thing.doc), *fields):
        hint = "what it says now is on this page: send this again to have it say what you wrote"
        raise PreconditionFailed("somebody changed it since you read it", hint=hint)
    return {"if_match": etag(thing.doc)}


class Labels(NamedTuple):
    """Labels of a repository by name, and how many there are besides."""

    by_name: dict[str, dict[str, Any]]
    more: int

    def values(self) -> dict[str, Any]:
        """What templates call these."""
        return {"labels": self.by_name, "labels_more": self.more}


def labels_of(request: Asking, row: RepoRow, carried: Iterable[str] = ()) -> Labels:
    """The first labels of a repository, and those `carried`: who saves a list of them takes none off unseen."""
    views = request.ports.views
    page = views.labels(row.id, limit=LABELS_OFFERED_MAX)
    found = {each["name"]: each for each in map(msgspec.json.decode, page.docs)}
    for name in sorted(set(carried) - found.keys()) if page.next else ():
        if (label := views.label(row.id, name)) is not None:
            found[name] = msgspec.json.decode(label.doc)
    return Labels(found, page.total - len(found))


def labels_in(form: Form) -> list[str]:
    """The labels that are ticked in a form, and those that are written into it."""
    written = [line.strip() for line in form.text("other_labels").splitlines()]
    return list(dict.fromkeys([*form.all("labels"), *filter(None, written)]))


def people_in(form: Form, request: Asking) -> list[str]:
    """The people that a form names, with spaces or commas between; `me` is whoever sends it."""
    me = request.actor.did
    names = [each.strip().removeprefix("@") for each in form.text("assignees").replace(",", " ").split()]
    return [me if each == "me" and me is not None else each for each in names]
