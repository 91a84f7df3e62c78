"""DAG-CBOR, strictly: the one encoding of a value, which its CID names.

Values are null, booleans, integers of 53 bits, floats of 64, byte strings, text, arrays, maps with text keys (the
shorter key first), and links. What is read is encoded again and compared, so that nothing else has the same CID.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeGuard, final

import cbor2

from domain.capability.refused import Refused
from domain.limits import NESTING_DEPTH_MAX

if TYPE_CHECKING:
    from collections.abc import Mapping

_LINK_TAG: Final = 42
_CID_HEAD: Final = b"\x01\x71\x12\x20"
"""CIDv1, DAG-CBOR, SHA-256 of 32 bytes."""
_CID_BYTES_MAX: Final = 128
_INTEGER_MAX: Final = 2**53 - 1


@final
@dataclass(frozen=True, slots=True, order=True)
class Link:
    """A CID in binary form."""

    cid: bytes

    def __str__(self) -> str:
        return "b" + base64.b32encode(self.cid).decode().rstrip("=").lower()


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Whether a decoded value is an array."""
    return isinstance(value, list)


def is_map(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether a decoded value is a map, whose keys `decode` has found to be text."""
    return isinstance(value, dict)


def link_to(token: bytes) -> Link:
    """The CID of canonical bytes."""
    return Link(_CID_HEAD + hashlib.sha256(token).digest())


def link_of(text: str) -> Link:
    """A CID in its text form (base32) as a link; raises `ValueError` for one that no token of ours can have."""
    coded = text[1:].upper()
    try:
        cid = base64.b32decode(coded + "=" * (-len(coded) % 8))
    except binascii.Error as fault:
        raise ValueError("the CID is not in base32") from fault
    if len(cid) != len(_CID_HEAD) + 32 or not cid.startswith(_CID_HEAD) or str(Link(cid)) != text:
        raise ValueError("the CID is not that of a token")
    return Link(cid)


def encode(value: Any) -> bytes:
    """A value as DAG-CBOR; raises `Refused` for one that has no such form."""
    return cbor2.dumps(_plain(value))


def decode(data: bytes) -> Any:
    """The value that `data` encodes; raises `Refused` unless it is canonical."""
    try:
        raw = cbor2.loads(
            data,
            allow_indefinite=False,
            allow_duplicate_keys=False,
            max_depth=NESTING_DEPTH_MAX,
            semantic_decoders=_NO_TAGS,
        )
    except Exception as fault:
        # The decoder's own errors are of many classes; all mean the same here.
        raise Refused("not-dag-cbor", str(fault)[:200]) from fault
    value = _read(raw)
    if encode(value) != data:
        raise Refused("not-dag-cbor", "not in the canonical form")
    return value


def _refuse_tag(*_: Any) -> NoReturn:
    raise ValueError("only links have a tag")


# cbor2 resolves well-known tags (dates, regular expressions, shared references) before anyone can look.
_NO_TAGS: Any = dict.fromkeys(
    [*(tag for tag in range(64) if tag != _LINK_TAG), 100, 256, 258, 260, 261, 1004, 43000, 55799], _refuse_tag
)


def _read(raw: Any, depth: int = 0) -> Any:
    """What cbor2 has read, with links as such."""
    if depth > NESTING_DEPTH_MAX:
        raise Refused("not-dag-cbor", f"nested over {NESTING_DEPTH_MAX} deep")
    if isinstance(raw, cbor2.CBORTag):
        content = raw.value
        if raw.tag != _LINK_TAG or not isinstance(content, bytes) or not content.startswith(b"\0"):
            raise Refused("not-dag-cbor", "only links have a tag")
        if not 1 < len(content) <= _CID_BYTES_MAX:
            raise Refused("not-dag-cbor", "a link is too long or empty")
        return Link(content[1:])
    if is_list(raw):
        return [_read(item, depth + 1) for item in raw]
    if is_map(raw):
        return {key: _read(item, depth + 1) for key, item in raw.items()}
    return raw


def _plain(value: Any, depth: int = 0) -> Any:
    """A value as cbor2 writes it canonically: its maps in order."""
    if depth > NESTING_DEPTH_MAX:
        raise Refused("not-dag-cbor", f"nested over {NESTING_DEPTH_MAX} deep")
    if value is None or isinstance(value, bool | str | bytes):
        return value
    if isinstance(value, int):
        if abs(value) > _INTEGER_MAX:
            raise Refused("not-dag-cbor", "an integer is over 53 bits")
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise Refused("not-dag-cbor", "a number is not finite")
        return value
    if isinstance(value, Link):
        return cbor2.CBORTag(_LINK_TAG, b"\0" + value.cid)
    if is_list(value):
        return [_plain(item, depth + 1) for item in value]
    if is_map(value):
        return _in_order(value, depth)
    raise Refused("not-dag-cbor", f"a value of type {type(value).__name__} is not used")


def _in_order(value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
    if not all(isinstance(key, str) for key in value):
        raise Refused("not-dag-cbor", "a key is not text")
    keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
    return {key: _plain(value[key], depth + 1) for key in keys}
