"""Making tokens and deploy keys, and showing them."""

from __future__ import annotations

import hashlib
import secrets
import time
from typing import TYPE_CHECKING, Final

from api.people import rfc3339
from api.shapes_tokens import AccessToken, DeployKey, MadeDeployKey, MadeToken
from domain.errors import Forbidden, NotFound, Unauthenticated
from domain.ports_tokens import PREFIX, Token
from domain.scopes import REPO_READ, REPO_WRITE

if TYPE_CHECKING:
    from api.asking import Asking
    from domain.ids import Did, StreamId
    from domain.ports_tokens import Tokens

DAY_MS: Final = 86_400_000
_ID_BYTES: Final = 8
_SECRET_BYTES: Final = 32
_NARROW: Final = frozenset({"token", "capability"})
"""The doors that let in somebody who can do less than they may: what is made there could do more."""


def tokens_of(asking: Asking) -> Tokens:
    """What is behind the routes of tokens."""
    if asking.ports.tokens is None:
        raise NotFound("this node keeps no tokens")
    return asking.ports.tokens


def maker(asking: Asking) -> Did:
    """Who may make tokens and keys: somebody who came in whole, and not by one of these."""
    actor = asking.actor
    if actor.did is None:
        raise Unauthenticated("this needs a login", hint="POST /api/v1/auth/login, or send the operator's token")
    if actor.door in _NARROW:
        raise Forbidden("a token cannot make another one", hint="log in, or sign the request with your key")
    return actor.did


def now_ms() -> int:
    """The time, in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def new_token(
    did: Did,
    name: str,
    scopes: frozenset[str],
    repos: frozenset[StreamId] | None,
    days: int | None,
    *,
    deploys: StreamId | None = None,
) -> tuple[Token, str, bytes]:
    """A token, its secret, and what is kept of that."""
    made = now_ms()
    ends = None if days is None else made + days * DAY_MS
    secret = f"{PREFIX}{secrets.token_urlsafe(_SECRET_BYTES)}"
    token = Token(secrets.token_hex(_ID_BYTES), did, name, scopes, repos, made, ends, deploys=deploys)
    return token, secret, hashlib.sha256(secret.encode()).digest()


def shown(token: Token) -> AccessToken:
    """A token as lists show it."""
    return AccessToken(
        id=token.id,
        name=token.name,
        scopes=sorted(token.scopes),
        repos=None if token.repos is None else sorted(repo.hex() for repo in token.repos),
        created_at=rfc3339(token.made_ms),
        expires_at=_moment(token.ends_ms),
        last_used_at=_moment(token.used_ms),
        expired=_is_over(token),
    )


def made(token: Token, secret: str) -> MadeToken:
    """A token as it is shown once."""
    plain = shown(token)
    return MadeToken(
        *(plain.id, plain.name, plain.scopes, plain.repos),
        *(plain.created_at, plain.expires_at, plain.last_used_at, plain.expired),
        token=secret,
    )


def shown_key(token: Token) -> DeployKey:
    """A deploy key as lists show it."""
    return DeployKey(
        id=token.id,
        name=token.name,
        write=REPO_WRITE in token.scopes,
        by=token.did,
        created_at=rfc3339(token.made_ms),
        expires_at=_moment(token.ends_ms),
        last_used_at=_moment(token.used_ms),
        expired=_is_over(token),
    )


def made_key(token: Token, secret: str) -> MadeDeployKey:
    """A deploy key as it is shown once."""
    plain = shown_key(token)
    return MadeDeployKey(
        *(plain.id, plain.name, plain.write, plain.by),
        *(plain.created_at, plain.expires_at, plain.last_used_at, plain.expired),
        token=secret,
    )


def key_scopes(*, write: bool) -> frozenset[str]:
    """What a deploy key is narrowed to, beside its repository and git."""
    return frozenset({REPO_READ, REPO_WRITE} if write else {REPO_READ})


def _moment(time_ms: int | None) -> str | None:
    return None if time_ms is None else rfc3339(time_ms)


def _is_over(token: Token) -> bool:
    return token.ends_ms is not None and token.ends_ms <= now_ms()
