"""Hostile certificates and cuts: whatever the bytes, an answer comes, and what is too long is refused by its length."""

from __future__ import annotations

import random
from typing import Any

import pytest

from domain.authority.enrolment import read_certificate, read_chain
from domain.canonical import encode
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
