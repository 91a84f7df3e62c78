"""What clients get about tokens. A secret is told once, when it is made."""

from __future__ import annotations

from msgspec import Struct


class AccessToken(Struct):
    """A token without its secret. `repos` is null for all, `expires_at` for never; `last_used_at` is by the minute."""

    id: str
    name: str
    scopes: list[str]
    repos: list[str] | None
    created_at: str
    expires_at: str | None
    last_used_at: str | None
    expired: bool


class AccessTokens(Struct):
    """Somebody's tokens, the newest first."""

    tokens: list[AccessToken]


class MadeToken(AccessToken, kw_only=True):
    """A new token, with its secret."""

    token: str


class DeployKey(Struct):
    """A key for one repository's code; `by` is who made it, for whom it acts."""

    id: str
    name: str
    write: bool
    by: str
    created_at: str
    expires_at: str | None
    last_used_at: str | None
    expired: bool


class DeployKeys(Struct):
    """A repository's deploy keys, the newest first."""

    deploy_keys: list[DeployKey]


class MadeDeployKey(DeployKey, kw_only=True):
    """A new deploy key, with its secret."""

    token: str
