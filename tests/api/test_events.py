"""The log over HTTP: lists, single events whole, events signed elsewhere."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from domain.envelope import event_id
from domain.issue.opened import IssueOpened
from domain.repository.described import RepositoryDescribed
from tests.api.node import enrol
from tests.gitant.writer.world import KEY, STRANGER
from tests.making import begin, sign_header

if TYPE_CHECKING:
    from domain.envelope import Event, RawEvent
    from tests.api.client import Client
    from tests.api.node import Node

EVENTS = "/api/v1/events"


def sent(event: Event | RawEvent) -> dict[str, str]:
    """As a client posts it."""
    assert event.payload is not None
    parts = {"header": event.header, "signature": event.signature, "payload": event.payload}
    return {name: base64.b64encode(part).decode() for name, part in parts.items()}


def stream_of(repo: str) -> bytes:
    return bytes.fromhex(repo.rpartition("/")[2])


@pytest.fixture(scope="module")
def ada(node: Node) -> Any:
    """Somebody with a key of her own, whose identity this node knows."""
    enrol(node, STRANGER, "ada")
    return STRANGER


def test_events_are_listed_newest_first(api: Client, anyone: Client, repo: str) -> None:
    api.post(f"{repo}/issues", {"title": "Dust"})
    api.post(f"{repo}/issues/1/comment", {"body": "Yes"})
    listed = anyone.every(f"{repo}/events", "events", per_page=1)
    assert [event["kind"] for event in listed] == ["comment.added.v1", "issue.opened.v1", "repository.created.v1"]
    assert [event["lamport"] for event in listed] == [3, 2, 1]
    only = anyone.every(f"{repo}/events", "events", kind="issue.opened.v1")
    assert [event["id"] for event in only] == [listed[1]["id"]]


def test_an_event_is_shown_whole(api: Client, anyone: Client, repo: str) -> None:
    name = api.post(f"{repo}/issues", {"title": "Dust", "body": "A lot."}).json()["event"]
    found = anyone.get(f"{EVENTS}/{name}").json()
    header = base64.b64decode(found["raw"]["header"])
    assert event_id(header).hex() == name == found["id"]
    assert found["kind"] == found["header"]["kind"] == "issue.opened.v1"
    assert found["header"]["stream"] == repo.rpartition("/")[2]
    assert found["payload"]["title"] == "Dust"
    assert len(found["payload"]["salt"]) == 32
    assert (found["verdict"], found["reason"], found["explanation"]) == ("accepted", "", "accepted: it counts")
    assert len(base64.b64decode(found["raw"]["signature"])) == 64
    anyone.get(f"{EVENTS}/{'0' * 64}", 404)
    anyone.get(f"{EVENTS}/xyz", 404)


def test_a_redacted_payload_is_not_shown(api: Client, anyone: Client, node: Node, repo: str) -> None:
    api.post(f"{repo}/issues", {"title": "Dust"})
    name = api.post(f"{repo}/issues/1/comment", {"body": "Rude words"}).json()["event"]
    api.delete(f"{repo}/issues/1/comments/{name}")
    row = node.world.views.event(bytes.fromhex(name))  # type: ignore[arg-type]
    assert row is not None
    held = anyone.get(f"{EVENTS}/{name}").json()
    node.world.log.forget_payloads([row.position])
    forgotten = anyone.get(f"{EVENTS}/{name}").json()
    assert held == forgotten
    assert (held["redacted"], held["payload"], held["raw"]["payload"]) == (True, None, None)


def test_an_enrolled_signer_may_submit(api: Client, anyone: Client, node: Node, repo: str, ada: Any) -> None:
    stream = stream_of(repo)
    event = node.world.signed(ada, "issue.opened.v1", stream, stream, IssueOpened(title="Mine", number=1))
    made = anyone.post(EVENTS, sent(event))
    assert made.json()["id"] == event.id.hex()
    assert made.json()["verdict"] == "accepted"
    assert made.headers["location"] == f"{EVENTS}/{event.id.hex()}"
    issue = anyone.get(f"{repo}/issues/1").json()
    assert (issue["title"], issue["author"], issue["id"]) == ("Mine", ada.did, event.id.hex())
    again = anyone.post(EVENTS, sent(event))
    assert again.json() == made.json()


def test_both_alphabets_of_base64_are_taken(anyone: Client, node: Node, repo: str, ada: Any) -> None:
    stream = stream_of(repo)
    event = node.world.signed(ada, "issue.opened.v1", stream, stream, IssueOpened(title="Mine", number=1))
    body = {name: text.replace("+", "-").replace("/", "_").rstrip("=") for name, text in sent(event).items()}
    anyone.post(EVENTS, body)


def test_a_key_nobody_knows_is_refused(anyone: Client, node: Node, repo: str) -> None:
    from domain.keys import SigningKey

    stream = stream_of(repo)
    nobody = SigningKey(b"\x07" * 32)
    event = node.world.signed(nobody, "issue.opened.v1", stream, stream, IssueOpened(title="Mine", number=1))
    anyone.post(EVENTS, sent(event), expect=403)


def test_what_would_have_no_effect_is_refused_with_the_reason(anyone: Client, node: Node, repo: str, ada: Any) -> None:
    stream = stream_of(repo)
    event = node.world.signed(
        ada, "repository.described.v1", stream, stream, RepositoryDescribed(description="Mine", replaces=[])
    )
    problem = anyone.post(EVENTS, sent(event), expect=403).json()
    assert (problem["type"], problem["reason"]) == ("/problems/void-event", "no-authority")
    assert len(anyone.every(f"{repo}/events", "events")) == 1


def test_an_identity_is_the_operator_s_to_take_in(api: Client, anyone: Client) -> None:
    event = begin("newcomer", "identity.created.v1", {"name": "newcomer"})
    anyone.post(EVENTS, sent(event), expect=401)
    api.post(EVENTS, sent(event))
    assert anyone.get(f"{EVENTS}/{event.id.hex()}").json()["payload"]["name"] == "newcomer"


def test_bytes_that_are_no_event_are_rejected_with_the_reason(anyone: Client, node: Node, repo: str, ada: Any) -> None:
    stream = stream_of(repo)
    good = node.world.signed(ada, "issue.opened.v1", stream, stream, IssueOpened(title="Mine", number=1))
    wrong = node.world.signed(ada, "issue.opened.v1", stream, stream, IssueOpened(title="Mine", number=1), lamport=99)
    flipped = bytearray(good.signature)
    flipped[40] ^= 1
    cases = {
        "header-not-canonical": {"header": base64.b64encode(b"\xff").decode()},
        "header-not-a-map": {"header": base64.b64encode(b"\x01").decode()},
        "header-too-large": {"header": base64.b64encode(bytes(5000)).decode()},
        "signature-not-canonical": {"signature": base64.b64encode(bytes(64)).decode()},
        "signature-wrong": {"signature": base64.b64encode(flipped).decode()},
        "payload-mismatch": {"payload": ""},
        "lamport-wrong": sent(wrong),
        "key-weak": sent(sign_header(good.header.replace(good.device, bytes(32)), good.payload)),
    }
    for reason, change in cases.items():
        problem = anyone.post(EVENTS, sent(good) | change, expect=422).json()
        assert (problem["type"], problem["reason"]) == ("/problems/event-rejected", reason), problem
    for field in ("header", "signature", "payload"):
        problem = anyone.post(EVENTS, sent(good) | {field: "not base64!"}, expect=422).json()
        assert problem["errors"][0]["pointer"] == f"/{field}"
    assert len(anyone.every(f"{repo}/events", "events")) == 1


def test_an_event_before_its_past_is_a_conflict(anyone: Client, node: Node, repo: str, ada: Any) -> None:
    stream = stream_of(repo)
    opened = IssueOpened(title="Mine", number=1)
    event = node.world.signed(ada, "issue.opened.v1", stream, stream, opened, parents=[b"\x09" * 32])
    anyone.post(EVENTS, sent(event), expect=409)


def test_a_private_repository_s_events_are_hidden(api: Client, anyone: Client, node: Node, repo: str, ada: Any) -> None:
    name = api.post(f"{repo}/issues", {"title": "Secret"}).json()["event"]
    api.patch(repo, {"private": True})
    anyone.get(f"{EVENTS}/{name}", 404)
    anyone.get(f"{repo}/events", 404)
    assert api.get(f"{EVENTS}/{name}").json()["payload"]["title"] == "Secret"
    stream = stream_of(repo)
    event = node.world.signed(ada, "issue.opened.v1", stream, stream, IssueOpened(title="Mine", number=2))
    anyone.post(EVENTS, sent(event), expect=404)
    activity = anyone.every("/api/v1/activity", "activity")
    assert name not in [each["id"] for each in activity]
    assert name in [each["id"] for each in api.every("/api/v1/activity", "activity", per_page=7)]


def test_a_deleted_repository_s_events_are_the_operator_s(api: Client, anyone: Client, repo: str) -> None:
    name = repo.rpartition("/")[2]
    api.delete(repo)
    anyone.get(f"{EVENTS}/{name}", 404)
    api.get(f"{EVENTS}/{name}")


def test_activity_is_told_in_sentences(api: Client, anyone: Client, repo: str) -> None:
    api.post(f"{repo}/issues", {"title": "Dust"})
    latest = anyone.get("/api/v1/activity", params={"limit": 1}).json()["activity"][0]
    assert (latest["kind"], latest["author"], latest["number"]) == ("issue.opened.v1", KEY.did, 1)
    assert "#1 Dust" in latest["summary"]


def test_sealed_by_the_operator_s_own_key(api: Client, node: Node, repo: str) -> None:
    stream = stream_of(repo)
    event = node.world.signed(KEY, "issue.opened.v1", stream, stream, IssueOpened(title="By hand", number=1))
    assert api.post(EVENTS, sent(event)).json()["author"] == KEY.did


def test_an_event_is_explained_check_by_check(api: Client, anyone: Client, repo: str) -> None:
    name = api.post(f"{repo}/issues", {"title": "Dust"}).json()["event"]
    plain = anyone.get(f"{EVENTS}/{name}").json()
    found = anyone.get(f"{EVENTS}/{name}", params={"verify": 1}).json()
    rows = found.pop("verification")
    assert found == plain
    assert [row["check"] for row in rows if not row["ok"]] == []
    words = {row["check"]: row["words"] for row in rows}
    assert words["hash"] == f"the header's hash is {name}"
    assert words["lamport"] == "1 + max(1) = 2"
    assert words["effect"].startswith("opened #1 Dust in ")
    assert words["verdict"] == "accepted: it counts"
    anyone.get(f"{EVENTS}/{name}", 422, params={"verify": "perhaps"})


def test_events_by_author(api: Client, anyone: Client, repo: str) -> None:
    listed = anyone.every(f"{repo}/events", "events", author="operator")
    assert [event["author"] for event in listed] == [KEY.did]
    assert anyone.every(f"{repo}/events", "events", author=STRANGER.did) == []
    anyone.get(f"{repo}/events", 422, params={"author": "nobody-here"})
