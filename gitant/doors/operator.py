"""The operator's door: the token made at the first start."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, final

from domain.actor import Actor
from domain.errors import Unauthenticated
from gitant.doors.credentials import credentials_in

if TYPE_CHECKING:
    from api.ports import Asked
    from domain.ids import Did


@final
class OperatorDoor:
    """Knows one asker. The token may come as `Bearer`, as `token`, or in `Basic` as the password or the user name."""

    def __init__(self, token: str, did: Did) -> None:
        self._token = token.encode()
        self._operator = Actor(did, operator=True, door="operator")

    async def actor(self, asked: Asked) -> Actor | None:
        """The operator, or None."""
        header = asked.header(b"authorization")
        if not header:
            return None
        try:
            words = credentials_in(header).words
        except Unauthenticated:
            return None
        known = [hmac.compare_digest(self._token, word) for word in words]
        return self._operator if any(known) else None
