"""The node signs for people whose device keys it keeps, and the log judges them like anybody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from domain.actor import ANONYMOUS, Actor
from domain.authority.enrolment import Certificate, certify
from domain.envelope import RawEvent, open_event, seal
from domain.errors import Forbidden, Unauthenticated
from domain.fold.kind import write_payload
from domain.identity.created import IdentityCreated
from domain.ids import parse_stream_id
from domain.keys import SigningKey
from domain.pen import Pen
from storage.datadir import DataDir
from tests.gitant.writer.world import KEY, World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


ROOT = SigningKey(b"\x11" * 32)
DEVICE = SigningKey(b"\x12" * 32)
CHAIN = (certify(Certificate(ROOT.did, DEVICE.device, (), KEY.did), ROOT),)
ANN = Actor(ROOT.did, door="session")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(DataDir(tmp_path / "node"), pens={ROOT.did: Pen(DEVICE, ROOT.did, CHAIN)})
    _submit_identity(world)
    yield world
    world.close()


def _submit_identity(world: World) -> None:
    fields = {"kind": "identity.created.v1", "seq": 1, "parents": [], "lamport": 1, "time": world.tick()}
    fields |= {"roots": [ROOT.did], "threshold": 1, "nonce": b"\x00" * 16}
    event = seal(fields, write_payload(IdentityCreated(name="ann"), b"\x00" * 16), ROOT)
    world.run("event.submit", header=event.header, signature=event.signature, payload=event.payload)


def test_an_account_makes_a_repository_of_its_own(world: World) -> None:
    repo = parse_stream_id(world.run("repository.create", ANN, name="hers").events[-1])
    row = world.views.repo(repo.hex())
    assert row is not None
    assert row.owner == "ann"
    world.run("issue.open", ANN, repo=repo, title="Dust")
    signed = [open_event(RawEvent(row.header, row.signature, row.payload)) for row in world.log.read(1, 9)]
    assert {(event.author, event.device) for event in signed} == {(ROOT.did, DEVICE.device)}
    assert [bool(event.enrolment) for event in signed] == [True, False], (
        "the certificates are in the feed's first event"
    )


def test_who_has_no_role_is_judged_as_anybody(world: World) -> None:
    theirs = world.repo("operators-own")
    world.run("issue.open", ANN, repo=theirs, title="From a guest")
    with pytest.raises(Forbidden):
        world.run("label.create", ANN, repo=theirs, name="mine", color="ff0000")
    world.run("member.change", repo=theirs, user=ROOT.did, role="developer")
    world.run("label.create", ANN, repo=theirs, name="mine", color="ff0000")


@pytest.mark.parametrize("end", ["member.remove", "custodian.revoke", "device.revoke"])
def test_who_was_ended_signs_no_more(world: World, end: str) -> None:
    theirs = world.repo("operators-own")
    world.run("member.change", repo=theirs, user=ROOT.did, role="developer")
    world.run("label.create", ANN, repo=theirs, name="mine", color="ff0000")
    named: dict[str, dict[str, Any]] = {"member.remove": {"user": ROOT.did}, "custodian.revoke": {"node": KEY.did}}
    world.run(end, repo=theirs, **named.get(end, {"device": DEVICE.did}))
    with pytest.raises(Forbidden):
        world.run("label.create", ANN, repo=theirs, name="more", color="ff0000")


def test_nobody_is_signed_for_whose_key_is_not_here(world: World) -> None:
    other = Actor(SigningKey(b"\x13" * 32).did, door="session")
    with pytest.raises(Forbidden, match="keeps no key of yours"):
        world.run("repository.create", other, name="theirs")
    with pytest.raises(Unauthenticated):
        world.run("repository.create", ANONYMOUS, name="theirs")
    world.pens.clear()
    with pytest.raises(Forbidden, match="keeps no key of yours"):
        world.run("repository.create", ANN, name="hers")
