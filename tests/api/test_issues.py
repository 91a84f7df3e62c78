"""Issues: opening, listing, filtering, changing, closing, labels and assignees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.gitant.writer.world import KEY

if TYPE_CHECKING:
    from tests.api.client import Client


def test_a_new_issue_has_what_the_contract_asks_for(api: Client, repo: str) -> None:
    made = api.post(f"{repo}/issues", {"title": "Dust", "body": "A lot.", "labels": ["bug"], "assignees": ["operator"]})
    doc = made.json()
    assert doc["number"] == 1
    assert doc["title"] == "Dust"
    assert doc["body"] == "A lot."
    assert doc["state"] == "open"
    assert doc["author"] == KEY.did
    assert doc["labels"] == ["bug"]
    assert doc["assignees"] == [KEY.did]
    assert len(doc["event"]) == 64
    assert doc["created_at"].endswith("Z")
    assert made.headers["location"] == f"{repo}/issues/{doc['id']}"
    for selector in ("1", doc["id"], f"1.{doc['id'][:6]}"):
        assert api.get(f"{repo}/issues/{selector}").json() == doc


def test_lists_filter_by_every_term(api: Client, repo: str) -> None:
    for number in range(1, 7):
        labels = [name for name, each in (("even", 2), ("three", 3)) if number % each == 0]
        api.post(f"{repo}/issues", {"title": f"Issue {number}", "body": f"word{number}", "labels": labels})
    api.put(f"{repo}/issues/4/assignees", {"assignees": ["operator"]})
    api.post(f"{repo}/issues/1/close", expect=200)

    def numbers(**params: str | int) -> list[int]:
        return [issue["number"] for issue in api.every(f"{repo}/issues", "issues", **params)]

    assert numbers() == [6, 5, 4, 3, 2]
    assert numbers(state="all", per_page=2) == [6, 5, 4, 3, 2, 1]
    assert numbers(state="closed") == [1]
    assert numbers(status="closed") == [1]
    assert numbers(labels="even") == [6, 4, 2]
    assert numbers(labels="even, three", limit=1) == [6]
    assert numbers(labels="none") == []
    assert numbers(assignee="operator") == [4]
    assert numbers(author=KEY.did) == [6, 5, 4, 3, 2]
    assert numbers(author="nobody") == []
    assert numbers(q="word5") == [5]
    assert numbers(state="all", q="Issue 1") == [1]


def test_links_keep_the_query_and_go_round(api: Client, repo: str) -> None:
    for number in range(3):
        api.post(f"{repo}/issues", {"title": f"Issue {number}", "labels": ["a b", "c&d"]})
    response = api.get(f"{repo}/issues", params={"labels": "a b,c&d", "per_page": 2})
    following, first = response.links["next"]["url"], response.links["first"]["url"]
    assert "labels=a+b%2Cc%26d" in following
    assert following.startswith("http://testserver.local/api/v1/repos/")
    assert api.get(first).content == response.content
    last = api.get(following)
    assert last.headers["x-total-count"] == "3"
    assert len(last.json()["issues"]) == 1
    assert "next" not in last.links


@pytest.mark.parametrize(
    "query",
    [
        {"per_page": 0},
        {"per_page": 101},
        {"per_page": "many"},
        {"limit": -1},
        {"state": "ajar"},
        {"after": "nonsense"},
        {"page": 2},
        {"offset": 30},
        {"labels": "x" * 3000},
    ],
)
def test_bad_queries_say_which_and_what_to_do(api: Client, repo: str, query: dict[str, str | int]) -> None:
    problem = api.get(f"{repo}/issues", 422, params=query).json()
    assert problem["hint"]
    (name,) = query
    assert problem["errors"][0]["pointer"].removeprefix("?").removeprefix("/") == name


@pytest.mark.parametrize("query", ["q=%00", "labels=a%E2%80%AEb", "q=%FF", "author=%ED%A0%80", "q=%1B%5B0m"])
def test_queries_that_are_no_text_are_refused(api: Client, repo: str, query: str) -> None:
    assert api.get(f"{repo}/issues?{query}", 400).json()["type"] == "/problems/malformed"


def test_a_change_touches_what_it_names(api: Client, repo: str) -> None:
    api.post(f"{repo}/issues", {"title": "Dust", "body": "A lot."})
    changed = api.patch(f"{repo}/issues/1", {"title": "Much dust"}).json()
    assert (changed["title"], changed["body"]) == ("Much dust", "A lot.")
    changed = api.patch(f"{repo}/issues/1", {"body": "A lot, still.", "labels": ["bug"], "assignees": ["operator"]})
    assert changed.json()["body"] == "A lot, still."
    assert changed.json()["labels"] == ["bug"]
    assert changed.json()["assignees"] == [KEY.did]
    changed = api.patch(f"{repo}/issues/1", {"state": "closed", "reason": "swept"})
    assert (changed.json()["state"], changed.json()["state_reason"]) == ("closed", "swept")
    assert api.patch(f"{repo}/issues/1", {"state": "open", "labels": []}).json()["labels"] == []
    assert api.get(f"{repo}/issues/1").json()["state"] == "open"
    assert api.get(repo).json()["open_issues"] == 1


def test_closing_and_reopening(api: Client, repo: str) -> None:
    api.post(f"{repo}/issues", {"title": "Dust"})
    closed = api.post(f"{repo}/issues/1/close", {"reason": "swept"}, expect=200).json()
    assert (closed["state"], closed["state_reason"]) == ("closed", "swept")
    assert api.post(f"{repo}/issues/1/reopen", expect=200).json()["state"] == "open"


def test_labels_and_assignees_become_what_is_given(api: Client, repo: str) -> None:
    api.post(f"{repo}/issues", {"title": "Dust", "labels": ["old", "both"]})
    assert api.put(f"{repo}/issues/1/labels", {"labels": ["both", "new"]}).json()["labels"] == ["both", "new"]
    assert api.put(f"{repo}/issues/1/assignees", {"assignees": [KEY.did]}).json()["assignees"] == [KEY.did]
    assert api.put(f"{repo}/issues/1/assignees", {"assignees": []}).json()["assignees"] == []
    api.put(f"{repo}/issues/1/assignees", {"assignees": ["nobody-here"]}, expect=422)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "?title"),
        ({"title": ""}, "/title"),
        ({"title": "   "}, "/title"),
        ({"title": "x" * 257}, "/title"),
        ({"title": 5}, "/title"),
        ({"title": "a\0b"}, "/title"),
        ({"title": "a\nb"}, "/title"),
        ({"title": "a\u202eb"}, "/title"),
        ({"title": "ok", "body": "a\0b"}, "/body"),
        ({"title": "ok", "body": "x" * 60_000}, "/body"),
        ({"title": "ok", "labels": "bug"}, "/labels"),
        ({"title": "ok", "labels": ["fine", "a\0"]}, "/labels/1"),
        ({"title": "ok", "labels": ["x" * 65]}, "/labels/0"),
        ({"title": "ok", "labels": ["l"] * 101}, "/labels"),
    ],
)
def test_bad_fields_are_pointed_at(api: Client, repo: str, body: dict[str, object], pointer: str) -> None:
    problem = api.post(f"{repo}/issues", body, expect=422).json()
    found = problem["errors"][0]["pointer"] if problem.get("errors") else ""
    assert found == pointer or (not body and not found)


def test_what_is_not_there_is_404(api: Client, repo: str) -> None:
    for selector in ("1", "0", "-1", "x", "9" * 40, "f" * 64, "1.zz"):
        api.get(f"{repo}/issues/{selector}", 404)
    api.post(f"{repo}/issues/1/close", expect=404)
    api.patch(f"{repo}/issues/1", {"title": "x"}, expect=404)


def test_nothing_to_change_is_said(api: Client, repo: str) -> None:
    api.post(f"{repo}/issues", {"title": "Dust"})
    assert "title" in api.patch(f"{repo}/issues/1", {}, expect=422).json()["hint"]
