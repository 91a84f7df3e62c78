"""Deterministic CBOR (RFC 8949 §4.2.1), restricted to what Gitant's bytes use.

Values are null, booleans, integers of 64 bits, byte strings, text, arrays, and maps with text keys. No floats,
no tags, no indefinite lengths. With text keys only, cbor2's canonical order (shorter first, then bytewise)
and the RFC's (bytewise over the encoded keys) are the same, because a longer text has a greater head byte.

The decoder checks the order of keys itself and compares with the plain encoding: cbor2 writes everything but maps
the same way in both modes, and its sorting is three times dearer than all the rest.
"""

from __future__ import annotations

from typing import Any, NoReturn, cast

import cbor2

from domain.errors import PeerFault
from domain.limits import NESTING_DEPTH_MAX

_INTEGER_MIN = -(2**63)
_INTEGER_MAX = 2**64 - 1
_PLAIN = frozenset({bytes, str, bool, type(None)})
"""Types of which every value is used."""
_ORDERED_MAX = 512
_ORDERED_NAMES_MAX = 32
_ORDERED_NAME_CHARS_MAX = 64
_ORDERED: set[tuple[str, ...]] = set()
"""Keys of maps that were found in order: nearly all maps are of one of a few forms, with few and short names.

Strangers' bytes come by here, too. So it stays small whatever they hold, and who fills it does not keep others out.
"""


class NotCanonical(PeerFault):
    """The bytes are not the one canonical encoding of a value of the restricted model."""


def encode(value: Any) -> bytes:
    """`value` as its one canonical encoding."""
    return cbor2.dumps(value, canonical=True)


def decode(data: bytes) -> Any:
    """The value `data` encodes canonically; raises `NotCanonical` for anything else."""
    try:
        value = cbor2.loads(
            data,
            allow_indefinite=False,
            allow_duplicate_keys=False,
            max_depth=NESTING_DEPTH_MAX,
            semantic_decoders=_NO_TAGS,
        )
    except Exception as fault:
        # The decoder's own errors are of many classes (tags, UTF-8, depth, memory); all mean the same here.
        raise NotCanonical(str(fault)) from fault
    if not _is_flat(value):
        _check(value)
    if cbor2.dumps(value) != data:
        raise NotCanonical("the bytes are not the canonical encoding of their value")
    return value


def decode_own(data: bytes) -> Any:
    """The value of bytes that `decode` or `encode` has already seen: no second check."""
    return cbor2.loads(data)


def _refuse_tag(*_: Any) -> NoReturn:
    raise ValueError("tags are not used")


# cbor2 resolves well-known tags (dates, regular expressions, shared references) before anyone can look.
_NO_TAGS: Any = dict.fromkeys([*range(64), 100, 256, 258, 260, 261, 1004, 43000, 55799], _refuse_tag)


def _is_flat(value: Any) -> bool:
    """Whether it is a map of values that need no further look, with keys that were found in order before: most are."""
    if type(value) is not dict:
        return False
    fields = cast("dict[str, Any]", value)
    return tuple(fields) in _ORDERED and _PLAIN.issuperset(map(type, fields.values()))


def _check(value: Any, containers: int = 0) -> None:
    """`containers` is how many arrays and maps `value` is in. cbor2 counts an empty one differently from a full one."""
    if type(value) in _PLAIN:
        return
    kind = cast("type[object]", type(value))
    if kind is int:
        if not _INTEGER_MIN <= value <= _INTEGER_MAX:
            raise NotCanonical("an integer is over 64 bits")
    elif kind not in (list, dict):
        raise NotCanonical(f"a value of type {kind.__name__} is not used")
    elif containers == NESTING_DEPTH_MAX:
        raise NotCanonical(f"arrays and maps are nested over {NESTING_DEPTH_MAX} deep")
    else:
        items = value
        if kind is dict:
            names = tuple(value)
            if names not in _ORDERED:
                _check_names(names)
            items = value.values()
        for item in items:
            # Most are plain, or lists of plain values, or small numbers: a call for each would be dearer than the rest.
            sort = cast("type[object]", type(item))
            if sort in _PLAIN or (sort is int and _INTEGER_MIN <= item <= _INTEGER_MAX):
                continue
            if sort is list and containers + 1 < NESTING_DEPTH_MAX and _PLAIN.issuperset(map(type, item)):
                continue
            _check(item, containers + 1)


def _check_names(names: tuple[Any, ...]) -> None:
    last = (-1, b"")
    for name in names:
        if type(name) is not str:
            raise NotCanonical("a map key is not text")
        encoded = name.encode()
        if (len(encoded), encoded) <= last:
            raise NotCanonical("map keys are not in order")
        last = (len(encoded), encoded)
    if len(names) <= _ORDERED_NAMES_MAX and all(len(name) <= _ORDERED_NAME_CHARS_MAX for name in names):
        if len(_ORDERED) >= _ORDERED_MAX:
            _ORDERED.clear()
        _ORDERED.add(names)
