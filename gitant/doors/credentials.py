"""What an `Authorization` header holds: the words in it that may be a token, or a user name with a password."""

from __future__ import annotations

import binascii
from base64 import b64decode
from dataclasses import dataclass
from typing import Final

from domain.errors import Unauthenticated

HEADER_CHARS_MAX: Final = 4_096
"""Of what holds a token or a password. Capabilities are longer, and read elsewhere."""
HINT: Final = (
    "a token ends when its time is over or somebody revokes it; `gitant token` prints the operator's; "
    "git takes a token as the password, with any user name"
)


@dataclass(frozen=True, slots=True)
class Credentials:
    """`words` may each be a token. Where there is a `user`, it came with `password` (Basic)."""

    words: tuple[bytes, ...]
    user: str = ""
    password: str = ""


def credentials_in(header: str) -> Credentials:
    """Read the header; raises `Unauthenticated` for one that holds neither token nor password."""
    if len(header) > HEADER_CHARS_MAX:
        raise Unauthenticated(f"the Authorization header has more than {HEADER_CHARS_MAX} characters", hint=HINT)
    scheme, _, rest = header.strip().partition(" ")
    match scheme.lower():
        case "bearer" | "token":
            return Credentials((rest.strip().encode("utf-8", "surrogatepass"),))
        case "basic":
            user, _, password = _decoded(rest).partition(b":")
            # Many tools put a token where the user name goes, and nothing or `x-oauth-basic` for a password.
            return Credentials(
                (password, user), user.decode("utf-8", "replace"), password.decode("utf-8", "surrogateescape")
            )
        case _:
            raise Unauthenticated("the Authorization header must be of type Bearer or Basic", hint=HINT)


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise Unauthenticated("the Authorization header is not valid Base64", hint=HINT) from None
