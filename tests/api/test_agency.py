"""Agents, their devices, and what is lent to them."""

from __future__ import annotations

import base64
import time
from typing import TYPE_CHECKING, Any

from domain.actor import Actor
from domain.authority.enrolment import Certificate, certify
from domain.authority.enrolment_text import chain_text
from domain.capability.container import pack, unbase64, write_word
from domain.capability.token import DELEGATION, sign_token
from domain.ids import Did
from domain.keys import SigningKey, key_of
from domain.pen import Pen
from domain.signature.digest import write_digest
from domain.signature.request import Message, signed_fields
from tests.api.node import enrol
from tests.exploits.doors.keyed import digest_of, nonce, words
from tests.gitant.writer.world import KEY
from tests.making import key

if TYPE_CHECKING:
    from httpx import Response

    from tests.api.client import Client
    from tests.api.node import Node

HOST = "testserver.local"


def test_a_generated_key_is_handed_out_once(anyone: Client) -> None:
    made = anyone.post("/api/v1/agents/generate-did").json()
    other = anyone.post("/api/v1/agents/generate-did").json()
    assert made["did"] != other["did"]
    assert SigningKey(base64.b64decode(made["secret"])).did == made["did"]
    assert made["key_file"]["secret"] == {"kdf": "none", "seed": made["secret"]}
    assert bytes.fromhex(made["public_key"]) == key_of(made["did"])
    anyone.get(f"/api/v1/agents/{made['did']}", 404)


def test_what_the_operator_lends_is_explained_link_by_link(api: Client, anyone: Client, repo: str) -> None:
    bob = key("bob").did
    asked = {"command": "/gitant/repo/read", "repo": repo.rpartition("/")[2], "expires_in_s": 600}
    lent = api.post(f"/api/v1/agents/{bob}/delegate", asked).json()
    assert (lent["issuer"], lent["audience"], lent["subject"]) == (KEY.did, bob, KEY.did)
    assert lent["policy"] == [["==", ".repo", repo.rpartition("/")[2]]]
    told = anyone.post("/api/v1/agents/verify", {"token": lent["token"]}, 200).json()
    assert (told["good"], told["scope"], told["problems"]) == (True, "repo:read", [])
    (link,) = told["links"]
    assert (link["cid"], link["command"], link["sort"]) == (lent["cid"], "/gitant/repo/read", "delegation")
    later = {"token": lent["token"], "at": lent["expires_at"]}
    told = anyone.post("/api/v1/agents/verify", later, 200).json()
    assert (told["good"], told["links"][0]["problems"][0]["reason"]) == (False, "expired")
    eve = key("eve")
    fields: dict[str, Any] = {
        "iss": eve.did,
        "aud": bob,
        "sub": KEY.did,
        "cmd": "/",
        "pol": [],
        "nonce": b"n",
        "exp": None,
    }
    forged = write_word(sign_token(DELEGATION, fields, eve))
    told = anyone.post("/api/v1/agents/verify", {"token": forged}, 200).json()
    assert [each["reason"] for each in told["links"][0]["problems"]] == ["root-subject"]
    told = anyone.post("/api/v1/agents/verify", {"token": "!"}, 200).json()
    assert (told["links"], told["problems"][0]["reason"]) == ([], "container-malformed")
    whole = pack([unbase64(lent["token"]), unbase64(forged)])
    assert len(anyone.post("/api/v1/agents/verify", {"token": whole}, 200).json()["links"]) == 2


def test_what_cannot_be_lent_is_refused(api: Client, anyone: Client) -> None:
    path = f"/api/v1/agents/{key('bob').did}/delegate"
    api.post(path, {"command": "/gitant/node"}, 422)
    api.post(path, {"command": "/gitant", "policy": [["=~", ".a", "b"]]}, 422)
    api.post(path, {"command": "/gitant", "policy": [["==", ".a", 2**60]]}, 422)
    api.post("/api/v1/agents/nobody/delegate", {"command": "/gitant"}, 422)
    anyone.post(path, {"command": "/gitant"}, 401)


def test_what_is_revoked_is_listed(api: Client, anyone: Client) -> None:
    lent = api.post(f"/api/v1/agents/{key('bob').did}/delegate", {"command": "/gitant"}).json()
    body = {"token": lent["token"]}
    anyone.post("/api/v1/ucan/revoke", body, 401)
    api.post("/api/v1/ucan/revoke", {"token": "x"}, 422)
    gone = api.post("/api/v1/ucan/revoke", body, 200).json()
    assert (gone["cid"], gone["by"]) == (lent["cid"], KEY.did)
    assert lent["cid"] in [each["cid"] for each in anyone.every("/api/v1/ucan/revocations", "revocations")]
    told = anyone.post("/api/v1/agents/verify", body, 200).json()
    assert told["links"][0]["problems"][0]["reason"] == "revoked"


def test_an_agent_says_what_it_is_and_others_what_they_think(node: Node, api: Client, anyone: Client) -> None:
    ida = key("ida")
    enrol(node, ida, "ida")
    card = {"purpose": "Reviews.", "owner": "ida", "capabilities": ["review", "docs"], "retired": False}
    told = api.put(f"/api/v1/agents/{KEY.did}/card", card).json()
    assert told["agent"]["capabilities"] == ["docs", "review"]
    assert told["agent"]["owner"] == ida.did
    assert KEY.did in [each["did"] for each in anyone.every("/api/v1/agents", "agents")]
    api.put(f"/api/v1/agents/{ida.did}/card", card, 403)
    api.put(f"/api/v1/agents/{KEY.did}/card", {**card, "capabilities": ["No!"]}, 422)
    about = f"/api/v1/agents/{ida.did}"
    assert anyone.get(f"{about}/attestations").json()["score"]["score"] == 0
    said = api.post(f"{about}/attest", {"value": 1, "statement": "Sweeps well."}).json()
    assert (said["value"], said["weight"]) == (1, 3)
    told = anyone.get(f"{about}/attestations").json()
    assert told["score"] == {"score": 0.6, "weighted": 3, "weight": 3, "prior": 2}
    # The newer word replaces the older; a stranger's is shown and weighs nothing.
    api.post(f"{about}/attest", {"value": -1, "statement": "Not today."})
    node.world.pens[key("gus").did] = Pen(key("gus"), key("gus").did)
    enrol(node, key("gus"), "gus")
    node.world.run("agent.attest", Actor(key("gus").did), about=ida.did, value=1)
    told = anyone.get(f"{about}/attestations").json()
    assert [(each["value"], each["weight"]) for each in told["attestations"]] == [(-1, 3)] + [(1, 0)] * (
        len(told["attestations"]) - 1
    )
    assert told["score"]["score"] == -0.6
    api.post(f"/api/v1/agents/{KEY.did}/attest", {"value": 1}, 422)
    api.post(f"{about}/attest", {"value": 2}, 422)


def as_signed(node_http: Any, method: str, path: str, by: SigningKey, body: bytes | None = None) -> Response:
    """Ask with a signature, by the real clock."""
    headers = {} if body is None else {"content-digest": digest_of(body), "content-type": "application/json"}
    fields = signed_fields(Message(method, "http", HOST, path, headers), by, by.did, int(time.time()), nonce())
    answer: Response = node_http.request(method, path, content=body, headers={**headers, **fields})
    return answer


def test_an_agent_has_this_node_keep_a_key_in_two_steps(node: Node, api: Client) -> None:
    fay, http = key("fay"), api.http
    enrol(node, fay, "fay")
    path = f"/api/v1/users/{fay.did}/devices"
    assert as_signed(http, "GET", path, fay).json() == {"devices": []}
    offered = as_signed(http, "POST", path, fay, words())
    assert offered.status_code == 201, offered.text
    device, on = offered.json()["device"], offered.json()["node"]
    wrong = certify(Certificate(fay.did, key_of(device), ("manage",), Did(on)), fay)
    refused = as_signed(http, "POST", path, fay, words(certificate=chain_text((wrong,))))
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/invalid-input")
    papers = certify(Certificate(fay.did, key_of(device), (), Did(on)), fay)
    kept = as_signed(http, "POST", path, fay, words(certificate=chain_text((papers,))))
    assert kept.status_code == 201, kept.text
    assert as_signed(http, "GET", path, fay).json()["devices"] == [
        {"did": device, "powers": [], "node": KEY.did, "kept_here": True}
    ]
    # From now on this node signs in its name, and lends in its name.
    made = as_signed(http, "POST", "/api/v1/repos", fay, words(name="of-fay"))
    assert made.status_code == 201, made.text
    assert made.json()["owner_did" if "owner_did" in made.json() else "roots"]
    lent = as_signed(http, "POST", f"/api/v1/agents/{key('bob').did}/delegate", fay, words(command="/gitant/repo"))
    assert (lent.json()["issuer"], lent.json()["subject"]) == (device, fay.did)
    told = as_signed(http, "POST", "/api/v1/agents/verify", fay, words(token=lent.json()["token"])).json()
    assert told["good"], told
    assert as_signed(http, "DELETE", f"{path}/{key('bob').did}", fay).status_code == 403
    assert as_signed(http, "DELETE", f"{path}/{device}", fay).status_code == 204
    assert as_signed(http, "GET", path, fay).json() == {"devices": []}
    assert as_signed(http, "POST", "/api/v1/repos", fay, words(name="after")).status_code == 403
    told = as_signed(http, "POST", "/api/v1/agents/verify", fay, words(token=lent.json()["token"])).json()
    assert told["links"][0]["problems"][0]["reason"] == "root-subject"


def test_devices_are_their_owners_affair(api: Client, anyone: Client) -> None:
    anyone.get("/api/v1/users/@me/devices", 401)
    anyone.post("/api/v1/users/@me/devices", {}, 401)
    assert api.get("/api/v1/users/@me/devices").json()["devices"] == []
    api.post(f"/api/v1/users/{key('bob').did}/devices", {}, 403)
    api.delete(f"/api/v1/users/@me/devices/{key('bob').did}", 403)
    api.delete("/api/v1/users/@me/devices/nothing", 404)
    assert write_digest(bytes(32)).startswith("sha-256=:")
