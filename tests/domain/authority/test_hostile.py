"""Hostile certificates and cuts: whatever the bytes, an answer comes, and what is too long is refused by its length."""

from __future__ import annotations

import random
from typing import Any

import pytest

from domain.authority.enrolment import Certificate, certify, rank_of, read_certificate, read_chain
from domain.canonical import encode
from domain.errors import InvalidInput
from domain.ids import DeviceKey, StreamId
from domain.limits import ADMITTED_EVENTS_MAX, CERTIFICATE_BYTES_MAX, CUT_EVENTS_MAX
from domain.verdict import ACCEPTED, void
from tests.cases.authority import House, papers
from tests.making import key

STREAM = StreamId(bytes(32))


def test_no_bytes_break_the_reading_of_certificates() -> None:
    dice = random.Random(1)
    data, signature = papers("dan", "phone")["enrolment"][0]
    device = DeviceKey(key("phone").device)
    assert not read_chain(((data, signature),), device, STREAM).fault
    for _ in range(2_000):
        changed = bytearray(data)
        for _ in range(dice.randint(1, 3)):
            changed[dice.randrange(len(changed))] = dice.randrange(256)
        if bytes(changed) != data:
            assert read_chain(((bytes(changed), signature),), device, STREAM).fault
        read_certificate(dice.randbytes(dice.randrange(64)))
    assert read_certificate(bytes(CERTIFICATE_BYTES_MAX + 1)) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"powers": ["manage", "enrol"]},
        {"powers": ["enrol", "enrol"]},
        {"powers": ["root"]},
        {"powers": "enrol"},
        {"principal": "did:key:zzz"},
        {"principal": 7},
        {"device": "phone"},
        {"node": 7},
        {"stream": 7},
        {"device": bytes(32)},
        {"device": bytes(31)},
        {"node": "nobody"},
        {"stream": bytes(31)},
        {"until": 1},
    ],
    ids=repr,
)
def test_a_certificate_has_one_form(fields: dict[str, Any]) -> None:
    good: dict[str, Any] = {"principal": key("dan").did, "device": key("phone").device, "powers": []}
    assert read_certificate(encode(good)) is not None
    assert read_certificate(encode({**good, **fields})) is None


def test_cuts_are_short_sorted_and_name_nothing_twice() -> None:
    house = House()
    known = sorted(event.id for event in house.events)
    unseen = sorted(number.to_bytes(32, "big") for number in range(CUT_EVENTS_MAX + 1))
    for cut, expected in (
        (known, ACCEPTED),
        (known[::-1], void("payload-invalid")),
        (known[:1] * 2, void("payload-invalid")),
        (unseen, void("payload-invalid")),
        (unseen[:-1], void("cut-unknown")),
    ):
        draft = house.draft("root", "member.revoked.v1", {"principal": key("dan").did, "cut": cut})
        assert house.node.engine.foresee(draft) == expected
    for count, expected in ((ADMITTED_EVENTS_MAX, ACCEPTED), (ADMITTED_EVENTS_MAX + 1, void("payload-invalid"))):
        names = sorted(number.to_bytes(32, "big") for number in range(count))
        draft = house.draft("root", "events.admitted.v1", {"events": names})
        assert house.node.engine.foresee(draft) == expected


def test_a_certificate_says_what_it_was_made_with_and_no_more() -> None:
    plain = Certificate(key("dan").did, DeviceKey(key("phone").device), ("manage",))
    data, _ = certify(plain, key("dan"))
    assert data == encode({"principal": key("dan").did, "device": key("phone").device, "powers": ["manage"]})
    assert read_certificate(data) == plain
    for wrong in (plain._replace(powers=("root",)), plain._replace(device=DeviceKey(bytes(32)))):
        with pytest.raises(InvalidInput):
            certify(wrong, key("dan"))


def test_a_chain_is_as_good_as_each_of_its_links() -> None:
    safe, phone = DeviceKey(key("safe").device), DeviceKey(key("phone").device)
    recovery = certify(Certificate(key("dan").did, safe, ("enrol",)), key("dan"))
    first = certify(Certificate(key("dan").did, safe, ("manage",)), key("dan"))
    last = certify(Certificate(key("dan").did, phone), key("safe"))
    other = certify(Certificate(key("eve").did, phone), key("safe"))
    garbage = (b"\xff", bytes(64))
    unsound = (last[0], last[1][:32] + b"\xff" * 32)
    assert not read_chain((recovery, last), phone, STREAM).fault
    for chain, fault in (
        ((garbage, last), "enrolment-invalid"),
        ((recovery, garbage), "enrolment-invalid"),
        ((recovery, other), "enrolment-invalid"),
        ((recovery, unsound), "enrolment-invalid"),
        ((recovery, (last[0], other[1])), "enrolment-forged"),
        ((first, last), "enrolment-forged"),
    ):
        assert read_chain(chain, phone, STREAM).fault == fault
    ranks = [rank_of(chain) for chain in ((recovery,), (first,), (last,), (recovery, last), (recovery, garbage))]
    assert ranks == [2, 1, 0, 0, 0]
