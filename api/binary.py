"""Bytes as JSON carries them."""

from __future__ import annotations

import base64
import binascii
from typing import cast

from domain.errors import InvalidInput


def from_base64(text: str, field: str) -> bytes:
    """Bytes from base64 of either alphabet, padded or not."""
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        hint = "base64 of the standard or the URL-safe alphabet, padded or not"
        raise InvalidInput("this is not base64", hint=hint, field=field) from None


def to_base64(data: bytes) -> str:
    """Standard base64, padded."""
    return base64.b64encode(data).decode()


def readable(value: object) -> object:
    """A decoded CBOR value as JSON can hold it: byte strings become hexadecimal."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list):
        return [readable(item) for item in cast("list[object]", value)]
    if isinstance(value, dict):
        return {key: readable(item) for key, item in cast("dict[str, object]", value).items()}
    return value
