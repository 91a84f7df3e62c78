"""Comments on issues."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.gitant.writer.world import KEY

if TYPE_CHECKING:
    from tests.api.client import Client


@pytest.fixture
def issue(api: Client, repo: str) -> str:
    api.post(f"{repo}/issues", {"title": "Dust"})
    return f"{repo}/issues/1"


def test_a_comment_has_what_the_contract_asks_for(api: Client, issue: str) -> None:
    doc = api.post(f"{issue}/comment", {"body": "I see it, too."}).json()
    assert doc["body"] == "I see it, too."
    assert doc["author"] == KEY.did
    assert len(doc["id"]) == len(doc["event"]) == 64
    assert doc["created_at"].endswith("Z")
    assert api.get(issue).json()["comments"] == 1
    assert api.every(f"{issue}/comments", "comments") == [doc]


def test_comments_are_listed_oldest_first(api: Client, issue: str) -> None:
    for number in range(5):
        api.post(f"{issue}/comment", {"body": f"no. {number}"})
    listed = api.every(f"{issue}/comments", "comments", per_page=2)
    assert [comment["body"] for comment in listed] == [f"no. {number}" for number in range(5)]


def test_edited_and_redacted(api: Client, issue: str) -> None:
    name = api.post(f"{issue}/comment", {"body": "Rude words"}).json()["id"]
    edited = api.patch(f"{issue}/comments/{name}", {"body": "Kind words"}).json()
    assert (edited["body"], edited["edited"]) == ("Kind words", True)
    api.delete(f"{issue}/comments/{name}")
    (hole,) = api.every(f"{issue}/comments", "comments")
    assert (hole["body"], hole["redacted"]) == ("", True)
    api.patch(f"{issue}/comments/{name}", {"body": "Back again"}, expect=409)


def test_a_comment_belongs_to_its_issue(api: Client, repo: str, issue: str) -> None:
    name = api.post(f"{issue}/comment", {"body": "Here"}).json()["id"]
    api.post(f"{repo}/issues", {"title": "Other"})
    api.patch(f"{repo}/issues/2/comments/{name}", {"body": "There"}, expect=404)
    api.delete(f"{repo}/issues/2/comments/{name}", 404)
    api.delete(f"{issue}/comments/{'0' * 64}", 404)
    api.delete(f"{issue}/comments/xyz", 404)


@pytest.mark.parametrize("body", ["", "  \n", "a\0b", "a\u202eb", "x" * 60_000])
def test_words_that_cannot_be_are_refused(api: Client, issue: str, body: str) -> None:
    assert api.post(f"{issue}/comment", {"body": body}, expect=422).json()["errors"][0]["pointer"] == "/body"
