"""Value types for the things Gitant names; parsing and formatting only.

Inside, an id is 32 raw bytes; outside (URLs, JSON, the terminal) it is 64 lowercase hex digits.
"""

from __future__ import annotations

import re
from typing import NewType

from domain.errors import InvalidInput

EventId = NewType("EventId", bytes)
"""SHA-256 of an event's domain-tagged header: 32 bytes."""

StreamId = NewType("StreamId", bytes)
"""The id of a stream's genesis event: a repository's or an identity's."""

DeviceKey = NewType("DeviceKey", bytes)
"""A raw Ed25519 public key: 32 bytes."""

Did = NewType("Did", str)
"""A principal's `did:key:z6Mk…`."""

ID_BYTES = 32
_HEX_ID = re.compile(r"[0-9a-f]{64}")
_SEGMENT = re.compile(r"[A-Za-z0-9._-]{1,64}")


def parse_event_id(text: str) -> EventId:
    """`text` (64 lowercase hex digits) as an id, or `InvalidInput`."""
    if not _HEX_ID.fullmatch(text):
        raise InvalidInput("an event id is 64 lowercase hexadecimal digits", field="id")
    return EventId(bytes.fromhex(text))


def parse_stream_id(text: str) -> StreamId:
    """`text` (64 lowercase hex digits) as a stream id, or `InvalidInput`."""
    return StreamId(parse_event_id(text))


def is_hex_id(text: str) -> bool:
    """Whether `text` has the form of an id."""
    return _HEX_ID.fullmatch(text) is not None


def is_segment(text: str) -> bool:
    """Whether `text` may stand as one URL path segment: owner and repository names.

    `.` and `..` would walk the path and a trailing `.git` belongs to the git URL, so neither is a name.
    """
    return _SEGMENT.fullmatch(text) is not None and text not in (".", "..") and not text.endswith(".git")
