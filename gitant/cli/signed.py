"""Requests that say by a key who asks, or in whose name: signed (RFC 9421), or with a capability (UCAN 1.0)."""

from __future__ import annotations

import hashlib
import secrets
import time
from typing import TYPE_CHECKING, Any, final

import httpx

from domain.capability.container import pack, read_word, unbase64
from domain.capability.refused import Refused
from domain.capability.token import INVOCATION, Delegation, sign_token
from domain.errors import InvalidInput
from domain.signature.digest import write_digest
from domain.signature.request import Message, signed_fields, write_key_name

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from gitant.signing import Signer

LIFETIME_S = 60


def now_s() -> int:
    """The time, in seconds since 1970."""
    return int(time.time())


@final
class SignedAuth(httpx.Auth):
    """Signs each request with a key: as the principal itself, or as the device that it is of."""

    requires_request_body = True

    def __init__(self, signer: Signer) -> None:
        self._key = signer.key
        self._keyid = write_key_name(signer.author, signer.key.did)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        _put_digest(request)
        headers = {name: request.headers[name] for name in ("content-digest",) if name in request.headers}
        host = request.headers["host"]
        message = Message(request.method, request.url.scheme, host, request.url.raw_path.decode(), headers)
        fields = signed_fields(message, self._key, self._keyid, now_s(), secrets.token_urlsafe(16))
        request.headers.update(fields)
        yield request


@final
class LentAuth(httpx.Auth):
    """Asks in the name of who lent the key the right to: an invocation for each request."""

    requires_request_body = True

    def __init__(self, signer: Signer, node: str, command: str, lent: Sequence[str], repo: str = "") -> None:
        """`lent` are delegations in base64url, the subject's own first; `repo` the id it is confined to."""
        self._key = signer.key
        self._node = node
        self._command = command
        self._repo = repo
        self._proofs = [(unbase64(word), delegation_in(word)) for word in lent]
        self._subject = self._proofs[0][1].subject

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        _put_digest(request)
        args: dict[str, Any] = {"method": request.method, "target": request.url.raw_path.decode()}
        if request.content:
            args["digest"] = hashlib.sha256(request.content).digest()
        if self._repo:
            args["repo"] = self._repo
        now = now_s()
        payload = {
            "iss": self._key.did,
            "sub": self._subject,
            "aud": self._node,
            "cmd": self._command,
            "args": args,
            "prf": [token.link for _, token in self._proofs],
            "nonce": secrets.token_bytes(12),
            "iat": now,
            "exp": now + LIFETIME_S,
        }
        word = pack([sign_token(INVOCATION, payload, self._key), *(data for data, _ in self._proofs)])
        request.headers["authorization"] = f"Bearer {word}"
        yield request


def delegation_in(word: str) -> Delegation:
    """The delegation that a word is; raises `InvalidInput` for anything else."""
    try:
        tokens = read_word(word)
    except Refused as fault:
        raise InvalidInput(f"this is no delegation: {fault}") from fault
    if len(tokens) != 1 or not isinstance(tokens[0], Delegation):
        raise InvalidInput("this is no single delegation", hint="give each on its own, the first lender's first")
    return tokens[0]


def _put_digest(request: httpx.Request) -> None:
    if request.content:
        request.headers["content-digest"] = write_digest(hashlib.sha256(request.content).digest())
