"""The audit with what the node noted of its own: who, by which door and with which token, wrote which event."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from domain.audit import Entry
from domain.moderation.desk import DeskRules
from tests.api.accounts import Person, person
from tests.api.node import Node, node_on
from tests.gitant.writer.world import KEY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.api.client import Client

AUDIT = "/api/v1/audit"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with node_on(
        tmp_path_factory.mktemp("node") / "data", registration="open", audited=True, rules=DeskRules()
    ) as node:
        yield node


@pytest.fixture(scope="module")
def kay(anyone: Client) -> Person:
    return person(anyone, "kay")


@pytest.fixture(scope="module")
def token(kay: Person) -> dict[str, Any]:
    body = {"name": "robot", "scopes": ["repo:admin"]}
    made: dict[str, Any] = kay.post("/api/v1/users/@me/tokens", body).json()
    return made


@pytest.fixture(scope="module")
def yard(api: Client, kay: Person, token: dict[str, Any], node: Node) -> dict[str, Any]:
    """A repository where several people have done something, each by another door."""
    made: dict[str, Any] = kay.post("/api/v1/repos", {"name": "yard", "private": True}).json()
    repo = f"/api/v1/repos/{made['id']}"
    robot = {"authorization": f"Bearer {token['token']}"}
    kay.post(f"{repo}/collaborators", {"user": "operator", "role": "developer"}, headers=robot)
    kay.post(f"{repo}/issues", {"title": "Dust"}, headers=robot)
    api.post(f"{repo}/issues", {"title": "More dust"})
    assert node.journal is not None
    node.journal.note([Entry("login.failed", credential="mallory", address="203.0.113.9", target="mallory", count=7)])
    return made


def test_who_wrote_what_by_which_door(
    api: Client, kay: Person, token: dict[str, Any], yard: dict[str, Any], node: Node
) -> None:
    found = api.every(AUDIT, "audit", per_page=3)
    said = {(each["kind"], each["author"], each["door"], each["credential"] or "") for each in found}
    session = next(each["credential"] for each in found if each["kind"] == "token.created")
    assert ("member.granted.v1", kay.did, "token", token["id"]) in said
    assert ("issue.opened.v1", kay.did, "token", token["id"]) in said
    assert ("issue.opened.v1", KEY.did, "operator", "") in said
    assert ("repository.created.v1", kay.did, "session", session) in said
    assert ("token.created", kay.did, "session", session) in said
    failed = next(each for each in found if each["kind"] == "login.failed")
    assert (failed["words"], failed["count"], failed["author"]) == ("did not get in as mallory (7 times)", 7, None)
    opened = next(each for each in found if each["kind"] == "issue.opened.v1" and each["author"] == KEY.did)
    assert api.get(f"/api/v1/events/{opened['event']}").json()["kind"] == "issue.opened.v1"
    assert yard["id"] == opened["target"]


def test_pages_of_any_size_and_lines_say_the_same(api: Client, yard: dict[str, Any]) -> None:
    whole = api.every(AUDIT, "audit", per_page=100)
    assert len({each["id"] for each in whole}) == len(whole)
    for size in (1, 2, 3, 7):
        assert api.every(AUDIT, "audit", per_page=size) == whole
    lines = api.get(AUDIT, headers={"accept": "application/x-ndjson"}).text.splitlines()
    assert [json.loads(line) for line in lines] == whole
    assert api.get(AUDIT, params={"per_page": 1}).headers["x-total-count"] == str(len(whole))
    assert [each["id"] for each in api.every(AUDIT, "audit", source="log")] == [
        each["id"] for each in whole if each["source"] == "log"
    ]
    assert api.every(AUDIT, "audit", source="node") == [each for each in whole if each["source"] == "node"]


@pytest.mark.parametrize(
    ("asked", "kinds"),
    [
        ({"action": "token.*"}, {"token.created", "token.first_used"}),
        ({"action": "issue.opened.v1"}, {"issue.opened.v1"}),
        ({"action": "login.failed"}, {"login.failed"}),
        ({"action": "member.*"}, {"member.granted.v1"}),
        ({"repo": "yard"}, {"member.granted.v1"}),
        ({"verdict": "accepted"}, {"member.granted.v1"}),
        ({"since": "2090-01-01"}, set()),
    ],
)
def test_filters_hold_for_both_halves(
    api: Client, yard: dict[str, Any], asked: dict[str, str], kinds: set[str]
) -> None:
    assert {each["kind"] for each in api.every(AUDIT, "audit", **asked)} == kinds


def test_others_see_what_they_did_themselves_and_nothing_else(
    api: Client, kay: Person, anyone: Client, token: dict[str, Any], yard: dict[str, Any]
) -> None:
    mine = kay.get(AUDIT, params={"per_page": 100}).json()["audit"]
    assert {each["author"] for each in mine} == {kay.did}
    noted = [each for each in mine if each["source"] == "node"]
    assert {"token.created", "issue.opened.v1", "repository.created.v1"} <= {each["kind"] for each in noted}
    assert kay.get(AUDIT, params={"actor": KEY.did, "source": "node"}).json()["audit"] == []
    lee = person(anyone, "lee")
    assert {each["author"] for each in lee.get(AUDIT, params={"per_page": 100}).json()["audit"]} <= {lee.did}
    # A token that is for repositories does not read the account's own data, and nobody none of it.
    headers = {"authorization": f"Bearer {token['token']}"}
    assert {each["source"] for each in anyone.get(AUDIT, headers=headers).json()["audit"]} <= {"log"}
    assert anyone.get(AUDIT).json()["audit"] == []
    assert api.get(AUDIT, params={"actor": "kay", "source": "node"}).json()["audit"][0]["author"] == kay.did


def test_what_is_no_event_is_noted_once_and_what_changed_nothing_is_not(
    api: Client, kay: Person, yard: dict[str, Any]
) -> None:
    def noted() -> list[tuple[str, str]]:
        found = api.every(AUDIT, "audit", source="node", per_page=100)
        return [(each["kind"], each["target"]) for each in found]

    before = noted()
    rule = f"/api/v1/repos/{yard['id']}/strangers"
    kay.ask("PUT", rule, 200, json={"rule": "refuse"})
    kay.get(f"/api/v1/repos/{yard['id']}")
    kay.post(f"/api/v1/repos/{yard['id']}/issues", {"title": ""}, 422)
    kay.post("/api/v1/repos", {"name": "another"})
    kinds = [kind for kind, _ in noted()[: -len(before)]]
    assert ("request", f"PUT {rule}") in noted()
    assert kinds.count("request") == kinds.count("repository.created.v1") == 1


@pytest.mark.parametrize("cursor", ["~", "x~1.1", "p1~-1.0", "p1~zz.0", "~ffffffffffffffffff.0", "p1"])
def test_a_cursor_that_is_none(api: Client, yard: dict[str, Any], cursor: str) -> None:
    api.get(AUDIT, 422, params={"after": cursor})
