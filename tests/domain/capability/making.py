"""Tokens for tests: honest by default, dishonest wherever a test overrides a field."""

from __future__ import annotations

from typing import Any

from domain.capability.token import DELEGATION, INVOCATION, Delegation, Invocation, read_token, sign_token
from tests.making import key

NOW_S = 1_790_000_000
NONCE = b"nonceNONCEnonce!"
LEFT_OUT = object()
"""A field overridden with this is not in the payload."""


def fields_of(**more: Any) -> dict[str, Any]:
    return {name: value for name, value in more.items() if value is not LEFT_OUT}


def lend(who: str, to: str, *, signed_by: str = "", **more: Any) -> bytes:
    """`who` lends `to` the reading of its own repositories for an hour."""
    payload = {"iss": key(who).did, "aud": key(to).did, "sub": key(who).did, "cmd": "/gitant/repo/read", "pol": []}
    fields = fields_of(**{**payload, "nonce": NONCE, "exp": NOW_S + 3600, **more})
    return sign_token(DELEGATION, fields, key(signed_by or who))


def invoke(who: str, on: str, *proofs: bytes, signed_by: str = "", **more: Any) -> bytes:
    """`who` reads a repository of `on`'s."""
    payload = {"iss": key(who).did, "sub": key(on).did, "cmd": "/gitant/repo/read", "args": {"method": "GET"}}
    links = [read_token(proof).link for proof in proofs]
    fields = fields_of(**{**payload, "prf": links, "nonce": NONCE, "exp": NOW_S + 60, **more})
    return sign_token(INVOCATION, fields, key(signed_by or who))


def delegation(data: bytes) -> Delegation:
    token = read_token(data)
    assert isinstance(token, Delegation)
    return token


def invocation(data: bytes) -> Invocation:
    token = read_token(data)
    assert isinstance(token, Invocation)
    return token
