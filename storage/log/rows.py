"""How an event is spelled in a row: originator text, and a CBOR array of its three byte strings."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import cbor2

from domain.ids import ID_BYTES
from domain.ports_log import READ_BYTES_MAX, BadRow, DamagedRow, StoredRow

if TYPE_CHECKING:
    from collections.abc import Iterable

GONE = "-"
"""The originator and topic of a row whose event was removed: nothing but its position is left, which stays taken."""
_HEX_CHARS = 2 * ID_BYTES
_FEEDS_CACHED_MAX = 4_096
_SIZES_CACHED_MAX = 4_096


class Undecodable(ValueError):
    """A row does not have the form that was written."""


@lru_cache(_FEEDS_CACHED_MAX)
def originator(stream: bytes, device: bytes, branch: bytes = b"") -> str:
    """The text a branch of a feed is kept under: hex of stream, device and branch."""
    return f"{stream.hex()}/{device.hex()}/{branch.hex()}"


def before_feed(stream: bytes, device: bytes) -> str:
    """A text less than every originator of the feed, with none between."""
    return f"{stream.hex()}/{device.hex()}"


def of_stream(stream: bytes) -> tuple[str, str]:
    """Texts between which the originators of a stream are, and no other."""
    return f"{stream.hex()}/", f"{stream.hex()}0"


def after_feed(stream: bytes, device: bytes) -> str:
    """A text greater than every originator of the feed, with none between (`0` follows `/`)."""
    return f"{stream.hex()}/{device.hex()}0"


@lru_cache(_FEEDS_CACHED_MAX)
def parse_originator(text: str) -> tuple[bytes, bytes, bytes]:
    """Stream, device and branch of an originator."""
    stream, device, branch = _split(text)
    if len(stream) != _HEX_CHARS or len(device) != _HEX_CHARS or len(branch) not in (0, _HEX_CHARS):
        raise Undecodable(f"originator {text!r}")
    try:
        parsed = bytes.fromhex(stream), bytes.fromhex(device), bytes.fromhex(branch)
    except ValueError as fault:
        raise Undecodable(f"originator {text!r}") from fault
    if originator(*parsed) != text:
        raise Undecodable(f"originator {text!r}")
    return parsed


def _split(text: str) -> tuple[str, str, str]:
    try:
        stream, device, branch = text.split("/")
    except (ValueError, TypeError, AttributeError) as fault:
        raise Undecodable(f"originator {text!r}") from fault
    return stream, device, branch


def encode_state(header: bytes, signature: bytes, payload: bytes | None) -> bytes:
    """The one canonical encoding of `[header, signature, payload]`, put together here: it is always of this form."""
    if payload is None:
        return b"\x83" + _head(len(header)) + header + _head(len(signature)) + signature + b"\xf6"
    return b"".join(
        (b"\x83", _head(len(header)), header, _head(len(signature)), signature, _head(len(payload)), payload)
    )


@lru_cache(_SIZES_CACHED_MAX)
def _head(size: int) -> bytes:
    """What stands before a byte string of this size."""
    if size < 24:
        return bytes((0x40 | size,))
    if size < 1 << 8:
        return bytes((0x58, size))
    if size < 1 << 16:
        return (0x59_0000 | size).to_bytes(3, "big")
    return (0x5A_0000_0000 | size).to_bytes(5, "big")


def decode_state(state: bytes) -> tuple[bytes, bytes, bytes | None]:
    """Header, signature and payload; anything but what `encode_state` writes is `Undecodable`."""
    try:
        header, signature, payload = cbor2.loads(state)
    except Exception as fault:
        # The decoder's errors are of many classes; all mean that the bytes were changed.
        raise Undecodable("its bytes are not a CBOR array of three") from fault
    if type(header) is not bytes or type(signature) is not bytes or type(payload) not in (bytes, type(None)):
        raise Undecodable("its bytes are not three byte strings")
    # With these types every other encoding (a map, a longer head, a tail) is longer than this.
    if len(state) != 1 + _encoded_size(header) + _encoded_size(signature) + _encoded_size(payload):
        raise Undecodable("its bytes are not canonical")
    return header, signature, payload


def decoded(position: int, originator_id: Any, seq: Any, kind: Any, state: Any) -> StoredRow | BadRow:
    """A row of the events table as a value; a `BadRow` when any column is not what was written."""
    try:
        if type(seq) is not int or type(kind) is not str or type(state) is not bytes:
            raise Undecodable("a column has another type")
        stream, device, branch = parse_originator(originator_id)
        return StoredRow(position, stream, device, branch, seq, kind, *decode_state(state))
    except Undecodable as fault:
        return BadRow(position, str(fault))


def all_sound(rows: Iterable[StoredRow | BadRow]) -> list[StoredRow]:
    """`rows` if all of them decoded; raises `DamagedRow` otherwise."""
    found: list[StoredRow] = []
    for row in rows:
        if isinstance(row, BadRow):
            raise DamagedRow(row.position, row.fault)
        found.append(row)
    return found


def read_rows(rows: Iterable[Any], after: int, limit: int) -> tuple[list[StoredRow | BadRow], int]:
    """At most `limit` rows of the events table that follow position `after`, until they are too much to hold.

    A position that is not among them is a `BadRow`; one whose event was removed is passed over. With it comes the
    position up to which that is all there is.
    """
    found: list[StoredRow | BadRow] = []
    expected, held_bytes = after + 1, 0
    for row in rows:
        while expected < row[0] and len(found) < limit:
            found.append(BadRow(expected, "it is missing"))
            expected += 1
        if len(found) >= limit:
            break
        expected += 1
        if row[1] == GONE:
            continue
        found.append(decoded(*row))
        held_bytes += len(row[4] or b"")
        if held_bytes >= READ_BYTES_MAX:
            break
    return found, expected - 1


def _encoded_size(value: bytes | None) -> int:
    if value is None:
        return 1
    size = len(value)
    if size < 24:
        return 1 + size
    if size < 1 << 8:
        return 2 + size
    return (3 if size < 1 << 16 else 5) + size
