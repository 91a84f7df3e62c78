"""Bodies bound to a signature or a capability: hashed as they arrive, and cut off before their end if they differ."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from api.faults import NotBelieved
from domain.signature.digest import read_digest
from domain.signature.refused import REASONS, BadSignature

if TYPE_CHECKING:
    from litestar.types import Receive
    from litestar.types.asgi_types import HTTPReceiveMessage, WebSocketReceiveMessage

SEALED_DOORS: Final = frozenset({"signature", "capability"})
"""The doors that let one request in, and not whoever sends it."""


def sealed(receive: Receive, content_digest: str) -> Receive:
    """`receive` of a request with this `Content-Digest` (empty: none), which the door has found to be meant.

    Raises `NotBelieved` at the end of a body that is another one, and at the first byte of one that nobody named.
    """
    hashed = hashlib.sha256()

    async def receiving() -> HTTPReceiveMessage | WebSocketReceiveMessage:
        message = await receive()
        if message["type"] == "http.request":
            _check(message.get("body", b""), ended=not message.get("more_body", False))
        return message

    def _check(piece: bytes, *, ended: bool) -> None:
        if not content_digest:
            if piece:
                raise _fault("digest-missing")
            return
        hashed.update(piece)
        if ended and hashed.digest() != _named(content_digest):
            raise _fault("digest")

    return receiving


def _named(content_digest: str) -> bytes:
    try:
        return read_digest(content_digest)
    except BadSignature as fault:
        raise _fault(fault.reason) from fault


def _fault(reason: str) -> NotBelieved:
    return NotBelieved(REASONS[reason], reason=reason, hint="Content-Digest names the SHA-256 of the body (RFC 9530)")
