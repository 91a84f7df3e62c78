"""The door of access tokens and deploy keys."""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from typing import TYPE_CHECKING, Final, final
from urllib.parse import unquote

from api.threads import in_thread
from domain.actor import Actor
from domain.audit import by
from domain.errors import Forbidden, Unauthenticated, Unavailable
from domain.ports_tokens import USED_GRAIN_MS
from domain.scopes import NODE_ADMIN, with_included
from gitant.doors.credentials import credentials_in
from gitant.log import get_logger
from transport.git.app import is_git_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.ports import Asked
    from domain.audit import Journal
    from domain.ids import Did
    from domain.ports_tokens import Token, TokenGlance, Tokens

TOKEN: Final = re.compile(rb"gap_[A-Za-z0-9_-]{43}")
"""What a secret looks like; anything else is meant for another door."""
_NOTED_MAX: Final = 10_000

_log = get_logger(__name__)


def digest_of(secret: bytes) -> bytes:
    """What is kept of a token's secret, which has 256 random bits: nobody finds another one for it, or it."""
    return hashlib.sha256(secret).digest()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


@final
class TokenDoor:
    """Knows whoever shows a token that has not ended: as `Bearer`, as `token`, or in `Basic` on either side.

    A secret is hashed and the hash looked up, whatever it is: there is nothing to find out by trying.
    """

    def __init__(
        self,
        glance: TokenGlance,
        tokens: Tokens,
        operator: Did,
        journal: Journal | None = None,
        *,
        now_ms: Callable[[], int] = _now_ms,
    ) -> None:
        self._glance = glance
        self._tokens = tokens
        self._operator = operator
        self._journal = journal
        self._now_ms = now_ms
        self._noted: dict[str, int] = {}
        self._noting = set[asyncio.Task[None]]()

    async def actor(self, asked: Asked) -> Actor | None:
        """Whom the token stands for, narrowed as it is; raises `Unauthenticated` for one that has ended."""
        header = asked.header(b"authorization")
        token = self._shown(header) if header else None
        if token is None:
            return None
        now = self._now_ms()
        if token.ends_ms is not None and token.ends_ms <= now:
            raise Unauthenticated(f"the token {token.name!r} has expired", hint="make another one: gitant token create")
        if token.deploys is not None and not is_git_path(unquote(asked.path)):
            raise Forbidden("a deploy key is for git alone", hint="make a token for the API: gitant token create")
        actor = self._actor_of(token)
        if not asked.again:
            self._note(token, actor, asked.address, now)
        return actor

    def _shown(self, header: str) -> Token | None:
        try:
            words = credentials_in(header).words
        except Unauthenticated:
            return None
        found = [self._glance.token(digest_of(word)) for word in words if TOKEN.fullmatch(word)]
        return next((token for token in found if token is not None), None)

    def _actor_of(self, token: Token) -> Actor:
        scopes = with_included(token.scopes)
        operator = token.did == self._operator and NODE_ADMIN in scopes and token.repos is None
        return Actor(token.did, operator, "token", token.id, scopes, token.repos)

    def _note(self, token: Token, actor: Actor, address: str, now: int) -> None:
        """Have it written down that the token was used, once in a while."""
        last = max(token.used_ms or 0, self._noted.get(token.id, 0))
        if now - last < USED_GRAIN_MS:
            return
        if len(self._noted) >= _NOTED_MAX:
            self._noted.clear()
        self._noted[token.id] = now
        task = asyncio.create_task(in_thread(self._write, token, actor, address, now))
        self._noting.add(task)
        task.add_done_callback(self._noting.discard)

    def _write(self, token: Token, actor: Actor, address: str, now: int) -> None:
        try:
            if self._tokens.used(token.id, now) and self._journal is not None:
                self._journal.note([by(actor, "token.first_used", address=address, target=token.name)])
        except Unavailable as fault:
            _log.error("a token's use could not be noted", token=token.id, fault=fault.message)
