"""The quick way to read a header says what the general way says, or nothing."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.canonical import NotCanonical, decode, encode
from domain.errors import Rejected
from domain.header import KNOWN_FIELDS, check_fields
from domain.quick import read_usual
from tests.cases.kinds import repository
from tests.cases.rejected import rejected

REJECTED = [case for case in rejected() if len(case.raw.header) <= 4096]
ORDINARY = sorted({event.header for event in repository().events if not event.genesis})


def general(header: bytes) -> dict[str, Any] | None:
    """The fields, or None if there is anything that the quick way may not read."""
    try:
        fields = decode(header)
        if not isinstance(fields, dict):
            return None
        check_fields(fields)
    except (NotCanonical, Rejected):
        return None
    return fields if fields["v"] == 1 and "stream" in fields and KNOWN_FIELDS.issuperset(fields) else None


def assert_same(header: bytes) -> bool:
    """Whether the quick way read it; if so, it read what there is."""
    usual = read_usual(header)
    if usual is None:
        return False
    fields = general(header)
    assert fields is not None, "the general way refuses it"
    said = {name: value for name, value in usual._asdict().items() if value is not None}
    assert fields == {**said, "v": 1, "parents": list(usual.parents)}
    return True


def test_what_people_write_is_usual() -> None:
    assert all(assert_same(header) for header in ORDINARY if "enrolment" not in decode(header))


@pytest.mark.parametrize("case", REJECTED, ids=lambda case: f"{case.code} {case.name}")
def test_what_is_refused_is_not_read(case: Any) -> None:
    assert_same(case.raw.header)


@cache
def headers() -> list[dict[str, Any]]:
    return [decode(header) for header in ORDINARY]


@given(st.data())
def test_any_change_of_bytes(data: st.DataObject) -> None:
    header = bytearray(data.draw(st.sampled_from(ORDINARY)))
    for _ in range(data.draw(st.integers(1, 3))):
        header[data.draw(st.integers(0, len(header) - 1))] = data.draw(st.integers(0, 255))
    assert_same(bytes(header))


NUMBERS = st.one_of(st.integers(-2, 2**64 - 1), st.sampled_from([0, 1, 23, 24, 255, 256, 65535, 65536, 2**32, 2**53]))
CHANGES: dict[str, st.SearchStrategy[Any]] = {
    "seq": NUMBERS,
    "lamport": NUMBERS,
    "time": NUMBERS,
    "size": NUMBERS,
    "v": st.integers(0, 3),
    "kind": st.text(st.sampled_from("abkindsize.v1-_Zé"), max_size=70),
    "author": st.text(st.sampled_from("did:keyz6Mk"), max_size=70),
    "parents": st.lists(st.binary(min_size=31, max_size=32), max_size=22),
    "prev": st.binary(min_size=32, max_size=32),
    "entity": st.binary(min_size=30, max_size=33),
}


@given(st.data())
def test_any_change_of_fields(data: st.DataObject) -> None:
    fields = dict(data.draw(st.sampled_from(headers())))
    for name in data.draw(st.lists(st.sampled_from(sorted(CHANGES)), max_size=3, unique=True)):
        fields[name] = data.draw(CHANGES[name])
    for name in data.draw(st.lists(st.sampled_from(sorted(fields)), max_size=1)):
        del fields[name]
    assert_same(encode(fields))


@settings(max_examples=40)
@given(st.data())
def test_whatever_is_usual_is_read(data: st.DataObject) -> None:
    """The quick way is no use if it does not take what it could; each number at the edges of its forms, too."""
    seq, lamport, time, size = (data.draw(NUMBERS.filter(lambda number: 1 <= number <= 2**32)) for _ in range(4))
    kind = data.draw(st.text(st.sampled_from("abkindsize.v1-_Z"), min_size=1, max_size=64))
    ids = st.binary(min_size=32, max_size=32)
    parents = sorted(data.draw(st.sets(ids, min_size=1, max_size=20)))
    fields = headers()[0] | {"seq": seq, "lamport": lamport, "time": time, "size": size, "kind": kind}
    fields |= {"parents": parents, "prev": data.draw(ids), **{name: data.draw(ids) for name in ("payload", "device")}}
    if seq == 1:
        del fields["prev"]
    fields.pop("enrolment", None)
    assert assert_same(encode(fields))


def head(data: st.DataObject, major: int, number: int) -> bytes:
    """A head of CBOR in any of its forms that has room for the number, the shortest or not, and now and then wrong."""
    forms = [size for size in (1, 2, 4, 8) if number < 1 << (8 * size)]
    size = data.draw(st.sampled_from([0, 0, 0, *forms]) if number < 24 else st.sampled_from([forms[0], *forms]))
    if not size:
        return bytes([major << 5 | number])
    return bytes([major << 5 | 24 + size.bit_length() - 1]) + number.to_bytes(size, "big")


def encoded(data: st.DataObject, value: Any) -> bytes:
    """A value as CBOR, canonical or not."""
    if isinstance(value, int):
        return head(data, 0, value)
    if isinstance(value, list):
        items: list[Any] = value
        return head(data, 4, len(items)) + b"".join([encoded(data, item) for item in items])
    text = value if isinstance(value, bytes) else value.encode()
    return head(data, 2 if isinstance(value, bytes) else 3, len(text)) + text


@given(st.data())
def test_any_other_encoding_of_the_same_fields(data: st.DataObject) -> None:
    """Longer heads, fields twice, left out or out of order, arrays that say another length than they have."""
    fields = list(data.draw(st.sampled_from(headers())).items())
    for _ in range(data.draw(st.integers(0, 2))):
        at, to = data.draw(st.integers(0, len(fields) - 1)), data.draw(st.integers(0, len(fields) - 1))
        fields[at] = fields[to]
    plain = data.draw(st.booleans())
    parts = [encode(name) + (encode(value) if plain else encoded(data, value)) for name, value in fields]
    header = head(data, 5, len(parts)) + b"".join(parts)
    read = assert_same(header)
    assert not read or header in ORDINARY or len(dict(fields)) == len(fields)
    if data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(header)))
        assert_same(header[:at] + data.draw(st.binary(max_size=40)) + header[at + data.draw(st.integers(0, 40)) :])
