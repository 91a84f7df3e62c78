"""`Content-Digest` (RFC 9530): which body a request has."""

from __future__ import annotations

from typing import Any, Final, cast

import http_sf

from domain.signature.refused import BadSignature

FIELD_CHARS_MAX: Final = 1_024
_NAME: Final = "sha-256"
Member = tuple[Any, dict[str, Any]]
"""A member of a dictionary, or an item of a list: a value and its parameters."""


def write_digest(sha256: bytes) -> str:
    """The field for a body with this SHA-256."""
    return http_sf.ser({_NAME: (sha256, {})})


def read_digest(field: str) -> bytes:
    """The SHA-256 that a field names; raises `BadSignature` unless there is one. Others in it are not looked at."""
    members = dictionary(field, "digest-malformed")
    value, _ = members.get(_NAME, (None, {}))
    if not isinstance(value, bytes) or len(value) != 32:
        raise BadSignature("digest-malformed")
    return value


def dictionary(field: str, reason: str) -> dict[str, Member]:
    """A structured field's members; raises `BadSignature` for one that is too long, malformed or says a thing twice."""
    if len(field) > FIELD_CHARS_MAX:
        raise BadSignature(reason, "too long")

    def twice(key: str, _: str) -> None:
        raise BadSignature(reason, f"{key} twice")

    try:
        found = http_sf.parse(field.encode("ascii"), tltype="dictionary", on_duplicate_key=twice)
    except (ValueError, TypeError) as fault:
        raise BadSignature(reason, str(fault)[:100]) from fault
    return cast("dict[str, Member]", found)
