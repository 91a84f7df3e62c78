"""The search language over HTTP, lists across repositories, and one change to many issues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from domain.commands.issue_bulk import ISSUES_MAX
from tests.gitant.writer.world import KEY

if TYPE_CHECKING:
    from tests.api.client import Client


def numbers(api: Client, repo: str, **params: str | int) -> list[int]:
    return [issue["number"] for issue in api.every(f"{repo}/issues", "issues", **params)]


@pytest.fixture
def stocked(api: Client, repo: str) -> str:
    """Four issues: 2 and 4 are bugs, 3 is closed."""
    for number in range(1, 5):
        labels = ["bug"] if number % 2 == 0 else ["help wanted"]
        api.post(f"{repo}/issues", {"title": f"Shelf {number}", "labels": labels, "assignees": ["operator"]})
    api.post(f"{repo}/issues/3/close", expect=200)
    return repo


def test_a_query_narrows_beside_the_other_filters(api: Client, stocked: str) -> None:
    assert numbers(api, stocked, q="label:bug") == [4, 2]
    assert numbers(api, stocked, q='label:"help wanted" is:closed') == [3]
    assert numbers(api, stocked, q="is:closed") == [3]
    assert numbers(api, stocked, q="number:3") == [3]
    assert numbers(api, stocked, q="-label:bug", state="all") == [3, 1]
    assert numbers(api, stocked, q="sort:created-asc", labels="bug", per_page=1) == [2, 4]
    assert numbers(api, stocked, q='"Shelf 4" assignee:@me', author="@me") == [4]
    assert numbers(api, stocked, q="author:nobody") == []


def test_a_query_that_is_off_says_where(api: Client, anyone: Client, stocked: str) -> None:
    problem = api.get(f"{stocked}/issues", 422, params={"q": "dust colour:red"}).json()
    assert "at character 6" in problem["detail"]
    assert "label:" in problem["hint"]
    assert problem["errors"][0]["pointer"] == "?q"
    assert "GET /api/v1/issues" in api.get(f"{stocked}/issues", 422, params={"q": "repo:x"}).json()["hint"]
    anyone.get(f"{stocked}/issues", 401, params={"q": "assignee:@me"})


def test_issues_of_all_repositories_that_one_may_read(api: Client, anyone: Client, stocked: str) -> None:
    hidden = api.post("/api/v1/repos", {"name": "hidden-shelves", "private": True}).json()["id"]
    api.post(f"/api/v1/repos/{hidden}/issues", {"title": "Shelf in the dark"})
    name = api.get(stocked).json()["full_name"]

    def found(client: Client, **params: str | int) -> list[tuple[str, int]]:
        issues = client.every("/api/v1/issues", "issues", **params)
        return [(issue["repo_full_name"], issue["number"]) for issue in issues]

    assert found(api, q="Shelf", per_page=1)[:2] == [("operator/hidden-shelves", 1), (name, 4)]
    assert "operator/hidden-shelves" not in dict(found(anyone, q="Shelf"))
    assert (name, 4) in found(anyone, q="Shelf")
    assert found(anyone, q=f"repo:{name} is:closed") == [(name, 3)]
    assert found(api, q=f"repo:{name.replace('/', '~')} label:bug") == [(name, 4), (name, 2)]
    anyone.get("/api/v1/issues", 404, params={"q": "repo:operator~hidden-shelves"})
    anyone.get("/api/v1/issues", 401, params={"q": "author:@me"})
    assert found(api, q="sort:updated-asc is:closed Shelf")


def test_one_change_to_many_issues(api: Client, stocked: str) -> None:
    change: dict[str, Any] = {"add_labels": ["urgent"], "remove_labels": ["bug"], "remove_assignees": ["operator"]}
    first = api.get(f"{stocked}/issues/2").json()["id"]
    answer = api.patch(f"{stocked}/issues", {"issues": [first, 4, 1, "4"], **change})
    assert "gitant-position" in answer.headers
    rows = answer.json()["issues"]
    assert [row["number"] for row in rows] == [2, 4, 1]
    assert [row["labels"] for row in rows] == [["urgent"], ["urgent"], ["help wanted", "urgent"]]
    assert all(row["changed"] and row["assignees"] == [] for row in rows)
    again = api.patch(f"{stocked}/issues", {"issues": [1, 2], "add_labels": ["urgent"]}).json()["issues"]
    assert not any(row["changed"] for row in again)
    closed = api.patch(f"{stocked}/issues", {"issues": [1, 3], "state": "closed", "assignees": ["operator"]}).json()
    assert [(row["state"], row["assignees"], row["changed"]) for row in closed["issues"]] == [
        ("closed", [KEY.did], True),
        ("closed", [KEY.did], False),
    ]
    assert numbers(api, stocked) == [4, 2]


@pytest.mark.parametrize(
    ("change", "status", "pointer"),
    [
        ({"issues": [1, 99], "state": "closed"}, 404, "/issues/1"),
        ({"issues": [1, "x"], "state": "closed"}, 404, "/issues/1"),
        ({"issues": [1, 2], "add_labels": ["new"], "add_assignees": ["nobody"]}, 422, "/assignees"),
        ({"issues": [1], "labels": ["a"], "add_labels": ["b"]}, 422, "/labels"),
        ({"issues": [1]}, 422, ""),
        ({"issues": [], "state": "closed"}, 422, "/issues"),
        ({"issues": [1] * (ISSUES_MAX + 1), "state": "closed"}, 422, "/issues"),
        ({"issues": [1], "state": "ajar"}, 422, "/state"),
        ({"issues": [1], "add_labels": ["a\nb"]}, 422, "/add_labels/0"),
    ],
)
def test_what_is_refused_for_one_is_refused_for_all(
    api: Client, stocked: str, change: dict[str, Any], status: int, pointer: str
) -> None:
    before = api.get(f"{stocked}/issues", params={"state": "all"}).content
    problem = api.patch(f"{stocked}/issues", change, status).json()
    assert [error["pointer"] for error in problem.get("errors", [])] == ([pointer] if pointer else [])
    assert api.get(f"{stocked}/issues", params={"state": "all"}).content == before
    assert "new" not in [label["name"] for label in api.get(f"{stocked}/labels").json()["labels"]]


def test_strangers_change_nothing(anyone: Client, stocked: str) -> None:
    anyone.patch(f"{stocked}/issues", {"issues": [1], "state": "closed"}, 401)
