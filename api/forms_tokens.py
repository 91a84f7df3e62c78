"""What clients send to make a token."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

from domain.errors import InvalidInput
from domain.ports_tokens import DAYS_DEFAULT, DAYS_MAX, NAME_CHARS_MAX, REPOS_MAX
from domain.scopes import NODE_ADMIN, SCOPES
from domain.words import line_problem

TokenName: TypeAlias = Annotated[
    str, Meta(min_length=1, max_length=NAME_CHARS_MAX, description="What it is for, for whoever lists them.")
]
Days: TypeAlias = Annotated[int, Meta(ge=1, le=DAYS_MAX, description="In how many days it ends.")]
Never: TypeAlias = Annotated[bool, Meta(description="Whether it is to hold until it is revoked.")]


def _lifetime(days: int | UnsetType, *, never: bool) -> int | None:
    if never and days is not UNSET:
        raise InvalidInput("a token ends in some days, or never", hint="send days or never", field="never")
    return None if never else DAYS_DEFAULT if days is UNSET else days


class NewToken(Struct, kw_only=True):
    """A token to be made, and how far it is narrowed; without `days` or `never` it ends in 90 days."""

    name: TokenName
    scopes: Annotated[
        list[Literal["repo:read", "repo:write", "issue:write", "repo:admin", "user:read", "user:write", "node:admin"]],
        Meta(min_length=1, max_length=len(SCOPES)),
    ]
    repos: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=200)]] | None,
        Meta(description=f"Up to {REPOS_MAX} repositories for which alone it is good; null for all."),
    ] = None
    days: Days | UnsetType = UNSET
    never: Never = False

    def __post_init__(self) -> None:
        _lifetime(self.days, never=self.never)
        _check_name(self.name)
        if self.repos is not None and not 1 <= len(self.repos) <= REPOS_MAX:
            raise InvalidInput(f"a token is limited to 1 to {REPOS_MAX} repositories", field="repos")
        if self.repos is not None and NODE_ADMIN in self.scopes:
            raise InvalidInput(f"{NODE_ADMIN} is about the whole node, not some repositories", field="repos")

    @property
    def lifetime_days(self) -> int | None:
        """In how many days it ends, None for never."""
        return _lifetime(self.days, never=self.never)


class NewDeployKey(Struct, kw_only=True):
    """A key to be made for one repository's code: to read it, with `write` also to push."""

    name: TokenName
    write: bool = False
    days: Days | UnsetType = UNSET
    never: Never = False

    def __post_init__(self) -> None:
        _lifetime(self.days, never=self.never)
        _check_name(self.name)

    @property
    def lifetime_days(self) -> int | None:
        """In how many days it ends, None for never."""
        return _lifetime(self.days, never=self.never)


def _check_name(name: str) -> None:
    if problem := line_problem(name, "the name"):
        raise InvalidInput(problem, field="name")
