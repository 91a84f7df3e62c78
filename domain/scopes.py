"""What a token may be narrowed to: a scope is what kind of thing may be done, whoever may do it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from domain.errors import Forbidden

if TYPE_CHECKING:
    from collections.abc import Iterable

    from domain.actor import Actor

REPO_READ: Final = "repo:read"
REPO_WRITE: Final = "repo:write"
ISSUE_WRITE: Final = "issue:write"
REPO_ADMIN: Final = "repo:admin"
USER_READ: Final = "user:read"
USER_WRITE: Final = "user:write"
NODE_ADMIN: Final = "node:admin"

SCOPES: Final = {
    REPO_READ: "read repositories, their code, issues and events; clone and fetch",
    REPO_WRITE: "push, and change code, branches and tags; make repositories",
    ISSUE_WRITE: "write issues, comments, labels, attachments and reactions",
    REPO_ADMIN: "change settings, members and protections; delete repositories",
    USER_READ: "read the account's own data",
    USER_WRITE: "change the account, its devices and what it follows",
    NODE_ADMIN: "run the node; for the operator's tokens only",
}
"""Each with what it lets a token do, in words."""

_INCLUDED: Final = {
    REPO_WRITE: frozenset({REPO_READ}),
    ISSUE_WRITE: frozenset({REPO_READ}),
    REPO_ADMIN: frozenset({REPO_READ, REPO_WRITE, ISSUE_WRITE}),
    USER_WRITE: frozenset({USER_READ}),
    NODE_ADMIN: frozenset(SCOPES),
}
"""What comes with a scope: who may write reads, too."""


def with_included(scopes: Iterable[str]) -> frozenset[str]:
    """These scopes and all that come with them."""
    given = frozenset(scopes)
    return given.union(*(_INCLUDED.get(scope, frozenset[str]()) for scope in given))


def may(actor: Actor, scope: str) -> bool:
    """Whether what the asker came with is wide enough; whether they have the right is another matter."""
    return actor.scopes is None or scope in actor.scopes


def demand(actor: Actor, scope: str) -> None:
    """Raise `Forbidden` for a token that is too narrow."""
    if not may(actor, scope):
        raise Forbidden(
            f"this takes a token with the scope {scope}", hint="gitant token create --scope makes one; see docs/api.md"
        )
