"""What somebody is told of their role in a repository when it is not enough."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from domain.authority.roles import BY_WORD, Role
from domain.ids import Did

if TYPE_CHECKING:
    from domain.ports_views import RepoRow, Views

_TAKEN = {"revoked": "removed you from", "blocked": "blocked you in"}


class _Change(msgspec.Struct):
    verb: str
    author: Did
    at: str


class _Member(msgspec.Struct):
    role: str
    changes: list[_Change]


def lacks(views: Views, repo: RepoRow, did: Did, wanted: Role) -> str:
    """Why somebody may not do what takes a role, in a sentence; empty if they may, as far as the views know."""
    role = role_of(views, repo, did)
    if role >= wanted:
        return ""
    if role > Role.GUEST:
        return f"you are {role.word} in {repo.name}, and this takes the role {wanted.word}"
    if why := ended(views, repo, did, repo.name):
        return why
    if role < Role.GUEST:
        return f"you are blocked in {repo.name}"
    return f"you have no role in {repo.name}, and this takes that of a {wanted.word}"


def role_of(views: Views, repo: RepoRow, did: Did) -> Role:
    """Somebody's role, as far as the views know."""
    found = _member(views, repo, did)
    if found is not None:
        return BY_WORD[found.role]
    # Nobody ever gave or took a role there: whoever reads it then is one of its roots.
    return Role.ROOT if did in repo.readers else Role.GUEST


def ended(views: Views, repo: RepoRow, did: Did, called: str) -> str:
    """Who took somebody's role, and when, in a sentence; empty for who has one, and for who never had any.

    `called` is what the repository is to be called: its name now may be none of theirs to know.
    """
    found = _member(views, repo, did)
    if found is None or BY_WORD[found.role] > Role.GUEST or not any(each.verb == "granted" for each in found.changes):
        return ""
    for change in found.changes:
        if change.verb in _TAKEN:
            who = "you" if change.author == did else views.name_of(change.author) or change.author
            if who == "you":
                return f"you left {called} on {change.at[:10]} at {change.at[11:16]} UTC"
            return f"{who} {_TAKEN[change.verb]} {called} on {change.at[:10]} at {change.at[11:16]} UTC"
    return ""


def _member(views: Views, repo: RepoRow, did: Did) -> _Member | None:
    doc = views.member(repo.id, did)
    return None if doc is None else msgspec.json.decode(doc, type=_Member)
