"""Containers: an invocation and its delegations as one word in a header (UCAN container 1, in base64url)."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, Final

from domain.capability.dagcbor import decode, encode, is_list, is_map
from domain.capability.refused import Refused
from domain.capability.token import PROOFS_MAX, TOKEN_BYTES_MAX, Delegation, Invocation, read_token

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from domain.capability.dagcbor import Link
    from domain.capability.token import Token

MARK: Final = "C"
"""How a container in this form begins. Compressed forms are not taken."""
CONTAINER_CHARS_MAX: Final = 16 * 1024
_NAME: Final = "ctn-v1"


def pack(tokens: Iterable[bytes]) -> str:
    """Tokens as one word."""
    return MARK + base64.urlsafe_b64encode(encode({_NAME: sorted(set(tokens))})).decode().rstrip("=")


def unpack(text: str) -> list[Token]:
    """The tokens of a container; raises `Refused`."""
    if not text.startswith(MARK) or len(text) > CONTAINER_CHARS_MAX:
        raise Refused("container-malformed", "too long, or compressed")
    value = decode(unbase64(text[1:]))
    listed: Any = value.get(_NAME) if is_map(value) and len(value) == 1 else None
    if not is_list(listed) or not listed:
        raise Refused("container-malformed")
    if not all(isinstance(token, bytes) for token in listed) or listed != sorted(set(listed)):
        raise Refused("container-malformed", "tokens are bytes, in order, each once")
    if len(listed) > PROOFS_MAX + 1:
        raise Refused("proofs-too-many")
    return [read_token(token) for token in listed]


def read_word(text: str) -> list[Token]:
    """The tokens of a container, or the one token that a word in base64url is; raises `Refused`."""
    if len(text) > CONTAINER_CHARS_MAX:
        raise Refused("token-too-large")
    # No token begins like a container: the first byte of one is that of an array of two.
    return unpack(text) if text.startswith(MARK) else [read_token(unbase64(text))]


def write_word(token: bytes) -> str:
    """One token as a word."""
    return base64.urlsafe_b64encode(token).decode().rstrip("=")


def sorted_out(tokens: Sequence[Token]) -> tuple[Invocation | None, dict[Link, Delegation]]:
    """The invocation among tokens, if there is one, and the delegations; raises `Refused` where there are several."""
    invocations = [token for token in tokens if isinstance(token, Invocation)]
    if len(invocations) > 1:
        raise Refused("container-invocations")
    delegations = {token.link: token for token in tokens if isinstance(token, Delegation)}
    return (invocations[0] if invocations else None), delegations


def unbase64(text: str) -> bytes:
    """Bytes from base64url without padding, of which there is one form only."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError) as fault:
        raise Refused("container-malformed", "not base64url") from fault
    if write_word(data) != text:
        raise Refused("container-malformed", "not base64url in its one form")
    return data


assert CONTAINER_CHARS_MAX * 3 // 4 > TOKEN_BYTES_MAX
