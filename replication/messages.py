"""Every message between nodes: its fields, their bounds, and the one encoding.

A message is a map in the restricted CBOR of `domain/canonical.py`; `t` names its type. Fields that a decoder does not
know are passed over, a type that it does not know is refused. docs/replication-protocol.md says what each is for.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, cast

import msgspec

from domain.canonical import NotCanonical, decode, encode
from domain.errors import PeerFault
from domain.limits import HEADER_BYTES_MAX, PAYLOAD_BYTES_MAX
from replication.limits import (
    ADDRESS_CHARS_MAX,
    ADDRESSES_MAX,
    BUCKET_BITS_MAX,
    DID_CHARS_MAX,
    FEATURES_MAX,
    FEED_TAG_BYTES,
    FOUND_MAX,
    FRAME_BYTES_MAX,
    IDS_MAX,
    LEAF_BYTES,
    MARK_BYTES,
    NONCE_BYTES,
    OBJECTS_MAX,
    OFFERS_MAX,
    PRINT_BYTES,
    REASON_CHARS_MAX,
    RECORDS_MAX,
    ROWS_MAX,
    SEEKS_MAX,
    SEQ_BYTES,
    STREAM_TAG_BYTES,
    WORD_CHARS_MAX,
)

VERSION: Final = 1
FEATURES: Final = ("objects", "peers", "runs")
"""What this node can do beyond the least; a peer that does not name one is not asked for it."""

OFFER_BYTES: Final = STREAM_TAG_BYTES + PRINT_BYTES
RECORD_BYTES: Final = FEED_TAG_BYTES + SEQ_BYTES + MARK_BYTES

_Meta = msgspec.Meta
_Id = Annotated[bytes, _Meta(min_length=32, max_length=32)]
_Nonce = Annotated[bytes, _Meta(min_length=NONCE_BYTES, max_length=NONCE_BYTES)]
_Word = Annotated[str, _Meta(min_length=1, max_length=WORD_CHARS_MAX)]
_Did = Annotated[str, _Meta(min_length=1, max_length=DID_CHARS_MAX)]
_Address = Annotated[str, _Meta(min_length=1, max_length=ADDRESS_CHARS_MAX)]
_Tag = Annotated[bytes, _Meta(min_length=STREAM_TAG_BYTES, max_length=STREAM_TAG_BYTES)]
_Records = Annotated[bytes, _Meta(max_length=RECORDS_MAX * RECORD_BYTES)]
_Bits = Annotated[int, _Meta(ge=1, le=BUCKET_BITS_MAX)]
_Bitmap = Annotated[bytes, _Meta(max_length=(1 << BUCKET_BITS_MAX) // 8)]
_Number = Annotated[int, _Meta(ge=0, le=2**32 - 1)]
_Row = tuple[
    Annotated[bytes, _Meta(max_length=HEADER_BYTES_MAX)],
    Annotated[bytes, _Meta(min_length=64, max_length=64)],
    Annotated[bytes, _Meta(max_length=PAYLOAD_BYTES_MAX)] | None,
]
_Object = tuple[Annotated[bytes, _Meta(min_length=20, max_length=32)], bool]


class MessageFault(PeerFault):
    """A frame's body is no message of this protocol. `code` is stable."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(f"{code}: {words}")
        self.code = code
        self.words = words[:REASON_CHARS_MAX]


class Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="t", tag=str.lower):
    """What every message is."""


class StreamMessage(Message, frozen=True, kw_only=True):
    """A message about one stream, which it names by its tag on this link."""

    stream: _Tag


class Hello(Message, frozen=True, kw_only=True):
    """The first message of either side. `digest` is over all that its sender offers this peer, under its own nonce."""

    versions: Annotated[list[Annotated[int, _Meta(ge=1, le=2**16)]], _Meta(min_length=1, max_length=16)]
    features: Annotated[list[_Word], _Meta(max_length=FEATURES_MAX)]
    nonce: _Nonce
    digest: _Id


class Seek(Message, frozen=True, kw_only=True):
    """What else the sender looks for: all public streams, those of some principals, the identities of some `people`.

    Answered with `found`.
    """

    everything: bool
    principals: Annotated[list[_Did], _Meta(max_length=SEEKS_MAX)]
    people: Annotated[list[_Did], _Meta(max_length=SEEKS_MAX)]


class Offers(Message, frozen=True, kw_only=True):
    """Streams that the sender holds or wants, and what it holds of each: packed (tag, print).

    `whole` says that these are all; else they are added to those before, or stand in their place.
    """

    whole: bool
    streams: Annotated[bytes, _Meta(max_length=OFFERS_MAX * OFFER_BYTES)]


class Found(Message, frozen=True, kw_only=True):
    """Public streams that the receiver seeks."""

    streams: Annotated[list[_Id], _Meta(min_length=1, max_length=FOUND_MAX)]


class Compare(Message, frozen=True, kw_only=True):
    """A digest over all that both sides offered; answered with `same` or with offers."""

    salt: _Nonce
    digest: _Id


class Same(Message, frozen=True, kw_only=True):
    """The digest of a `compare` is the sender's own."""

    salt: _Nonce


class Peers(Message, frozen=True, kw_only=True):
    """Where nodes can be dialled: some that the sender has reached itself, and where it says that it is."""

    addresses: Annotated[list[_Address], _Meta(min_length=1, max_length=ADDRESSES_MAX)]


class Refused(Message, frozen=True, kw_only=True):
    """Why something the receiver did was not taken; `final` if the link ends with it."""

    code: _Word
    words: Annotated[str, _Meta(max_length=REASON_CHARS_MAX)]
    final: bool


class Goodbye(Message, frozen=True, kw_only=True):
    """The sender ends the link in good order."""

    words: Annotated[str, _Meta(max_length=REASON_CHARS_MAX)]


class Feeds(StreamMessage, frozen=True, kw_only=True):
    """Tips of feeds: packed (feed tag, seq, mark), all under `salt`.

    `whole` says that these are all the sender has. `unknown` answers a `leaves`: a bit for each of its feeds, set where
    the sender has no such one.
    """

    salt: _Nonce
    whole: bool
    records: _Records
    unknown: Annotated[bytes, _Meta(max_length=RECORDS_MAX // 8)] = b""


class Ranges(StreamMessage, frozen=True, kw_only=True):
    """Prints of ranges of feeds: those whose tags begin with the `bits` bits that are set in the bitmap `buckets`."""

    salt: _Nonce
    bits: _Bits
    buckets: _Bitmap
    prints: Annotated[bytes, _Meta(max_length=(1 << BUCKET_BITS_MAX) * PRINT_BYTES)]


class Leaves(StreamMessage, frozen=True, kw_only=True):
    """All the sender's feeds in some ranges, each by a few bytes of its salted hash."""

    salt: _Nonce
    bits: _Bits
    buckets: _Bitmap
    prints: Annotated[bytes, _Meta(max_length=RECORDS_MAX * LEAF_BYTES)]


class Want(StreamMessage, frozen=True, kw_only=True):
    """Asks for what follows in some feeds: packed (feed tag, seq, mark) of tips the sender has, seq 0 for none."""

    salt: _Nonce
    number: _Number
    records: _Records


class Events(StreamMessage, frozen=True, kw_only=True):
    """Events, each after its past as far as that goes along; an answer to the want or ask `number`, or 0 for news."""

    number: _Number
    rows: Annotated[list[_Row], _Meta(max_length=ROWS_MAX)]
    end: bool


class More(StreamMessage, frozen=True, kw_only=True):
    """So many more bytes of the want `number` may come: as many as were stored."""

    number: _Number
    bytes: Annotated[int, _Meta(ge=0, le=FRAME_BYTES_MAX)]


class Ask(StreamMessage, frozen=True, kw_only=True):
    """Asks for single events; with `runs`, for what vouches for those with a wrong signature, too."""

    number: _Number
    ids: Annotated[list[_Id], _Meta(min_length=1, max_length=IDS_MAX)]
    runs: bool = False


class Declined(StreamMessage, frozen=True, kw_only=True):
    """Feeds that the sender will not hold for their own sake, or (`everything`) that it takes no more of the stream.

    `back` takes that back.
    """

    feeds: Annotated[list[_Id], _Meta(max_length=IDS_MAX)]
    everything: bool
    back: bool


class Have(StreamMessage, frozen=True, kw_only=True):
    """Git objects and blobs (true) that the sender can serve."""

    objects: Annotated[list[_Object], _Meta(min_length=1, max_length=OBJECTS_MAX)]


class Need(StreamMessage, frozen=True, kw_only=True):
    """Git objects and blobs that the sender lacks; answered with a `have`, if need be later."""

    objects: Annotated[list[_Object], _Meta(min_length=1, max_length=OBJECTS_MAX)]


MESSAGES: Final[tuple[type[Message], ...]] = (
    Hello,
    Seek,
    Offers,
    Found,
    Compare,
    Same,
    Feeds,
    Ranges,
    Leaves,
    Want,
    Events,
    More,
    Ask,
    Declined,
    Have,
    Need,
    Peers,
    Refused,
    Goodbye,
)
BY_NAME: Final[dict[str, type[Message]]] = {message.__name__.lower(): message for message in MESSAGES}


def name_of(message: Message) -> str:
    """The type of a message, as it is on the wire."""
    return type(message).__name__.lower()


def encoded(message: Message) -> bytes:
    """A message's one encoding."""
    return encode(msgspec.to_builtins(message, builtin_types=(bytes,)))


def decoded(body: bytes) -> Message:
    """The message that a frame's body is; raises `MessageFault`."""
    try:
        value: Any = decode(body)
    except NotCanonical as fault:
        raise MessageFault("message-not-canonical", str(fault)) from fault
    name = cast("dict[str, Any]", value).get("t") if isinstance(value, dict) else None
    kind = BY_NAME.get(name) if isinstance(name, str) else None
    if kind is None:
        raise MessageFault(
            "message-unknown", f"there is no message {str(name)[:WORD_CHARS_MAX]!r} in version {VERSION}"
        )
    try:
        return msgspec.convert(value, kind, builtin_types=(bytes,))
    except msgspec.ValidationError as fault:
        raise MessageFault("message-malformed", f"{name}: {fault}") from fault
