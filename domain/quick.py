"""Reading the usual header in one step: an ordinary event of version 1 with the fields that this version knows.

One regular expression describes the canonical bytes of such a header, so that what matches needs neither decoding
nor encoding again. Whatever does not match is not refused here: the general way (`domain/canonical.py`,
`domain/header.py`) decides, and says why. Nothing may match that it would refuse or read in another way; tests hold
both against each other.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any, Final, NamedTuple

from domain.ids import DeviceKey, Did, EventId, StreamId
from domain.limits import KIND_CHARS_MAX, LAMPORT_MAX, PARENTS_MAX, SEQ_MAX, TIME_MS_MAX

_INTEGER: Final = rb"([\x00-\x17]|\x18[\x18-\xff]|\x19(?!\x00).{2}|\x1a(?!\x00\x00).{4}|\x1b(?!\x00\x00\x00\x00).{8})"
_BYTES: Final = rb"\x58\x20(.{32})"
_USUAL: Final = re.compile(
    rb"([\xac\xad])\x61v\x01"
    # With its head, which has to be the shortest for its length.
    rb"\x63seq" + _INTEGER + rb"\x64kind([\x61-\x77][A-Za-z0-9._-]{1,23}|\x78[\x18-\x40][A-Za-z0-9._-]{24,64})"
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
    # With its head, which says how many there are.
    + rb"\x67parents([\x81-\x94](?:\x58\x20.{32})+)"
    rb"\x67payload" + _BYTES,
    re.DOTALL,
)
_PARENT_BYTES: Final = 34
_ONE_PARENT: Final = 0x81
_ONE_PARENT_BYTES: Final = 1 + _PARENT_BYTES
_SIZE_MAX: Final = 2**32
_KINDS_MAX: Final = 512
_KINDS: dict[bytes, str] = {}
"""Texts with their heads that were looked at before: nearly all events are of one of a few kinds."""
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
    parts: tuple[Any, ...] = found.groups()
    head, seq_, kind_, prev, size_, time_, author, device, entity, stream, lamport_, packed, payload = parts
    whole = int.from_bytes
    seq, lamport = whole(seq_[1:] or seq_, "big"), whole(lamport_[1:] or lamport_, "big")
    size, time = whole(size_[1:] or size_, "big"), whole(time_[1:] or time_, "big")
    if not 1 <= seq <= SEQ_MAX or not 1 <= lamport <= LAMPORT_MAX or time > TIME_MS_MAX or size > _SIZE_MAX:
        return None
    if (prev is not None) is not (seq > 1) or (head == b"\xad") is not (seq > 1):
        return None
    parents = (packed[3:],) if len(packed) == _ONE_PARENT_BYTES and packed[0] == _ONE_PARENT else _parents(packed)
    kind = _KINDS.get(kind_) or _kind(kind_)
    if not parents or not kind:
        return None
    return kind, stream, entity, device, author.decode(), seq, prev, parents, lamport, payload, size, time


def _parents(packed: bytes) -> tuple[EventId, ...]:
    """The ids of an array with its head; none if it has another number of them than it says, or not in order."""
    parents = tuple([EventId(packed[start : start + 32]) for start in range(3, len(packed), _PARENT_BYTES)])
    sound = packed[0] == 0x80 + len(parents) and all(a < b for a, b in pairwise(parents))
    return parents if sound else ()


def _kind(text: bytes) -> str:
    """A text with its head; none if the head says another length."""
    head, kind = (text[1], text[2:]) if text[0] == 0x78 else (text[0] - 0x60, text[1:])
    if head != len(kind):
        return ""
    if len(_KINDS) >= _KINDS_MAX:
        _KINDS.clear()  # whoever fills it with kinds of his own does not keep others out
    return _KINDS.setdefault(text, kind.decode())
