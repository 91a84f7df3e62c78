"""The keys that sign in somebody's name, on a page of theirs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from domain.authority.enrolment import Certificate, certify
from domain.authority.enrolment_text import chain_text
from domain.keys import SigningKey, key_of
from gitant.recovery import seed_of
from tests.api.node import TOKEN
from tests.api.pages.visitor import Visitor, words
from tests.gitant.writer.world import KEY
from tests.making import key

if TYPE_CHECKING:
    from litestar.testing import TestClient

DEVICES = "/settings/devices"


@pytest.fixture
def nan(http: TestClient[Any], request: pytest.FixtureRequest) -> Visitor:
    """Somebody with an account that no other test uses."""
    found = Visitor(http, f"n-{request.node.name.removeprefix('test_')[:30]}".replace("_", "-").rstrip("-"))
    found.register()
    return found


def root_of(person: Visitor) -> SigningKey:
    return SigningKey(seed_of(person.recovery)[0])


def test_a_device_is_told_of_and_ended_once_somebody_is_sure(nan: Visitor, stranger: Visitor) -> None:
    page = nan.open(DEVICES)
    (kept,) = re.findall(r'value="end:(did:key:\w+)"', page)
    assert "by your root key" in words(page)
    (event,) = re.findall(r'href="(/-/events/\w{64})">signed', page)
    assert "identity.device_enrolled.v1 accepted" in words(stranger.open(event))
    refused = nan.send(DEVICES, act=f"end:{kept}", expect=422)
    assert "tick the box" in words(refused).lower()
    assert nan.send(DEVICES, act=f"end:{kept}", sure="1") == DEVICES
    page = nan.open(DEVICES)
    assert f'value="end:{kept}"' not in page
    assert f"Ended 1 {kept}" in words(page)
    assert "keeps no such key" in words(nan.send(DEVICES, act=f"end:{kept}", sure="1", expect=403))
    nan.send("/new", name="after", expect=403)


def test_a_key_is_made_certified_by_the_recovery_line_and_signs(nan: Visitor) -> None:
    root = root_of(nan)
    (kept,) = re.findall(r'value="end:(did:key:\w+)"', nan.open(DEVICES))
    nan.send(DEVICES, act=f"end:{kept}", sure="1")
    made = nan.send(DEVICES, act="make", expect=200)
    ((device, node),) = re.findall(r"identity enroll (did:key:\w+) --node (did:key:\w+)", made)
    assert node == KEY.did
    wrong = nan.send(DEVICES, act="enrol", certificate="gitant-enrolment:<b>", expect=422)
    assert "gitant-enrolment:&lt;b&gt;" in wrong, "what was typed is still there"
    papers = certify(Certificate(root.did, key_of(device), (), node), root)
    assert nan.send(DEVICES, act="enrol", certificate=f" {chain_text((papers,))}\r\n") == DEVICES
    assert f'value="end:{device}"' in nan.open(DEVICES)
    nan.make_repo("again")


def test_a_device_elsewhere_is_ended_with_the_root_key(nan: Visitor) -> None:
    root, laptop = root_of(nan), key("laptop of nan")
    papers = certify(Certificate(root.did, laptop.device, ("manage",)), root)
    nan.send(DEVICES, act="enrol", certificate=chain_text((papers,)))
    page = nan.open(DEVICES)
    assert f"gitant identity revoke {laptop.did} --announce http://" in page
    assert f'value="end:{laptop.did}"' not in page
    assert "may end plain devices" in words(page)
    nan.send(DEVICES, act=f"end:{laptop.did}", sure="1", expect=403)
    nan.send(DEVICES, act="end:nothing", sure="1", expect=404)
    nan.send(DEVICES, act="jump", expect=422)


def test_the_operator_has_a_page_of_devices_too(http: TestClient[Any]) -> None:
    operator = Visitor(http, "operator")
    operator.send("/login", username="operator", password=TOKEN)
    assert "your root key alone signs for you" in words(operator.open(DEVICES))
