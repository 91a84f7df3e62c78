"""Roles, protections, the audit, alarms, and void events explained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from domain.envelope import seal
from domain.fold.kind import write_payload
from domain.ids import StreamId
from domain.issue.opened import IssueOpened
from domain.keys import SigningKey
from domain.member.demoted import MemberDemoted
from domain.member.granted import MemberGranted
from domain.member.revoked import MemberRevoked
from domain.protection.branch_protected import BranchProtected
from domain.refs.moved import Move, RefsMoved
from domain.repository.created import RepositoryCreated
from domain.repository.described import RepositoryDescribed
from tests.api.history import push_history
from tests.api.node import enrol
from tests.api.test_events import sent, stream_of
from tests.gitant.writer.world import KEY, STRANGER

if TYPE_CHECKING:
    from pathlib import Path

    from domain.fold.kind import Payload
    from tests.api.client import Client
    from tests.api.node import Node

EVENTS = "/api/v1/events"
BOB = SigningKey(b"\x0b" * 32)


@pytest.fixture(scope="module", autouse=True)
def people(node: Node) -> None:
    enrol(node, STRANGER, "ada")
    enrol(node, BOB, "bob")


def signed(node: Node, repo: str, key: SigningKey, kind: str, payload: Payload, **header: Any) -> dict[str, str]:
    stream = stream_of(repo)
    return sent(node.world.signed(key, kind, stream, stream, payload, **header))


def role_of(api: Client, repo: str, user: str) -> str | None:
    found = {each["name"]: each["role"] for each in api.every(f"{repo}/collaborators", "collaborators", per_page=1)}
    return found.get(user)


def test_roles_are_given_reduced_and_taken_away(api: Client, anyone: Client, repo: str) -> None:
    path = f"{repo}/collaborators"
    made = api.post(path, {"user": "ada", "role": "maintainer"}).json()
    assert (made["name"], made["role"], made["changes"][0]["verb"]) == ("ada", "maintainer", "granted")
    events = len(api.every(f"{repo}/events", "events"))
    api.post(path, {"did": STRANGER.did, "role": "maintainer"})
    assert len(api.every(f"{repo}/events", "events")) == events
    assert api.post(path, {"user": "ada", "role": "viewer"}).json()["changes"][0]["verb"] == "demoted"
    api.post(path, {"user": "bob", "role": "owner"})
    listed = anyone.every(path, "collaborators", per_page=1)
    assert [(each["name"], each["role"]) for each in listed] == [
        ("operator", "root"),
        ("bob", "owner"),
        ("ada", "viewer"),
    ]
    api.delete(f"{path}/ada")
    assert role_of(api, repo, "ada") is None
    api.delete(f"{path}/ada", 409)
    api.post(path, {"user": "nobody", "role": "viewer"}, 422)
    api.post(path, {"user": "ada"}, 422)
    api.post(path, {"role": "viewer"}, 422)
    assert api.post(path, {"user": "operator", "role": "viewer"}, 409).json()["type"] == "/problems/conflict"
    anyone.post(path, {"user": "ada", "role": "viewer"}, 401)


def test_who_is_blocked_may_do_nothing_until_that_ends(api: Client, anyone: Client, node: Node, repo: str) -> None:
    assert api.post(f"{repo}/collaborators/ada/block", expect=200).json()["role"] == "blocked"
    blocked = anyone.every(f"{repo}/collaborators", "collaborators", blocked="true")
    assert [each["name"] for each in blocked] == ["ada"]
    issue = IssueOpened(title="Mine", number=1)
    assert (
        anyone.post(EVENTS, signed(node, repo, STRANGER, "issue.opened.v1", issue), 403).json()["reason"] == "revoked"
    )
    assert api.post(f"{repo}/collaborators/ada/unblock", expect=200).json()["role"] == "guest"
    api.post(f"{repo}/collaborators/ada/unblock", expect=409)
    anyone.post(EVENTS, signed(node, repo, STRANGER, "issue.opened.v1", issue))


def test_a_late_cut_is_explained_raises_an_alarm_and_is_undone(
    api: Client, anyone: Client, node: Node, repo: str
) -> None:
    given = api.post(f"{repo}/collaborators", {"user": "ada", "role": "maintainer"}).json()["changes"][0]["event"]
    words = RepositoryDescribed(description="Ada's words", replaces=[])
    late = anyone.post(EVENTS, signed(node, repo, STRANGER, "repository.described.v1", words)).json()["id"]
    api.delete(f"{repo}/collaborators/ada?cut=ff", 422)
    api.delete(f"{repo}/collaborators/ada?cut={'f' * 64}", 422)
    api.delete(f"{repo}/collaborators/ada?cut={given}")
    shown = anyone.get(f"{EVENTS}/{late}").json()
    assert (shown["verdict"], shown["reason"]) == ("void", "revoked-meanwhile")
    assert "taken away meanwhile" in shown["explanation"]
    act = shown["rests_on"]
    assert act["words"] == f"took every role from ada, cut at {given[:16]}"
    assert (act["kind"], act["author"], act["counts_as"]) == ("member.revoked.v1", KEY.did, "root")
    assert [event["id"] for event in anyone.every(f"{repo}/events", "events", verdict="void")] == [late]
    (alarm,) = anyone.every(f"{repo}/alarms", "alarms", per_page=1)
    assert (alarm["act"]["id"], alarm["total"], alarm["void"], alarm["events"]) == (act["id"], 1, 1, [late])
    assert alarm["undo"].startswith(f"gitant member admit --act {act['id']}")
    assert anyone.get(repo).json()["description"] == ""
    api.post(f"{repo}/admitted", {"events": ["0" * 64]}, 422)
    assert api.post(f"{repo}/admitted", {"act": act["id"]}, 200).json() == {"admitted": {late: True}}
    assert anyone.get(repo).json()["description"] == "Ada's words"
    (alarm,) = anyone.every(f"{repo}/alarms", "alarms")
    assert (alarm["total"], alarm["void"], "undo" in alarm) == (1, 0, False)
    audit = anyone.every(f"{repo}/audit", "audit", per_page=1)
    assert [each["words"].partition(",")[0] for each in audit] == [
        "admitted 1 events in spite of cuts",
        "took every role from ada",
        "gave ada the role maintainer",
    ]
    assert {each["explanation"] for each in audit} == {"accepted: it counts"}


def test_devices_and_nodes_are_ended(api: Client, node: Node, anyone: Client, repo: str) -> None:
    api.post(f"{repo}/collaborators", {"user": "ada", "role": "developer"})
    ended = api.post(f"{repo}/devices/revoke", {"device": STRANGER.did}, 200).json()
    assert anyone.get(f"{EVENTS}/{ended['event']}").json()["kind"] == "device.revoked.v1"
    issue = IssueOpened(title="Mine", number=1)
    refused = anyone.post(EVENTS, signed(node, repo, STRANGER, "issue.opened.v1", issue), 403).json()
    assert refused["reason"] == "device-revoked"
    api.post(f"{repo}/devices/revoke", {"device": "abc"}, 422)
    ended = api.post(f"{repo}/custodians/revoke", {"node": BOB.did}, 200).json()
    assert anyone.get(f"{EVENTS}/{ended['event']}").json()["verdict"] == "accepted"
    api.post(f"{repo}/custodians/revoke", {"node": "bob"}, 422)


def test_protections_are_set_and_end(api: Client, anyone: Client, repo: str) -> None:
    path = f"{repo}/protections/release/*"
    made = api.put(path, {"push_role": "maintainer", "pushers": ["ada"], "checks": ["lint"]}).json()
    assert (made["branch"], made["pushers"], made["allow_force"]) == ("release/*", [STRANGER.did], False)
    assert anyone.get(path).json() == made
    tag = anyone.get(path).headers["etag"]
    assert api.put(path, {"allow_force": True}, headers={"if-match": tag}).json()["checks"] == []
    api.put(path, {}, 412, headers={"if-match": tag})
    api.put(f"{repo}/protections/main", {"approvals": 1})
    listed = anyone.every(f"{repo}/protections", "protections", per_page=1)
    assert [each["branch"] for each in listed] == ["main", "release/*"]
    api.put(f"{repo}/protections/a****b*", {}, 422)
    api.put(f"{repo}/protections/main", {"pushers": ["nobody"]}, 422)
    api.put(f"{repo}/protections/main", {"push_role": "owner"}, 422)
    anyone.put(f"{repo}/protections/main", {}, 401)
    api.delete(path)
    anyone.get(path, 404)
    api.delete(path, 404)
    assert len(anyone.every(f"{repo}/audit", "audit")) == 4


def theirs(api: Client, anyone: Client, node: Node, role: str, name: str = "of-ada") -> str:
    """A repository of ada's, where the operator has a role."""
    fields = {
        "kind": "repository.created.v1",
        "seq": 1,
        "parents": [],
        "lamport": 1,
        "time": node.world.tick(),
        "threshold": 1,
        "roots": [STRANGER.did],
        "nonce": f"{role}{name}".encode()[:16].ljust(16, b"-"),
    }
    payload = RepositoryCreated(name=f"{name}-{role}", default_branch="main", description="", private=False)
    genesis = seal(fields, write_payload(payload, b"s" * 16), STRANGER)
    repo = f"/api/v1/repos/{api.post(EVENTS, sent(genesis)).json()['id']}"
    granted = MemberGranted(principal=KEY.did, role=role)
    anyone.post(EVENTS, signed(node, repo, STRANGER, "member.granted.v1", granted))
    return repo


def test_a_push_against_the_rules_is_refused_with_them(api: Client, anyone: Client, node: Node, tmp_path: Path) -> None:
    repo = theirs(api, anyone, node, "developer")
    push_history(api, repo, tmp_path)
    refs = {each["name"]: each["hash"] for each in api.every(f"{repo}/branches", "branches")}
    tip = refs["main"]
    (parent, *_) = (each["hash"] for each in api.get(f"{repo}/commits/{tip}/parents").json()["parents"])

    def push(new: str | None, expect: int) -> Any:
        return api.post(f"{repo}/push", {"ref_updates": [{"name": "refs/heads/main", "new_hash": new}]}, expect).json()

    def move_of(answer: Any) -> Any:
        (move,) = api.get(f"{EVENTS}/{answer['events'][0]}").json()["payload"]["moves"]
        return move

    assert move_of(push(parent, 200))["forced"] is True
    assert "forced" not in (move := move_of(push(tip, 200))) or move["forced"] is False
    rules = BranchProtected(pattern="ma*", replaces=[])
    anyone.post(EVENTS, signed(node, repo, STRANGER, "branch.protected.v1", rules))
    assert "no force push" in push(parent, 409)["errors"][0]["detail"]
    problem = api.post(f"{repo}/collaborators", {"user": "bob", "role": "developer"}, 403).json()
    assert "may not do this" in problem["detail"]
    api.put(f"{repo}/protections/main", {}, 403)
    raised = MemberGranted(principal=KEY.did, role="admin")
    anyone.post(EVENTS, signed(node, repo, STRANGER, "member.granted.v1", raised))
    assert move_of(push(parent, 200))["forced"] is True


def test_nobody_takes_from_a_peer_and_anybody_leaves(api: Client, anyone: Client, node: Node) -> None:
    repo = theirs(api, anyone, node, "admin")
    granted = MemberGranted(principal=BOB.did, role="admin")
    anyone.post(EVENTS, signed(node, repo, STRANGER, "member.granted.v1", granted))
    for method, path, body in (
        ("DELETE", "/bob", None),
        ("POST", "", {"user": "bob", "role": "viewer"}),
        ("POST", "/bob/block", {}),
        ("POST", "", {"user": "bob", "role": "owner"}),
        ("DELETE", "/ada", None),
    ):
        told = api.ask(method, f"{repo}/collaborators{path}", 403, json=body).json()["detail"]
        assert "above that" in told or "strictly below" in told
    api.delete(f"{repo}/collaborators/@me")
    assert role_of(api, repo, "operator") is None
    assert role_of(api, repo, "bob") == "admin"


def test_what_takes_nothing_from_a_peer_says_so(api: Client, anyone: Client, node: Node) -> None:
    repo = theirs(api, anyone, node, "admin", "of-peers")
    granted = MemberGranted(principal=BOB.did, role="admin")
    anyone.post(EVENTS, signed(node, repo, STRANGER, "member.granted.v1", granted))
    idle = anyone.post(EVENTS, signed(node, repo, BOB, "member.revoked.v1", MemberRevoked(principal=KEY.did))).json()
    assert (idle["verdict"], role_of(api, repo, "operator")) == ("accepted", "admin")
    shown = anyone.get(f"/api/v1/audit/{idle['id']}").json()
    assert (shown["counts_as"], shown["idle"]) == ("admin", True)
    assert shown["explanation"].startswith("accepted, without effect")
    (operator,) = (each for each in api.every(f"{repo}/collaborators", "collaborators") if each["did"] == KEY.did)
    assert [(change["verb"], change.get("idle")) for change in operator["changes"]] == [
        ("revoked", True),
        ("granted", None),
    ]
    # It takes hold as soon as somebody above them both has lowered whom it is about.
    lowered = MemberDemoted(principal=KEY.did, role="developer")
    anyone.post(EVENTS, signed(node, repo, STRANGER, "member.demoted.v1", lowered))
    assert role_of(api, repo, "operator") is None
    assert anyone.get(f"/api/v1/audit/{idle['id']}").json()["explanation"] == "accepted: it counts"


def test_a_branch_goes_back_on_disk_when_its_push_turns_void(
    api: Client, anyone: Client, node: Node, tmp_path: Path
) -> None:
    repo = theirs(api, anyone, node, "owner")
    push_history(api, repo, tmp_path)
    stream = stream_of(repo)
    tip = {each["name"]: each["hash"] for each in api.every(f"{repo}/branches", "branches")}["main"]
    (parent, *_) = (each["hash"] for each in api.get(f"{repo}/commits/{tip}/parents").json()["parents"])
    api.post(f"{repo}/collaborators", {"user": "bob", "role": "developer"})
    head = api.get(f"{repo}/refs?prefix=refs/heads/main").json()["refs"][0]["event"]
    move = Move(
        ref="refs/heads/main",
        old=bytes.fromhex(tip),
        new=bytes.fromhex(parent),
        replaces=[bytes.fromhex(head)],
        forced=True,
    )
    pushed = anyone.post(EVENTS, signed(node, repo, BOB, "refs.moved.v1", RefsMoved(moves=[move]))).json()["id"]

    def on_disk() -> str:
        return node.ports.quarantine.refs(StreamId(stream))["refs/heads/main"]

    assert on_disk() == parent
    # The removal was written before the push was known to whoever wrote it.
    cut = MemberRevoked(principal=BOB.did, cut=[bytes.fromhex(head)])
    act = anyone.post(EVENTS, signed(node, repo, STRANGER, "member.revoked.v1", cut)).json()["id"]
    assert anyone.get(f"{EVENTS}/{pushed}").json()["verdict"] == "void"
    assert on_disk() == tip
    api.post(f"{repo}/admitted", {"act": act}, 200)
    assert on_disk() == parent
