"""The door: who is asking, from what the `Authorization` header says."""

from __future__ import annotations

import binascii
import hmac
from base64 import b64decode
from typing import TYPE_CHECKING, Final, final

from domain.actor import ANONYMOUS, Actor
from domain.errors import Unauthenticated

if TYPE_CHECKING:
    from domain.ids import Did

HEADER_CHARS_MAX: Final = 4_096
_HINT: Final = "`gitant token` prints the operator's token; git takes it as the password, with any user name"


@final
class OperatorDoor:
    """Knows one asker: the operator, by the token made at the first start.

    The token may come as `Bearer`, as `token`, or in `Basic` as the password (any user name) or the user name.
    """

    def __init__(self, token: str, did: Did) -> None:
        self._token = token.encode()
        self._operator = Actor(did, operator=True)

    async def actor(self, authorization: str | None) -> Actor:
        """Nobody in particular without a header; raises `Unauthenticated` for a wrong one."""
        if authorization is None:
            return ANONYMOUS
        known = [hmac.compare_digest(self._token, word) for word in _secrets(authorization)]
        if not any(known):
            raise Unauthenticated("these credentials are not valid here", hint=_HINT)
        return self._operator


def _secrets(authorization: str) -> list[bytes]:
    """What in the header may be the token."""
    if len(authorization) > HEADER_CHARS_MAX:
        raise Unauthenticated(f"the Authorization header has more than {HEADER_CHARS_MAX} characters", hint=_HINT)
    scheme, _, rest = authorization.strip().partition(" ")
    match scheme.lower():
        case "bearer" | "token":
            return [rest.strip().encode("utf-8", "surrogatepass")]
        case "basic":
            user, _, password = _decoded(rest).partition(b":")
            return [password, user]
        case _:
            raise Unauthenticated("the Authorization header must be of type Bearer or Basic", hint=_HINT)


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise Unauthenticated("the Authorization header is not valid Base64", hint=_HINT) from None
