"""Writing with a device of one's own: heads to sign on, certificates, and what the door says of wrong ones."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from domain.authority.enrolment import Certificate, certify
from domain.authority.enrolment_text import chain_text
from domain.canonical import decode
from domain.comment.added import CommentAdded
from domain.content.redacted import EventRedacted
from domain.envelope import seal
from domain.identity.certificates import SignedCertificate
from domain.identity.described import IdentityDescribed
from domain.identity.device_enrolled import DeviceEnrolled
from domain.identity.device_revoked import DeviceEnded
from domain.issue.opened import IssueOpened
from domain.keys import SigningKey
from domain.refs.moved import Move, RefsMoved
from gitant.signing import Heads, Signer, posted
from tests.api.node import enrol
from tests.gitant.writer.world import KEY

if TYPE_CHECKING:
    from domain.authority.enrolment import Chain
    from domain.fold.kind import Payload
    from tests.api.client import Client
    from tests.api.node import Node

EVENTS = "/api/v1/events"
GRACE = SigningKey(b"\x21" * 32)
LAPTOP = SigningKey(b"\x22" * 32)
RECOVERY = SigningKey(b"\x23" * 32)
THIEF = SigningKey(b"\x24" * 32)
CHANCE = random.Random(5)


def signer(key: SigningKey, *chains: Chain) -> Signer:
    return Signer(key, chains, lambda: 1_790_000_000_000, CHANCE.randbytes)


def enrolment(device: SigningKey, *powers: str, by: SigningKey = GRACE, **more: Any) -> Chain:
    return (certify(Certificate(GRACE.did, device.device, powers, **more), by),)


def write(
    api: Client, by: Signer, where: str, kind: str, entity: bytes, payload: Payload, expect: int | None = None
) -> Any:
    heads = msgspec.convert(api.get(f"{where}/heads?device={by.key.did}").json(), Heads)
    return api.post(EVENTS, posted(by.next(heads, kind, entity, payload)), expect=expect or 201).json()


@pytest.fixture(scope="module")
def grace(node: Node) -> SigningKey:
    """Somebody whose identity this node knows."""
    enrol(node, GRACE, "grace")
    return GRACE


def stream_of(repo: str) -> bytes:
    return bytes.fromhex(repo.rpartition("/")[2])


def test_an_enrolled_device_writes(anyone: Client, repo: str, grace: SigningKey) -> None:
    by, stream = signer(LAPTOP, enrolment(LAPTOP)), stream_of(repo)
    opened = write(anyone, by, repo, "issue.opened.v1", stream, IssueOpened(title="From the train", number=1))
    said = write(anyone, by, repo, "comment.added.v1", bytes.fromhex(opened["id"]), CommentAdded(body="Still on it"))
    assert (opened["author"], opened["device"]) == (grace.did, LAPTOP.device.hex())
    assert (opened["seq"], said["seq"], said["header"]["prev"]) == (1, 2, opened["id"])
    assert "enrolment" not in said["header"]
    assert anyone.get(f"{repo}/issues/1").json()["author"] == grace.did


def test_an_enrolled_device_of_the_owner_moves_refs(anyone: Client, api: Client, repo: str) -> None:
    api.post(f"{repo}/labels", {"name": "bug"})
    laptop = SigningKey(b"\x25" * 32)
    chain = (certify(Certificate(KEY.did, laptop.device), KEY),)
    move = Move(ref="refs/heads/main", old=None, new=b"\x01" * 20, replaces=[])
    answer = write(
        anyone, signer(laptop, chain), repo, "refs.moved.v1", stream_of(repo), RefsMoved(moves=[move]), expect=409
    )
    assert "push the objects first" in answer["hint"]  # it is let in, and what it names is not here


@pytest.mark.parametrize(
    ("chain", "reason"),
    [
        ((), "not-enrolled"),
        (enrolment(LAPTOP), "enrolment-forged"),
        (enrolment(THIEF, by=THIEF), "enrolment-forged"),
        (enrolment(THIEF, stream=b"\x07" * 32), "enrolment-elsewhere"),
        ((*enrolment(RECOVERY, "manage"), *enrolment(THIEF, by=RECOVERY)), "enrolment-forged"),
    ],
)
@pytest.mark.parametrize("kind", ["issue.opened.v1", "pull.opened.v1"])
def test_a_device_that_is_not_enrolled_is_refused(
    anyone: Client, repo: str, grace: SigningKey, chain: Chain, reason: str, kind: str
) -> None:
    heads = msgspec.convert(anyone.get(f"{repo}/heads?device={THIEF.did}").json(), Heads)
    honest = signer(THIEF, enrolment(THIEF)).next(heads, kind, stream_of(repo), IssueOpened(title="x", number=1))
    assert honest.payload is not None
    header: Any = decode(honest.header)
    header = {name: value for name, value in header.items() if name not in ("enrolment", "payload", "size", "v")}
    if chain:
        header["enrolment"] = [list(link) for link in chain]
    forged = seal(header, honest.payload, THIEF)
    assert anyone.post(EVENTS, posted(forged), expect=403).json()["reason"] == reason
    anyone.post(EVENTS, posted(honest), expect=201)


def test_heads_name_what_a_device_has_to_go_on_from(api: Client, anyone: Client, repo: str) -> None:
    heads = anyone.get(f"{repo}/heads?device={LAPTOP.device.hex()}").json()
    genesis = repo.rpartition("/")[2]
    assert heads == {"stream": genesis, "parents": [genesis], "seq": 1, "prev": None, "lamport": 2}
    event = api.post(f"{repo}/issues", {"title": "Dust"}).json()["event"]
    heads = anyone.get(f"{repo}/heads?device={KEY.did}").json()
    assert heads == {"stream": genesis, "parents": [event], "seq": 3, "prev": event, "lamport": 3}
    anyone.get(f"{repo}/heads?device=x", 422)
    anyone.get(f"{repo}/heads", 422)
    grace = anyone.get(f"/api/v1/agents/{KEY.did}/heads?device={KEY.did}").json()
    assert (grace["seq"], grace["lamport"]) == (2, 2)
    anyone.get(f"/api/v1/agents/{THIEF.did}/heads?device={KEY.did}", 404)


def test_a_device_that_its_identity_ended_is_refused_at_once(anyone: Client, repo: str, grace: SigningKey) -> None:
    where, own = f"/api/v1/agents/{grace.did}", signer(grace)
    stream = bytes.fromhex(anyone.get(f"{where}/heads?device={grace.did}").json()["stream"])
    phone, paper = SigningKey(b"\x26" * 32), SigningKey(b"\x27" * 32)

    def papers(chain: Chain) -> list[SignedCertificate]:
        return [SignedCertificate(certificate=data, signature=signature) for data, signature in chain]

    for chain in (enrolment(phone), enrolment(paper, "enrol")):
        write(anyone, own, where, "identity.device_enrolled.v1", stream, DeviceEnrolled(certificates=papers(chain)))
    methods = anyone.get(f"/api/v1/agents/resolve/{grace.did}").json()["verificationMethod"]
    assert [each["publicKeyMultibase"] for each in methods] == [
        did.removeprefix("did:key:") for did in (grace.did, *sorted((phone.did, paper.did)))
    ]
    assert [each["publicKeyMultibase"] for each in methods if each.get("recovery")] == [paper.did[8:]]

    issue = IssueOpened(title="Mine", number=1)
    by = signer(phone, enrolment(phone))
    write(anyone, by, repo, "issue.opened.v1", stream_of(repo), issue)
    # A plain device ends no other; the recovery key ends it, and shows by its certificate that it may.
    kind = "identity.device_revoked.v1"
    write(anyone, by, where, kind, stream, DeviceEnded(device=paper.device, certificates=[]), 403)
    ended = DeviceEnded(device=phone.device, certificates=papers(enrolment(paper, "enrol")))
    write(anyone, signer(paper, enrolment(paper, "enrol")), where, kind, stream, ended)
    refused = write(anyone, by, repo, "issue.opened.v1", stream_of(repo), issue, 403)
    assert (refused["type"], refused["reason"]) == ("/problems/void-event", "device-revoked")
    write(anyone, own, repo, "issue.opened.v1", stream_of(repo), issue)
    methods = anyone.get(f"/api/v1/agents/resolve/{grace.did}").json()["verificationMethod"]
    assert phone.did[8:] not in [each["publicKeyMultibase"] for each in methods]


def test_a_profile_is_written_by_its_principal(anyone: Client, node: Node, grace: SigningKey) -> None:
    where = f"/api/v1/agents/{grace.did}"
    stream = bytes.fromhex(anyone.get(f"{where}/heads?device={grace.did}").json()["stream"])
    words = IdentityDescribed(display_name="Grace H.", about="Counts.", replaces=[stream])
    write(anyone, signer(grace), where, "identity.described.v1", stream, words)
    found = node.world.views.identity(grace.did)
    assert found is not None
    assert msgspec.json.decode(found[1])["display_name"] == "Grace H."
    write(anyone, signer(KEY), where, "identity.described.v1", stream, words, 403)


def test_any_did_key_can_be_resolved(anyone: Client) -> None:
    found = anyone.get(f"/api/v1/agents/resolve/{THIEF.did}").json()
    assert (found["id"], len(found["verificationMethod"])) == (THIEF.did, 1)
    assert anyone.get(f"/api/v1/agents/resolve/{KEY.did}").json() == anyone.get("/.well-known/did.json").json()
    anyone.get("/api/v1/agents/resolve/did:web:example.org", 404)


def test_the_operator_says_something_and_takes_it_back(api: Client, anyone: Client, node: Node) -> None:
    where = f"/api/v1/agents/{KEY.did}"
    anyone.patch(where, {"about": "Counts."}, 401)
    api.patch(where, {}, 422)
    api.patch(where, {"website": "javascript:alert(1)"}, 422)
    api.patch(f"/api/v1/agents/{THIEF.did}", {"about": "Somebody else."}, 403)
    first = api.patch(where, {"display_name": "The Operator", "about": "Counts."})
    said = first.json()
    assert (said["name"], said["display_name"], said["about"]) == ("operator", "The Operator", "Counts.")
    api.patch(where, {"website": "https://example.org"}, headers={"if-match": first.headers["etag"]})
    api.patch(where, {"about": "x"}, 412, headers={"if-match": first.headers["etag"]})
    shown = anyone.get("/api/v1/agents/operator").json()
    assert (shown["about"], shown["website"], len(shown["profile_events"])) == ("Counts.", "https://example.org", 2)
    anyone.delete(f"{where}/profile", 401)
    forgotten = api.delete(f"{where}/profile", 200).json()
    assert not {"display_name", "about", "website", "profile_events", "profile_heads"} & forgotten.keys()
    assert [anyone.get(f"{EVENTS}/{name}").json()["payload"] for name in shown["profile_events"]] == [None, None]
    assert api.patch(where, {"about": "Anew."}).json()["about"] == "Anew."
    anyone.get(f"/api/v1/agents/{THIEF.did}", 404)
    anyone.get("/api/v1/agents/nobody", 404)


def test_devices_of_the_operator_are_made_known_by_certificate(api: Client, anyone: Client) -> None:
    where, paper = f"/api/v1/agents/{KEY.did}/devices", SigningKey(b"\x31" * 32)
    line = chain_text((certify(Certificate(KEY.did, paper.device, ("enrol",)), KEY),))
    anyone.post(where, {"certificate": line}, 401)
    assert {"did": paper.did, "powers": ["enrol"]} in api.post(where, {"certificate": line}).json()["devices"]
    foreign = chain_text((certify(Certificate(THIEF.did, paper.device), THIEF),))
    api.post(where, {"certificate": foreign}, 422)
    api.post(where, {"certificate": "gitant-enrolment:xx"}, 422)


def test_a_principal_takes_back_a_profile(anyone: Client, grace: SigningKey) -> None:
    where = f"/api/v1/agents/{grace.did}"
    begun = bytes.fromhex(anyone.get(where).json()["event"])
    words = IdentityDescribed(display_name="Grace", about="Counts.", replaces=[])
    write(anyone, signer(grace), where, "identity.described.v1", begun, words)
    said = anyone.get(where).json()
    assert said["about"] == "Counts."
    gone = EventRedacted(events=[bytes.fromhex(each) for each in said["profile_events"]])
    stream = bytes.fromhex(said["event"])
    write(anyone, signer(KEY), where, "event.redacted.v1", stream, gone, 403)
    write(anyone, signer(grace), where, "event.redacted.v1", stream, gone)
    assert not {"display_name", "about", "conflicts"} & anyone.get(where).json().keys()
