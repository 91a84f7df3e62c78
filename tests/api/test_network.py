"""Peers and follows as they are kept; tests/gitant/network has the nodes that meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.keys import SigningKey
from tests.gitant.writer.world import KEY

if TYPE_CHECKING:
    from tests.api.client import Client

PEERS = "/api/v1/peers"
FOLLOWS = "/api/v1/follows"
OTHER = SigningKey(b"\x07" * 32).did
ADDRESS = f"{OTHER}@node.example:4040"


def test_a_peer_is_remembered_whether_or_not_it_can_be_reached(api: Client, anyone: Client) -> None:
    made = api.post(PEERS, {"address": f" {OTHER}@NODE.example:4040"}).json()
    assert (made["did"], made["addresses"], made["source"], made["connected"]) == (OTHER, [ADDRESS], "added", False)
    assert api.post(PEERS, {"address": ADDRESS}).json() == made, "once more changes nothing"
    assert api.get(PEERS).json() == {"peers": [made]}
    assert api.get(f"{PEERS}/{OTHER}").json() == made
    api.delete(f"{PEERS}/{OTHER}")
    api.delete(f"{PEERS}/{OTHER}", 404)
    api.get(f"{PEERS}/{OTHER}", 404)
    anyone.get(PEERS, 401)
    anyone.post(PEERS, {"address": ADDRESS}, 401)


def test_what_is_no_address_is_told(api: Client) -> None:
    for wrong in ("node.example:4040", f"{OTHER}@node.example", f"{KEY.did}@node.example:4040", "did:web:x@y:1"):
        problem = api.post(PEERS, {"address": wrong}, 422).json()
        assert problem["detail"], wrong


def test_a_blocked_peer_is_listed_until_it_is_unblocked(api: Client) -> None:
    assert api.put(f"{PEERS}/{OTHER}/block", {}).json()["blocked"]
    assert [peer["did"] for peer in api.get(PEERS).json()["peers"]] == [OTHER]
    api.delete(f"{PEERS}/{OTHER}/block")
    api.delete(f"{PEERS}/{OTHER}/block", 404)
    assert api.get(PEERS).json() == {"peers": []}
    api.put(f"{PEERS}/somebody/block", {}, 422)


def test_what_is_followed_is_remembered_before_anybody_has_it(api: Client, anyone: Client) -> None:
    repo = "ab" * 32
    assert api.post(FOLLOWS, {"repo": repo.upper()}).json()["id"] == repo
    api.post(FOLLOWS, {"principal": OTHER})
    api.post(FOLLOWS, {"all": True})
    found = [(each["kind"], each["id"]) for each in api.get(FOLLOWS).json()["follows"]]
    assert sorted(found) == [("all", "all"), ("principal", OTHER), ("repo", repo)]
    for each in ("all", OTHER, repo):
        api.delete(f"{FOLLOWS}/{each}")
        api.delete(f"{FOLLOWS}/{each}", 404)
    for wrong in ({}, {"repo": repo, "all": True}, {"repo": "short"}, {"principal": "somebody"}):
        api.post(FOLLOWS, wrong, 422)
    anyone.get(FOLLOWS, 401)


def test_a_repository_s_copy_is_told_by_its_digests(api: Client, anyone: Client, repo: str) -> None:
    first = anyone.get(f"{repo}/sync").json()
    assert (first["objects"], first["peers"]) == ("present", [])
    api.post(f"{repo}/issues", {"title": "Dust"})
    second = anyone.get(f"{repo}/sync").json()
    assert first["log_digest"] != second["log_digest"]
    assert first["refs_digest"] == second["refs_digest"]
    api.patch(repo, {"private": True})
    anyone.get(f"{repo}/sync", 404)


def test_the_network_at_one_look(api: Client, anyone: Client) -> None:
    found = api.get("/api/v1/network/status").json()
    assert (found["did"], found["peer_address"], found["connected"]) == (KEY.did, f"{KEY.did}@127.0.0.1:4040", 0)
    assert anyone.get("/api/v1/status").json()["peer_address"] == found["peer_address"]
    problem = api.post("/api/v1/network/compare", {"thorough": True}, 503).json()
    assert "no peers yet" in problem["detail"]
    anyone.post("/api/v1/network/compare", {}, 401)
