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
    assert (found["paused"], found["restarts"], found["fault"]) == (False, 0, "")
    problem = api.post("/api/v1/network/compare", {"thorough": True}, 503).json()
    assert "no peers yet" in problem["detail"]
    anyone.post("/api/v1/network/compare", {}, 401)


def test_a_pause_lasts_until_it_is_taken_back(api: Client, anyone: Client) -> None:
    assert api.put(f"{PEERS}/{OTHER}/pause", {}).json()["paused"]
    api.put("/api/v1/network/pause", {}, 204)
    assert api.get("/api/v1/network/status").json()["paused"]
    assert [(peer["did"], peer["paused"]) for peer in api.get(PEERS).json()["peers"]] == [(OTHER, True)]
    for place in ("/api/v1/network/pause", f"{PEERS}/{OTHER}/pause"):
        api.delete(place)
        api.delete(place, 404)
        anyone.put(place, {}, 401)
    assert api.get(PEERS).json() == {"peers": []}


def test_the_network_is_told_to_those_who_look_for_a_place_to_begin(api: Client, anyone: Client) -> None:
    address = f"{KEY.did}@127.0.0.1:4040"
    api.post(PEERS, {"address": ADDRESS})
    told = api.get("/api/v1/network/peers").json()
    assert told == {"enabled": True, "peer_id": KEY.did, "addrs": [address], "peers": 1, "connected": []}
    anyone.get("/api/v1/network/peers", 401)
    assert anyone.get("/api/v1/network/bootstrap").json() == {"peers": [address]}
    found = anyone.get(f"/api/v1/federation/discover?did={OTHER}").json()
    assert found == {"did": OTHER, "nodes": [], "events": []}, "where others are is the operator's to know"
    nodes = api.get(f"/api/v1/federation/discover?did={OTHER}").json()["nodes"]
    assert nodes == [{"did": OTHER, "addresses": [ADDRESS], "connected": False}]
    anyone.get("/api/v1/federation/discover?did=somebody", 422)


def test_what_is_told_of_events_is_public_whoever_asks(api: Client, anyone: Client, repo: str) -> None:
    shared, found = "/api/v1/network/events?per_page=5", "/api/v1/federation/discover"
    api.post(f"{repo}/issues", {"title": "Dust"})
    for asker in (api, anyone):
        assert asker.get(shared).json()["events"][0]["kind"] == "issue.opened.v1"
        assert asker.get(f"{found}?did={KEY.did}").json()["events"][0]["kind"] == "issue.opened.v1"
    assert [node["did"] for node in anyone.get(found).json()["nodes"]] == [KEY.did]
    api.patch(repo, {"private": True})
    for asker in (api, anyone):
        assert asker.get(shared).json() == {"events": []}, "private things are nobody's to be told of here"
        assert asker.get(f"{found}?did={KEY.did}").json()["events"] == []


def test_a_copy_is_removed_from_this_node_alone(api: Client, anyone: Client, repo: str) -> None:
    name = str(api.get(repo).json()["id"])
    issue = api.post(f"{repo}/issues", {"title": "Dust"}, 201).json()
    copy = f"/api/v1/network/copies/{name}"
    anyone.delete(copy, 401)
    assert api.delete(copy, 200).json()["events"] >= 2
    for path in (repo, f"{repo}/issues", f"/api/v1/events/{issue['id']}"):
        api.get(path, 404)
    api.delete(copy, 404)
    assert not [each for each in api.get("/api/v1/repos").json()["repos"] if each["id"] == name]


def test_a_repository_is_kept_apart_until_it_is_shared_or_followed_again(
    api: Client, anyone: Client, repo: str
) -> None:
    name = str(api.get(repo).json()["id"])
    apart = f"/api/v1/network/apart/{name}"
    api.post(FOLLOWS, {"repo": name})
    api.put(apart, {}, 204)
    assert api.get(FOLLOWS).json() == {"follows": []}
    assert api.get(repo).json()["id"] == name, "it is still here"
    api.delete(apart)
    api.delete(apart, 404)
    api.put(apart, {}, 204)
    api.post(FOLLOWS, {"repo": name})
    api.delete(apart, 404)
    anyone.put(apart, {}, 401)
