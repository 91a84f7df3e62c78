"""The audit over all repositories: who changed who may do what, narrowed, in pages and as lines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.node import enrol
from tests.gitant.writer.world import KEY, STRANGER

if TYPE_CHECKING:
    from tests.api.client import Client
    from tests.api.node import Node

AUDIT = "/api/v1/audit"
LINES = {"accept": "application/x-ndjson"}


@pytest.fixture(scope="module", autouse=True)
def acts(node: Node, api: Client) -> None:
    """Three acts in a public repository and one in a private one."""
    enrol(node, STRANGER, "ada")
    for name, private in (("open", False), ("shut", True)):
        api.post("/api/v1/repos", {"name": name, "private": private})
    for role in ("maintainer", "viewer"):
        api.post("/api/v1/repos/open/collaborators", {"user": "ada", "role": role})
    api.put("/api/v1/repos/open/protections/main", {})
    api.post("/api/v1/repos/shut/collaborators", {"user": "ada", "role": "owner"})


def words(found: list[dict[str, Any]]) -> list[str]:
    return [f"{act['repo_name']}: {act['words'].partition(':')[0]}" for act in found]


def test_it_lists_what_the_asker_may_see(api: Client, anyone: Client) -> None:
    mine = api.every(AUDIT, "audit", per_page=1)
    assert words(mine) == [
        "shut: gave ada the role owner",
        "open: protected main",
        "open: left ada no more than the role viewer",
        "open: gave ada the role maintainer",
    ]
    assert {act["author"] for act in mine} == {KEY.did}
    assert anyone.every(AUDIT, "audit", per_page=2) == mine[1:]
    assert anyone.get(f"{AUDIT}/{mine[1]['id']}").json() == mine[1]
    anyone.get(f"{AUDIT}/{mine[0]['id']}", 404)
    anyone.get(f"{AUDIT}/{mine[0]['stream']}", 404)
    api.get(f"{AUDIT}/{mine[0]['stream']}", 404)
    anyone.get(f"{AUDIT}/x", 404)


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({"actor": "operator"}, 4),
        ({"actor": "ada"}, 0),
        ({"action": "member.granted.v1"}, 2),
        ({"action": "member.*"}, 3),
        ({"action": "branch.*", "repo": "open"}, 1),
        ({"repo": "shut"}, 1),
        ({"verdict": "accepted"}, 4),
        ({"verdict": "void"}, 0),
        ({"since": "2000-01-01"}, 4),
        ({"since": "2099-01-01T00:00:00Z"}, 0),
        ({"until": "2000-01-01"}, 0),
        ({"since": "2000-01-01T01:00:00+01:00", "until": "2099-01-01", "action": "*"}, 4),
    ],
    ids=str,
)
def test_it_is_narrowed(api: Client, asked: dict[str, str], count: int) -> None:
    found = api.every(AUDIT, "audit", **asked)
    assert len(found) == count
    lines = api.get(AUDIT, params=asked, headers=LINES).text.splitlines()
    assert [json.loads(line) for line in lines] == found


def test_a_day_is_meant_whole(api: Client) -> None:
    day = api.get(AUDIT).json()["audit"][0]["time"][:10]
    assert len(api.every(AUDIT, "audit", since=day, until=day)) == 4
    assert api.every(AUDIT, "audit", until=f"{day}T00:00:00") == []


def test_lines_are_not_cut_into_pages(api: Client, anyone: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.routes.audit.ACTS_MAX", 1)
    answer = api.get(AUDIT, headers=LINES)
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert [json.loads(line) for line in answer.text.splitlines()] == api.every(AUDIT, "audit")
    assert len(anyone.get(AUDIT, headers=LINES).text.splitlines()) == 3


@pytest.mark.parametrize(
    "asked", [{"actor": "nobody"}, {"action": "Grant"}, {"since": "yesterday"}, {"until": "2026-13-01"}, {"after": "x"}]
)
def test_what_cannot_be_understood_says_so(api: Client, asked: dict[str, str]) -> None:
    for headers in ({}, LINES):
        assert api.get(AUDIT, 422, params=asked, headers=headers).json()["errors"][0]["pointer"].endswith(min(asked))
    api.get(AUDIT, 404, params={"repo": "nothing"})
