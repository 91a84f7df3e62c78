"""The session's door: the secret of a login, as a cookie, a bearer, or git's password."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, final

from api.origin import COOKIE, SAFE_METHODS, SECURE_COOKIE, came_from_own_page, check_origin, cookie_of
from api.threads import in_thread
from domain.actor import Actor
from domain.errors import Unauthenticated
from gitant.doors.credentials import credentials_in
from gitant.secret import SESSION_PREFIX, digest_of, now_ms

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.ports import Asked
    from domain.ports_accounts import Known, Session, Sessions

SEEN_GRAIN_MS: Final = 60_000
"""How exact it is when a session was last used: it is written down once in so long."""


@final
class SessionDoor:
    """Knows whoever is logged in.

    A cookie counts for what changes something only with the browser's word that a page of this node asked for it.
    With its word that another did, that is a `Forbidden`.
    """

    def __init__(
        self, known: Known, sessions: Sessions, public_url: str | None = None, *, now_ms: Callable[[], int] = now_ms
    ) -> None:
        self._known = known
        self._sessions = sessions
        self._public_url = public_url
        self._secure = (public_url or "").startswith("https:")
        self._now_ms = now_ms
        self._noting: set[asyncio.Task[None]] = set()

    async def actor(self, asked: Asked) -> Actor | None:
        """Who is logged in, or None."""
        if b"authorization" in asked.headers:
            # A secret that is shown on purpose counts alone: no browser adds it by itself.
            return self._by_secret(_shown(asked.header(b"authorization")))
        actor = self._by_secret(cookie_of(asked, SECURE_COOKIE if self._secure or asked.scheme == "https" else COOKIE))
        if actor is None or asked.method in SAFE_METHODS or came_from_own_page(asked, self._public_url):
            return actor
        check_origin(asked, self._public_url)
        return None

    def _by_secret(self, secret: str) -> Actor | None:
        if not secret.startswith(SESSION_PREFIX):
            return None
        now = self._now_ms()
        session = self._known.session(digest_of(secret), now)
        if session is None:
            return None
        if session.seen_ms < now - SEEN_GRAIN_MS:
            self._note(session, now)
        return Actor(session.did, door="session", credential=session.id)

    def _note(self, session: Session, now: int) -> None:
        task = asyncio.create_task(in_thread(self._sessions.seen, session.id, now))
        self._noting.add(task)
        task.add_done_callback(self._noting.discard)


def _shown(header: str) -> str:
    try:
        words = credentials_in(header).words
    except Unauthenticated:
        return ""
    found = (word for word in words if word.startswith(SESSION_PREFIX.encode()))
    return next(found, b"").decode("utf-8", "surrogateescape")
