"""Repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.api.history import push_history
from tests.gitant.writer.world import KEY

if TYPE_CHECKING:
    from pathlib import Path

    from tests.api.client import Client

REPOS = "/api/v1/repos"


def test_a_new_repository_has_all_its_names(api: Client) -> None:
    made = api.post(REPOS, {"name": "names", "description": "Old things"})
    doc = made.json()
    assert doc["owner"] == "operator"
    assert doc["full_name"] == "operator/names"
    assert doc["clone_url"] == "http://testserver.local/operator/names.git"
    assert doc["default_branch"] == "main"
    assert doc["description"] == "Old things"
    assert doc["private"] is False
    assert doc["roots"] == [KEY.did]
    assert doc["created_at"].endswith("Z")
    assert made.headers["location"] == f"{REPOS}/{doc['id']}"
    for selector in (doc["id"], "names", "operator~names"):
        assert api.get(f"{REPOS}/{selector}").json() == doc


def test_lists_are_paged_newest_first(api: Client, anyone: Client) -> None:
    before = [repo["name"] for repo in api.every(REPOS, "repos")]
    for number in range(5):
        api.post(REPOS, {"name": f"r{number}", "private": number == 2})
    assert [repo["name"] for repo in api.every(REPOS, "repos", per_page=2)] == ["r4", "r3", "r2", "r1", "r0", *before]
    assert [repo["name"] for repo in anyone.every(REPOS, "repos", limit=3)] == ["r4", "r3", "r1", "r0", *before]
    assert [repo["name"] for repo in api.every(REPOS, "repos", q="r3")] == ["r3"]


def test_a_change_touches_what_it_names(api: Client, repo: str) -> None:
    before = api.get(repo).json()
    changed = api.patch(repo, {"description": "New", "private": True}).json()
    assert changed["description"] == "New"
    assert changed["private"] is True
    assert changed["name"] == before["name"]
    assert changed["owner"] == "operator"
    assert api.get(repo).json() == changed
    assert api.patch(repo, {"archived": True}).json()["archived"] is True
    api.patch(repo, {"description": "Late"}, expect=409)
    api.patch(repo, {"archived": False})
    api.patch(repo, {}, expect=422)


def test_a_deleted_repository_is_gone(api: Client, repo: str) -> None:
    api.delete(repo)
    api.get(repo, 404)
    api.delete(repo, 404)
    assert repo.rpartition("/")[2] not in {each["id"] for each in api.every(REPOS, "repos")}


def test_deleting_again_with_the_same_key_is_answered_again(api: Client, repo: str) -> None:
    key = {"idempotency-key": "once"}
    first = api.delete(repo, headers=key)
    again = api.delete(repo, headers=key)
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    api.delete(repo, 404, headers={"idempotency-key": "other"})
    api.delete(f"{REPOS}/nothing", 404, headers={"idempotency-key": "third"})


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "a b", "x.git", "../../etc", "né", "a\0b", "a\u202eb", "x" * 65]
)
def test_names_that_are_no_path_segment_are_refused(api: Client, name: str) -> None:
    problem = api.post(REPOS, {"name": name}, expect=422).json()
    assert problem["errors"][0]["pointer"] == "/name"


def test_a_name_is_taken_once(api: Client, repo: str) -> None:
    api.post(REPOS, {"name": api.get(repo).json()["name"]}, expect=409)


@pytest.mark.parametrize("field", ["description", "default_branch"])
@pytest.mark.parametrize("text", ["a\0b", "a\u202eb", "a\x1b[31mb"])
def test_texts_that_hide_are_refused(api: Client, field: str, text: str) -> None:
    problem = api.post(REPOS, {"name": "ok", field: text}, expect=422).json()
    assert problem["errors"][0]["pointer"] == f"/{field}"


def test_branch_names_git_has_no_use_for_are_refused(api: Client) -> None:
    for name in ("a..b", "-x", "a.lock", "a b", "a~1", "HEAD"):
        api.post(REPOS, {"name": "ok", "default_branch": name}, expect=422)


def test_what_a_repository_takes_on_the_disk(api: Client, repo: str, tmp_path: Path) -> None:
    before = api.get(repo)
    assert before.json()["disk_bytes"] == 0
    push_history(api, repo, tmp_path)
    after = api.get(repo).json()["disk_bytes"]
    assert after > 0
    assert after in [each["disk_bytes"] for each in api.every(REPOS, "repos")]
