"""Access tokens at rest. Of their secrets only the SHA-256 is kept; times are milliseconds since 1970."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.ids import Did, StreamId

PREFIX: Final = "gap_"
"""How the secret of an access token begins; 43 characters of base64url follow."""
DAYS_DEFAULT: Final = 90
DAYS_MAX: Final = 3_650
TOKENS_MAX: Final = 200
"""Of one principal, deploy keys included."""
NAME_CHARS_MAX: Final = 100
REPOS_MAX: Final = 100
"""To which one token may be limited."""
USED_GRAIN_MS: Final = 60_000
"""How exact it is when a token was used last: it is written down once in so long."""


@dataclass(frozen=True, slots=True)
class Token:
    """What a secret lets somebody do in the name of `did`."""

    id: str
    """Names it in lists and in the audit; no secret."""
    did: Did
    name: str
    scopes: frozenset[str]
    """As they were given: what comes with them is not listed."""
    repos: frozenset[StreamId] | None
    """None for all that `did` may."""
    made_ms: int
    ends_ms: int | None
    """None for never."""
    used_ms: int | None = None
    """Give or take `USED_GRAIN_MS`; None if it never was."""
    deploys: StreamId | None = None
    """The repository whose deploy key it is; such a token is listed there, and not with its maker's."""


class Tokens(Protocol):
    """The tokens of this node. Each method that changes something waits for the disk."""

    def add(self, token: Token, digest: bytes) -> None:
        """Keep a token under the SHA-256 of its secret; raises `Conflict` where somebody has too many."""
        ...

    def of(self, did: Did) -> Sequence[Token]:
        """Somebody's tokens without deploy keys, the newest first; those that have ended, too."""
        ...

    def deploying(self, repo: StreamId) -> Sequence[Token]:
        """A repository's deploy keys, the newest first."""
        ...

    def used(self, id: str, now_ms: int) -> bool:  # noqa: A002 - it is one
        """Note that a token was used; whether it was for the first time."""
        ...

    def revoke(self, id: str, *, did: Did | None = None, deploys: StreamId | None = None) -> Token | None:  # noqa: A002
        """End one of somebody's tokens, or of a repository's deploy keys: what it was, None where there is none."""
        ...


class TokenGlance(Protocol):
    """Whom a token's secret stands for; asked with each request, on the event loop, answered from memory mostly."""

    def token(self, digest: bytes) -> Token | None:
        """The token of a secret with this SHA-256, ended or not, if its account may come in."""
        ...
