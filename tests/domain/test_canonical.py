"""One encoding for each value, and nothing else gets in."""

from __future__ import annotations

import tracemalloc
from collections import deque
from itertools import product
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.canonical import NotCanonical, decode, decode_own, encode
from domain.limits import NESTING_DEPTH_MAX
from tests.cases.encodings import REFUSED

SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.binary(max_size=40) | st.text(max_size=40)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=30), inner, max_size=5),
    max_leaves=12,
)


@settings(max_examples=60)
@given(VALUES)
def test_what_is_encoded_is_decoded(value: Any) -> None:
    data = encode(value)
    assert decode(data) == value
    assert decode_own(data) == value


@given(VALUES)
def test_equal_values_have_equal_bytes(value: Any) -> None:
    assert encode(_reversed(value)) == encode(value)


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED.keys())
def test_everything_else_is_refused(data: str) -> None:
    with pytest.raises(NotCanonical):
        decode(bytes.fromhex(data))
    with pytest.raises(NotCanonical):
        decode(b"\x81" + bytes.fromhex(data))
    assert decode(encode({"a": None})) == {"a": None}, "keys that were found in order are not looked at again"
    with pytest.raises(NotCanonical):
        decode(b"\xa1\x61a" + bytes.fromhex(data))


def test_a_flat_map_of_a_known_form_is_refused_in_any_other_encoding() -> None:
    key, value = [b"\x61a", b"\x61b", b"\x62aa"], b"\x41x"
    good = b"\xa3" + b"".join(name + value for name in key)
    assert decode(good) == decode(good) == {"a": b"x", "b": b"x", "aa": b"x"}
    wrong = [b"\xa3" + b"".join(name + value for name in names) for names in product(key, repeat=3) if [*names] != key]
    wrong += [good.replace(b"\xa3", head) for head in (b"\xa2", b"\xa4", b"\xb8\x03", b"\xb9\x00\x03", b"\xbf")]
    wrong += [good.replace(name, b"\x78" + bytes([name[0] - 0x60]) + name[1:]) for name in key]
    wrong += [good.replace(value, other, 1) for other in (b"\x58\x01x", b"\x5f\x41x\xff", b"\xf7", b"\xf9\x00\x00")]
    for data in [*wrong, good + b"\x00", good[:-1]]:
        with pytest.raises(NotCanonical):
            decode(data)


@settings(max_examples=400)
@given(st.binary(max_size=24))
def test_bytes_that_are_taken_are_the_encoding_of_their_value(data: bytes) -> None:
    try:
        value = decode(data)
    except NotCanonical:
        return
    assert encode(value) == data


@settings(max_examples=100)
@given(VALUES, st.data())
def test_one_changed_byte_is_another_value_or_none(value: Any, data: st.DataObject) -> None:
    """No two encodings mean the same thing."""
    good = bytearray(encode(value))
    at = data.draw(st.integers(0, len(good) - 1))
    good[at] ^= data.draw(st.integers(1, 255))
    try:
        other = decode(bytes(good))
    except NotCanonical:
        return
    assert repr(other) != repr(value)


@given(
    st.recursive(
        SCALARS, lambda inner: st.dictionaries(st.text(max_size=4), inner, min_size=2, max_size=4), max_leaves=8
    )
)
def test_keys_out_of_order_are_refused_at_any_depth(value: Any) -> None:
    shuffled = cbor2.dumps(_reversed(value))
    if shuffled == encode(value):
        assert decode(shuffled) == value
    else:
        with pytest.raises(NotCanonical):
            decode(shuffled)


def test_nesting_is_bounded() -> None:
    for container in (b"\x81", b"\xa1\x61a"):
        for inside in (b"\x80", b"\xa0"):
            assert decode(container * (NESTING_DEPTH_MAX - 1) + inside)
        assert decode(container * NESTING_DEPTH_MAX + b"\x00")
        for depth in (NESTING_DEPTH_MAX, 100, 60_000):
            for inside in (b"\x80", b"\xa0", b"\x81\x00"):
                with pytest.raises(NotCanonical):
                    decode(container * depth + inside)


def test_integers_are_of_64_bits() -> None:
    for number in (-(2**63), 2**64 - 1, 0, -1):
        assert decode(encode(number)) == number
    for number in (-(2**63) - 1, 2**64):
        with pytest.raises(NotCanonical):
            decode(encode(number))


def test_strangers_maps_are_not_kept() -> None:
    """Which forms were in order is remembered, but not what somebody made up to fill the memory."""
    first, *large = [encode({f"{number:02}{name:04}": None for name in range(5_000)}) for number in range(8)]
    decode(first)
    tracemalloc.start()
    try:
        deque(map(decode, large), maxlen=0)
        assert tracemalloc.get_traced_memory()[0] < 1 << 20
        for number in range(2_000):
            decode(encode({f"{number:064}{name}": None for name in range(10)}))
            decode(encode({f"{number:04}{name}": None for name in range(10)}))
        assert tracemalloc.get_traced_memory()[0] < 2 << 20
    finally:
        tracemalloc.stop()


def _reversed(value: Any) -> Any:
    """The same value with the keys of every map the other way round."""
    if isinstance(value, dict):
        canonical = sorted(value, key=lambda name: (len(name.encode()), name.encode()))
        return {name: _reversed(value[name]) for name in reversed(canonical)}
    if isinstance(value, list):
        return [_reversed(item) for item in value]
    return value
