"""One encoding for each value, and nothing else gets in."""

from __future__ import annotations

from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.canonical import NotCanonical, decode, decode_own, encode
from domain.limits import NESTING_DEPTH_MAX

SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.binary(max_size=40) | st.text(max_size=40)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=30), inner, max_size=5),
    max_leaves=12,
)

REFUSED = {
    "nothing at all": "",
    "a float": "f93c00",
    "a single float": "fa47c35000",
    "a double float": "fb3ff199999999999a",
    "not a number": "f97e00",
    "infinity": "f97c00",
    "a float in an array": "81f93c00",
    "a date as text": "c074323031332d30332d32315432303a30343a30305a",
    "a date as a number": "c11a514b67b0",
    "a bignum": "c249010000000000000000",
    "a small bignum": "c24101",
    "a negative bignum": "c349010000000000000000",
    "a decimal fraction": "c48221196ab3",
    "a bigfloat": "c5822003",
    "encoded CBOR": "d818456449455446",
    "a URI": "d82076687474703a2f2f7777772e6578616d706c652e636f6d",
    "a regular expression": "d8236161",
    "a shared value": "d81c80",
    "a reference to itself": "d81c81d81d00",
    "a string reference": "d90100824141d81900",
    "a set": "d9010280",
    "an IP address": "d9010444c00a0a01",
    "the self-described tag": "d9d9f700",
    "an unknown tag": "da7fffffff00",
    "undefined": "f7",
    "a simple value": "f0",
    "a long simple value": "f8ff",
    "false in two bytes": "f814",
    "break alone": "ff",
    "an indefinite array": "9fff",
    "an indefinite map": "bfff",
    "indefinite bytes": "5f4101ff",
    "indefinite text": "7f6161ff",
    "a long zero": "1800",
    "23 in two bytes": "1817",
    "255 in three bytes": "1900ff",
    "65535 in five bytes": "1a0000ffff",
    "2^32-1 in nine bytes": "1b00000000ffffffff",
    "a long negative": "3800",
    "under -2^63": "3b8000000000000000",
    "a long length of bytes": "580101",
    "a long length of text": "780161",
    "a long length of an array": "980100",
    "a long length of a map": "b801616100",
    "a key twice": "a2616100616101",
    "keys in the wrong order": "a2616200616100",
    "a longer key first": "a262616100616200",
    "a bytes key": "a1416100",
    "an integer key": "a10100",
    "a null key": "a1f600",
    "an array key": "a1800000",
    "text that is no UTF-8": "61ff",
    "a surrogate in text": "63eda080",
    "an overlong encoding": "62c080",
    "bytes after the value": "0000",
    "an array that ends early": "8201",
    "text that ends early": "6261",
    "a map without its last value": "a16161",
    "a reserved head": "1c",
    "an array of 2^64-1": "9bffffffffffffffff",
    "an array of 2^30": "9b0000000040000000",
    "bytes of 2^64-1": "5bffffffffffffffff",
    "a map of 2^63": "bb7fffffffffffffff",
}


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


def _reversed(value: Any) -> Any:
    """The same value with the keys of every map the other way round."""
    if isinstance(value, dict):
        canonical = sorted(value, key=lambda name: (len(name.encode()), name.encode()))
        return {name: _reversed(value[name]) for name in reversed(canonical)}
    if isinstance(value, list):
        return [_reversed(item) for item in value]
    return value
