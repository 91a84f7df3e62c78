"""The operator's door: the token made at the first start, or a cookie made with it."""

from __future__ import annotations

import hmac
import time
from typing import TYPE_CHECKING, final

from api.operating import OPERATOR_COOKIE, SECURE_OPERATOR_COOKIE, holds
from api.origin import SAFE_METHODS, came_from_own_page, check_origin, cookie_of
from domain.actor import Actor
from domain.errors import Unauthenticated
from gitant.doors.credentials import credentials_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.ports import Asked
    from domain.ids import Did


@final
class OperatorDoor:
    """Knows one asker. The token may come as `Bearer`, as `token`, or in `Basic` as the password or the user name.

    A browser has a cookie made with it (`api/operating.py`), which counts as the one of a session does.
    """

    def __init__(
        self, token: str, did: Did, public_url: str | None = None, *, now_s: Callable[[], float] = time.time
    ) -> None:
        self._token = token.encode()
        self._operator = Actor(did, operator=True, door="operator")
        self._browsing = Actor(did, operator=True, door="session", credential="operator")
        self._public_url = public_url
        self._now_s = now_s

    async def actor(self, asked: Asked) -> Actor | None:
        """The operator, or None."""
        header = asked.header(b"authorization")
        if not header:
            return self._by_cookie(asked)
        try:
            words = credentials_in(header).words
        except Unauthenticated:
            return None
        known = [hmac.compare_digest(self._token, word) for word in words]
        return self._operator if any(known) else None

    def _by_cookie(self, asked: Asked) -> Actor | None:
        secure = (self._public_url or "").startswith("https:") or asked.scheme == "https"
        value = cookie_of(asked, SECURE_OPERATOR_COOKIE if secure else OPERATOR_COOKIE)
        if not value or not holds(self._token, value, self._now_s()):
            return None
        if asked.method not in SAFE_METHODS and not came_from_own_page(asked, self._public_url):
            check_origin(asked, self._public_url)
            return None
        return self._browsing
