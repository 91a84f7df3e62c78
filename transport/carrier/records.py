"""Records: what the streams of one wire are cut into, inside TLS. No I/O.

    kind     1 byte
    channel  4 bytes, big-endian: 0 is the control stream; the dialler opens odd ones, the other side even ones
    length   3 bytes: of the body, at most 65,536
    body

TLS sees to it that nothing is lost, added or changed on the way.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import TYPE_CHECKING, Final, NamedTuple, final

from domain.errors import PeerFault
from transport.carrier.limits import PURPOSE_CHARS_MAX, RECORD_BYTES_MAX, WORDS_CHARS_MAX
from transport.carrier.seam import Why, WireClosed

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTROL: Final = 0
HEAD_BYTES: Final = 8
NUMBER_BYTES: Final = 8
_HEAD: Final = struct.Struct(">BIBH")


class Kind(IntEnum):
    """What a record is. A kind that is not known ends the wire: new ones come with a new protocol version."""

    WELCOME = 1
    """The first of whoever was dialled: the wire is taken. The body is for later versions."""
    DATA = 2
    END = 3
    """No more data in this direction of a channel."""
    CREDIT = 4
    """So many more bytes (4 bytes) may be sent on a channel."""
    OPEN = 5
    """A new channel; the body is what it is for."""
    RESET = 6
    """A channel is given up in both directions; the body is a sentence."""
    PING = 7
    """To be answered at once; 8 bytes."""
    PONG = 8
    """The answer, with the same 8 bytes."""
    PAUSE = 9
    """The sender takes no more data for now (1), or does again (0)."""
    CLOSE = 10
    """The sender's last: why (a word), a zero byte, a sentence."""


_BODY_MAX: Final = {
    Kind.WELCOME: 1 << 10,
    Kind.DATA: RECORD_BYTES_MAX,
    Kind.END: 0,
    Kind.CREDIT: 4,
    Kind.OPEN: 4 * PURPOSE_CHARS_MAX,
    Kind.RESET: 4 * WORDS_CHARS_MAX,
    Kind.PING: NUMBER_BYTES,
    Kind.PONG: NUMBER_BYTES,
    Kind.PAUSE: 1,
    Kind.CLOSE: 64 + 4 * WORDS_CHARS_MAX,
}
_BODY_MIN: Final = {
    Kind.DATA: 1,
    Kind.CREDIT: 4,
    Kind.OPEN: 1,
    Kind.PING: NUMBER_BYTES,
    Kind.PONG: NUMBER_BYTES,
    Kind.PAUSE: 1,
    Kind.CLOSE: 1,
}
_ON_CONTROL_ONLY: Final = frozenset({Kind.WELCOME, Kind.PING, Kind.PONG, Kind.PAUSE, Kind.CLOSE})
_ON_CHANNELS_ONLY: Final = frozenset({Kind.END, Kind.OPEN, Kind.RESET})


class RecordFault(PeerFault):
    """The peer broke the carrier's rules; the message is a sentence for it."""


class Record(NamedTuple):
    """One record."""

    kind: Kind
    channel: int
    body: bytes


def head(kind: Kind, channel: int, length: int) -> bytes:
    """What comes before a body."""
    return _HEAD.pack(kind, channel, length >> 16, length & 0xFFFF)


def record(kind: Kind, channel: int = CONTROL, body: bytes = b"") -> bytes:
    """The bytes of a record."""
    assert _BODY_MIN.get(kind, 0) <= len(body) <= _BODY_MAX[kind]
    return head(kind, channel, len(body)) + body


@final
class RecordReader:
    """Cuts bytes, which come in any pieces, into records; holds at most one unfinished record."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def records(self, data: bytes) -> Iterator[Record]:
        """The records that `data` completes. Raises `RecordFault`."""
        self._buffer += data
        buffer, start, end = self._buffer, 0, len(self._buffer)
        while end - start >= HEAD_BYTES:
            number, channel, high, low = _HEAD.unpack_from(buffer, start)
            length = (high << 16) + low
            kind = _kind_of(number, channel, length)
            body = start + HEAD_BYTES
            if end - body < length:
                break
            start = body + length
            yield Record(kind, channel, bytes(memoryview(buffer)[body:start]))
        del buffer[:start]


def close_body(closed: WireClosed) -> bytes:
    """What a CLOSE says."""
    return closed.why.encode() + b"\0" + closed.words[:WORDS_CHARS_MAX].encode()


def closed_by(body: bytes) -> WireClosed:
    """What a peer's CLOSE says; a reason that is not known here counts as `Why.DONE`."""
    code, _, words = body.partition(b"\0")
    try:
        why = Why(code.decode())
    except ValueError:
        why = Why.DONE
    return WireClosed(why, plain(words), by_peer=True)


def plain(words: bytes) -> str:
    """A peer's sentence, fit for a log: bounded, and without line breaks and control characters."""
    text = words.decode(errors="replace")[:WORDS_CHARS_MAX]
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def _kind_of(number: int, channel: int, length: int) -> Kind:
    rule = _RULES.get(number)
    if rule is None:
        raise RecordFault(f"there are no records of kind {number}")
    kind, least, most, on_control, on_channels = rule
    if not least <= length <= most:
        raise RecordFault(f"a {kind.name} came with {length} bytes")
    if not (on_channels if channel else on_control):
        raise RecordFault(f"a {kind.name} came on channel {channel}")
    return kind


_RULES: Final = {
    int(kind): (kind, _BODY_MIN.get(kind, 0), most, kind not in _ON_CHANNELS_ONLY, kind not in _ON_CONTROL_ONLY)
    for kind, most in _BODY_MAX.items()
}
"""By number: the kind, its body's least and greatest length, and where it may come. One look for each record."""
