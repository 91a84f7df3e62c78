"""What clients get about accounts. Fields with a default are there only when there is something to say."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct


class User(Struct, omit_defaults=True):
    """Somebody with an account here; `email`, `standing` and `names` are for themselves and the operator."""

    id: str
    username: str
    did: str
    created_at: str
    display_name: str = ""
    about: str = ""
    website: str = ""
    email: str = ""
    standing: Literal["", "waiting", "active", "suspended", "deleted"] = ""
    operator: bool = False


class Users(Struct):
    """A page of accounts, by user name."""

    users: list[User]


class NewUser(Struct):
    """A new account. `recovery` is its root key: told this once, and kept nowhere on the node."""

    user: User
    recovery: str
    waiting: bool
    """Whether the operator has to approve it first."""


class LoggedIn(Struct):
    """A session that has begun; `token` goes into `Authorization: Bearer`, or is git's password."""

    user: User
    token: str
    expires_at: str


class UserSession(Struct):
    """Where somebody is logged in; `current` is the session that asks."""

    id: str
    client: str
    address: str
    created_at: str
    last_used_at: str
    expires_at: str
    current: bool


class UserSessions(Struct):
    """Somebody's sessions, the one used last first."""

    sessions: list[UserSession]


class ResetCode(Struct):
    """What lets an account's owner choose a password, once."""

    username: str
    code: str
    expires_at: str


class Export(Struct):
    """What an account has here: itself, its identity, its repositories, and the issues and comments it wrote."""

    user: User
    identity: dict[str, Any]
    repositories: list[dict[str, Any]]
    issues: list[dict[str, Any]]
    comments: list[dict[str, Any]]
