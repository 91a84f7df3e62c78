"""What is said on a channel before the bytes: one question, one answer, each a length and canonical CBOR.

`git/<stream>`   asks for objects: `wants` and `haves` (raw ids). Behind the answer comes a pack, to the channel's end.
`blob/<stream>`  asks for a blob by `name` (SHA-256) from byte `offset` on. The answer has its `size`, then come bytes.

An answer with `refused` has a sentence in it, and nothing follows.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import msgspec

from domain.canonical import NotCanonical, decode, encode
from domain.errors import GitantError

if TYPE_CHECKING:
    from transport.carrier.seam import Channel

GIT: Final = "git/"
BLOB: Final = "blob/"
WANTS_MAX: Final = 10_000
HAVES_MAX: Final = 10_000
MESSAGE_BYTES_MAX: Final = 1 << 20
_LENGTH: Final = struct.Struct(">I")
_Oid = Annotated[bytes, msgspec.Meta(min_length=20, max_length=20)]

M = TypeVar("M", bound=msgspec.Struct)


class NotUnderstood(GitantError):
    """The peer broke the rules of this page."""


class AskObjects(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The past of `wants` without what somebody with `haves` holds."""

    wants: Annotated[list[_Oid], msgspec.Meta(min_length=1, max_length=WANTS_MAX)]
    haves: Annotated[list[_Oid], msgspec.Meta(max_length=HAVES_MAX)]


class AskBlob(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A blob from a byte on."""

    name: Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
    offset: Annotated[int, msgspec.Meta(ge=0)]


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What comes next: bytes, or (`refused`, in a sentence) nothing."""

    size: int = 0
    refused: Annotated[str, msgspec.Meta(max_length=400)] = ""


async def say(channel: Channel, message: msgspec.Struct) -> None:
    """Send a message."""
    body = encode(msgspec.to_builtins(message, builtin_types=(bytes,)))
    await channel.send_all(_LENGTH.pack(len(body)) + body)


async def hear(channel: Channel, sort: type[M]) -> tuple[M, bytes]:
    """The peer's message, and what came behind it already; raises `NotUnderstood`."""
    data = b""
    while len(data) < _LENGTH.size or len(data) < _LENGTH.size + _length(data):
        more = await channel.receive_some()
        if not more:
            raise NotUnderstood("the peer ended in the middle of a message")
        data += more
    end = _LENGTH.size + _length(data)
    try:
        held: Any = decode(data[_LENGTH.size : end])
        return msgspec.convert(held, sort), data[end:]
    except (NotCanonical, msgspec.ValidationError) as fault:
        raise NotUnderstood(f"the peer's message is not one: {fault}") from fault


def _length(data: bytes) -> int:
    length: int = _LENGTH.unpack_from(data)[0]
    if length > MESSAGE_BYTES_MAX:
        raise NotUnderstood(f"the peer announces a message of {length:,} bytes")
    return length
