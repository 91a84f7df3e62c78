"""Reading the usual header in one step: an ordinary event of version 1 with the fields that this version knows.

One regular expression describes the canonical bytes of such a header, so that what matches needs neither decoding
nor encoding again. Whatever does not match is not refused here: the general way (`domain/canonical.py`,
`domain/header.py`) decides, and says why. Nothing may match that it would refuse or read in another way; tests hold
both against each other.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any, Final, NamedTuple, cast

from domain.ids import DeviceKey, Did, EventId, StreamId
from domain.limits import KIND_CHARS_MAX, LAMPORT_MAX, PARENTS_MAX, SEQ_MAX, TIME_MS_MAX

_INTEGER: Final = rb"([\x00-\x17]|\x18[\x18-\xff]|\x19(?!\x00).{2}|\x1a(?!\x00\x00).{4}|\x1b(?!\x00\x00\x00\x00).{8})"
_BYTES: Final = rb"\x58\x20(.{32})"
_USUAL: Final = re.compile(
    rb"([\xac\xad])\x61v\x01"
    rb"\x63seq" + _INTEGER + rb"\x64kind(?:[\x61-\x77]|\x78[\x18-\x40])([A-Za-z0-9._-]{1,64})"
    rb"(?:\x64prev" + _BYTES + rb")?"
    # As long as the did:key of any Ed25519 key is.
    rb"\x64size" + _INTEGER + rb"\x64time" + _INTEGER + rb"\x66author\x78\x38([A-Za-z0-9:]{56})"
    rb"\x66device"
    + _BYTES
    + rb"\x66entity"
    + _BYTES
    + rb"\x66stream"
    + _BYTES
    + rb"\x67lamport"
    + _INTEGER
    # Counted below: the array's head says how many.
    + rb"\x67parents[\x81-\x94]((?:\x58\x20.{32})+)"
    rb"\x67payload" + _BYTES,
    re.DOTALL,
)
_PARENT_BYTES: Final = 34
assert KIND_CHARS_MAX == 64
assert PARENTS_MAX == 20


class Usual(NamedTuple):
    """What such a header says."""

    kind: str
    stream: StreamId
    entity: EventId
    device: DeviceKey
    author: Did
    seq: int
    prev: EventId | None
    parents: tuple[EventId, ...]
    lamport: int
    payload: bytes
    size: int
    time: int


def read_usual(header: bytes) -> Usual | None:
    """What a header says, or None if it is not of the usual sort."""
    fields = usual_fields(header)
    return None if fields is None else Usual(*fields)


_Fields = tuple[str, StreamId, EventId, DeviceKey, Did, int, EventId | None, tuple[EventId, ...], int, bytes, int, int]


def usual_fields(header: bytes) -> _Fields | None:
    """The fields of a `Usual` without their names, which take as long to give as the rest to read."""
    found = _USUAL.fullmatch(header)
    if found is None:
        return None
    head, seq_, kind, prev, size_, time_, author, device, entity, stream, lamport_, packed, payload = found.groups()
    whole = int.from_bytes
    seq, lamport = whole(seq_[1:] or seq_, "big"), whole(lamport_[1:] or lamport_, "big")
    size, time = whole(size_[1:] or size_, "big"), whole(time_[1:] or time_, "big")
    parents: tuple[Any, ...] = (packed[2:],)
    if len(packed) > _PARENT_BYTES:
        starts = range(2, len(packed), _PARENT_BYTES)
        parents = tuple([packed[start : start + _PARENT_BYTES - 2] for start in starts])
        if not all(a < b for a, b in pairwise(parents)):
            return None
    usual = (
        (head == b"\xad") == (prev is not None) == (seq > 1)
        and 1 <= seq <= SEQ_MAX
        and 1 <= lamport <= LAMPORT_MAX
        and time <= TIME_MS_MAX
        and size <= 2**32
        and _text_head(header, found.start(3)) == len(kind)
        and header[found.start(12) - 1] == 0x80 + len(parents)
    )
    if not usual:
        return None
    ids = (kind.decode(), stream, entity, device, author.decode(), seq, prev, parents, lamport, payload, size, time)
    return cast("_Fields", ids)


def _text_head(header: bytes, start: int) -> int:
    """The length that stands before a text, in the shortest of its two forms."""
    head = header[start - 1]
    if header[start - 2] == 0x78 and head >= 24:
        return head
    return head - 0x60
