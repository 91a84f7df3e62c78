"""The strong validator of a document: a short hash of its bytes, the same for everyone who renders it."""

from __future__ import annotations

import hashlib


def etag(doc: bytes) -> str:
    """The entity tag of `doc`, with its quotes (RFC 9110 §8.8.3)."""
    return f'"{hashlib.sha256(doc).hexdigest()[:24]}"'
