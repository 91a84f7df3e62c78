"""What a bundle is made of: its parts, their order and bounds. docs/bundle-format.md is the page.

    bundle
    stream … for each, by id:  stream  rows*  [objects  pack*]  (blob  piece*)*
    end

A part is the body of a frame (`replication/frames.py`), in the same CBOR as messages between nodes.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, Final, cast

import msgspec

from domain.canonical import NotCanonical, decode, encode
from domain.errors import PeerFault
from domain.limits import HEADER_BYTES_MAX, PAYLOAD_BYTES_MAX
from replication.bundle.limits import HEADS_MAX, PIECE_BYTES, TIPS_MAX
from replication.limits import ROWS_MAX
from replication.messages import Message

MAGIC: Final = b"gitant bundle 1\n"
"""What a bundle begins with, before its first frame."""
VERSION: Final = 1
ID_BYTES: Final = 32
OID_BYTES: Final = 20

_Meta = msgspec.Meta
_Id = Annotated[bytes, _Meta(min_length=ID_BYTES, max_length=ID_BYTES)]
_Ids = Annotated[bytes, _Meta(max_length=HEADS_MAX * ID_BYTES)]
_Oids = Annotated[bytes, _Meta(max_length=TIPS_MAX * OID_BYTES)]
_Count = Annotated[int, _Meta(ge=0, le=2**63 - 1)]
_Data = Annotated[bytes, _Meta(min_length=1, max_length=PIECE_BYTES)]
_Row = tuple[
    Annotated[bytes, _Meta(max_length=HEADER_BYTES_MAX)],
    Annotated[bytes, _Meta(min_length=64, max_length=64)],
    Annotated[bytes, _Meta(max_length=PAYLOAD_BYTES_MAX)] | None,
]


class BundleFault(PeerFault):
    """These bytes are no bundle, or not a whole one: why, in a sentence."""


class Bundle(Message, frozen=True, kw_only=True):
    """The first. A `frontier` says only how far its maker's copies go."""

    version: Annotated[int, _Meta(ge=1, le=2**16)]
    frontier: bool


class Stream(Message, frozen=True, kw_only=True):
    """A stream: whoever holds `base` and its past holds `heads` and theirs once the rows are added. Packed ids, sorted.

    `private` is what its maker knew: that not everybody may read it.
    """

    stream: _Id
    private: bool
    base: _Ids
    heads: _Ids


class Rows(Message, frozen=True, kw_only=True):
    """Events of the stream, each [header, signature, payload or null], in the order of (Lamport time, id)."""

    rows: Annotated[list[_Row], _Meta(min_length=1, max_length=ROWS_MAX)]


class Objects(Message, frozen=True, kw_only=True):
    """Git objects: whoever has `haves` and their past has `tips` and theirs once the pack is added. Packed, sorted."""

    haves: _Oids
    tips: _Oids


class Pack(Message, frozen=True, kw_only=True):
    """The next bytes of the pack; all but the last are as long as they may be."""

    data: _Data


class Blob(Message, frozen=True, kw_only=True):
    """The bytes of an attachment follow, in pieces."""

    sha256: _Id
    size: _Count


class Piece(Message, frozen=True, kw_only=True):
    """The next bytes of the blob; all but the last are as long as they may be."""

    data: _Data


class End(Message, frozen=True, kw_only=True):
    """The last: SHA-256 of all bytes of the file before its frame."""

    digest: _Id


PARTS: Final[tuple[type[Message], ...]] = (Bundle, Stream, Rows, Objects, Pack, Blob, Piece, End)

MAY_FOLLOW: Final[dict[type[Message] | None, tuple[type[Message], ...]]] = {
    None: (Bundle,),
    Bundle: (Stream, End),
    Stream: (Rows, Objects, Blob, Stream, End),
    Rows: (Rows, Objects, Blob, Stream, End),
    Objects: (Pack, Blob, Stream, End),
    Pack: (Pack, Blob, Stream, End),
    Blob: (Piece, Blob, Stream, End),
    Piece: (Piece, Blob, Stream, End),
    End: (),
}


def name_of(part: type[Message]) -> str:
    """The type of a part, as it stands in the file."""
    return part.__name__.lower()


_BY_NAME: Final = {name_of(part): part for part in PARTS}


def encoded(part: Message) -> bytes:
    """A part's one encoding."""
    return encode(msgspec.to_builtins(part, builtin_types=(bytes,)))


def decoded(body: bytes) -> Message:
    """The part that a frame's body is; raises `BundleFault`."""
    try:
        value: Any = decode(body)
    except NotCanonical as fault:
        raise BundleFault(f"a part is not in canonical form: {fault}") from fault
    name = cast("dict[str, Any]", value).get("t") if isinstance(value, dict) else None
    kind = _BY_NAME.get(name) if isinstance(name, str) else None
    if kind is None:
        raise BundleFault(f"version {VERSION} has no part {str(name)[:20]!r}")
    try:
        return msgspec.convert(value, kind, builtin_types=(bytes,))
    except msgspec.ValidationError as fault:
        raise BundleFault(f"a part {name!r} is out of form: {fault}") from fault


def packed(names: list[bytes]) -> bytes:
    """Equal pieces one behind the other, sorted."""
    return b"".join(sorted(names))


def unpacked(data: bytes, size: int) -> list[bytes]:
    """The pieces again; raises `BundleFault` where they are cut or not strictly in order."""
    names = [data[at : at + size] for at in range(0, len(data), size)]
    if len(data) % size or any(one >= two for one, two in pairwise(names)):
        raise BundleFault("a list of ids is cut, or out of order")
    return names
