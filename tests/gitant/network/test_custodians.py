"""Which nodes may have a private repository because they keep a key for somebody with a role, and which only say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.actor import Actor
from domain.authority.enrolment import Certificate, certify
from domain.envelope import open_event, seal
from domain.fold.kind import write_payload
from domain.identity.certificates import SignedCertificate
from domain.identity.device_enrolled import DeviceEnrolled
from domain.identity.device_revoked import DeviceEnded
from domain.keys import SigningKey, did_of
from gitant.custody import Vault
from gitant.network.index import ViewsIndex
from gitant.network.parcels import store_request
from gitant.reception.making import Made, make_principal
from gitant.recovery import seed_of
from projections.database import open_readonly
from storage.blobs import DiskBlobs
from storage.git.store import DiskGitStore
from storage.held import SqliteHeld
from tests.gitant.writer.world import KEY, World, make_world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from domain.envelope import Event
    from domain.ids import Did, StreamId

HOST, LIAR = SigningKey(b"\x21" * 32), SigningKey(b"\x22" * 32)
REPLICA = Actor(None, operator=True, door="replication")


class Scene:
    """A node with a private repository, and what its network process makes of it."""

    def __init__(self, path: Path) -> None:
        self.world: World = make_world(path)
        self.repo: StreamId = self.world.repo(private=True)
        folder = self.world.folder
        self.views = open_readonly(folder.views)
        self.held = SqliteHeld(folder.local)
        store, blobs = DiskGitStore(folder.repos), DiskBlobs(folder.blobs)
        self.index = ViewsIndex(self.views, self.world.log, self.held, store, blobs)

    def close(self) -> None:
        self.views.close()
        self.held.close()
        self.world.close()

    def takes(self, *events: Event) -> None:
        """What a peer sends."""
        self.world.run("replica.store", REPLICA, **store_request(events, ()))

    def role(self, did: Did, role: str = "viewer") -> None:
        self.world.run("member.change", repo=self.repo, user=did, role=role)

    def may(self, node: SigningKey) -> bool:
        self.index.refresh()
        return self.index.may_read(self.repo, node.did)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    yield scene
    scene.close()


def account(node: SigningKey, name: str = "kay") -> Made:
    """Somebody whose device a node keeps, as it is when an account is made there."""
    drawn = iter(range(1, 100))
    return make_principal(
        name,
        "",
        node=node.did,
        vault=Vault(node.did.encode()[:32]),
        now_ms=1_790_000_000_000,
        random_bytes=lambda size: bytes([next(drawn) + len(name)]) * size,
    )


def root_of(made: Made) -> SigningKey:
    """The root key, which is handed out and not kept."""
    return SigningKey(seed_of(made.recovery)[0])


def events_of(made: Made) -> list[Event]:
    return [open_event(raw) for raw in made.events]


def said(made: Made, key: SigningKey, kind: str, payload: DeviceEnrolled | DeviceEnded) -> Event:
    """Another event of somebody's identity stream."""
    events = events_of(made)
    begin, last = events[0], events[-1]
    fields = {"kind": kind, "stream": begin.id, "entity": bytes(begin.id), "parents": [last.id]}
    more = {"seq": last.seq + 1, "prev": last.id, "lamport": last.lamport + 1, "time": last.time}
    return seal({**fields, **more}, write_payload(payload, b"s" * 16), key)


def test_who_keeps_a_key_of_a_reader_gets_what_that_one_may_read(scene: Scene) -> None:
    kay = account(HOST)
    scene.role(kay.did)
    assert not scene.may(HOST), "nobody has seen a certificate"
    assert kay.did in scene.index.unnamed(10), "so it is sought"
    scene.takes(*events_of(kay))
    assert scene.may(HOST)
    assert scene.index.keys_changed, "and what is offered to whom is looked at again"
    assert not scene.may(LIAR)
    assert kay.did not in scene.index.unnamed(10)
    scene.world.run("member.remove", repo=scene.repo, user=kay.did)
    assert not scene.may(HOST), "with the role it ends"


def test_saying_so_makes_nobody_a_custodian(scene: Scene) -> None:
    kay, mallory = account(HOST), account(LIAR, "mallory")
    scene.role(kay.did)
    scene.takes(*events_of(kay), *events_of(mallory))
    assert not scene.may(LIAR), "it keeps keys, but of nobody with a role"
    device = SigningKey(b"\x23" * 32).device
    root = root_of(mallory)
    for signer in (root, LIAR):
        forged = certify(Certificate(kay.did, device, (), LIAR.did), signer)
        payload = DeviceEnrolled(certificates=[SignedCertificate(certificate=forged[0], signature=forged[1])])
        scene.takes(said(mallory, root, "identity.device_enrolled.v1", payload))
        assert not scene.may(LIAR), "kay's key has not signed it"
    # A certificate of kay's that names another node, with the node's name written over.
    data, signature = certify(Certificate(kay.did, device, (), HOST.did), root_of(kay))
    spoiled = data.replace(HOST.did.encode(), LIAR.did.encode())
    payload = DeviceEnrolled(certificates=[SignedCertificate(certificate=spoiled, signature=signature)])
    scene.takes(said(kay, root_of(kay), "identity.device_enrolled.v1", payload))
    assert not scene.may(LIAR)
    assert scene.may(HOST)


@pytest.mark.parametrize("way", ["device", "node", "everywhere"])
def test_what_was_ended_counts_no_more(scene: Scene, way: str) -> None:
    kay = account(HOST)
    scene.role(kay.did)
    scene.takes(*events_of(kay))
    assert scene.may(HOST)
    if way == "node":
        scene.world.run("custodian.revoke", repo=scene.repo, node=HOST.did)
    elif way == "device":
        scene.world.run("device.revoke", repo=scene.repo, device=did_of(kay.device.device))
    else:
        root = root_of(kay)
        ended = DeviceEnded(device=bytes(kay.device.device))
        scene.takes(said(kay, root, "identity.device_revoked.v1", ended))
    assert not scene.may(HOST)
    other = scene.world.repo("other", private=True)
    scene.world.run("member.change", repo=other, user=kay.did, role="viewer")
    scene.index.refresh()
    assert scene.index.may_read(other, HOST.did) is (way != "everywhere")


def test_a_certificate_for_one_repository_opens_no_other(scene: Scene) -> None:
    kay = account(LIAR)
    other = scene.world.repo("other", private=True)
    device = SigningKey(b"\x24" * 32).device
    root = root_of(kay)
    data, signature = certify(Certificate(kay.did, device, (), HOST.did, other), root)
    bound = DeviceEnrolled(certificates=[SignedCertificate(certificate=data, signature=signature)])
    scene.takes(*events_of(kay), said(kay, root, "identity.device_enrolled.v1", bound))
    for repo in (scene.repo, other):
        scene.world.run("member.change", repo=repo, user=kay.did, role="viewer")
    assert not scene.may(HOST)
    assert scene.index.may_read(other, HOST.did)
    assert KEY.did not in {HOST.did, did_of(device)}
