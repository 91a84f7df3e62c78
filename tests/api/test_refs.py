"""Refs, branches, what a clone begins with, and pushes by API."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.history import History, pack_of, push_history

if TYPE_CHECKING:
    from pathlib import Path

    from tests.api.client import Client
    from tests.api.node import Node

ZEROS = "0" * 40


@pytest.fixture
def pushed(api: Client, repo: str, tmp_path: Path) -> History:
    """A history of this test's own."""
    return push_history(api, repo, tmp_path / "stock")


def loose(kind: str, content: bytes) -> dict[str, str]:
    name = hashlib.sha1(b"%b %d\0" % (kind.encode(), len(content)) + content).hexdigest()
    return {"hash": name, "type": kind, "content": base64.urlsafe_b64encode(content).decode().rstrip("=")}


def one_commit() -> list[dict[str, str]]:
    """A commit of one file, as loose objects: the commit comes last."""
    blob = loose("blob", b"hi\n")
    tree = loose("tree", b"100644 hi\0" + bytes.fromhex(blob["hash"]))
    person = b"Ada <ada@example.invalid> 1700000000 +0000"
    commit = loose("commit", b"tree %b\nauthor %b\ncommitter %b\n\nHi\n" % (tree["hash"].encode(), person, person))
    return [blob, tree, commit]


def test_refs_and_branches_are_listed_by_name(anyone: Client, history: History) -> None:
    refs = anyone.every(f"{history.repo}/refs", "refs", per_page=2)
    assert [(ref["name"], ref["hash"]) for ref in refs] == [
        ("refs/heads/feature/x", history.second),
        ("refs/heads/main", history.third),
        ("refs/tags/v1", history.first),
    ]
    assert [ref["short"] for ref in anyone.every(f"{history.repo}/refs", "refs", prefix="refs/tags/")] == ["v1"]
    branches = anyone.every(f"{history.repo}/branches", "branches", per_page=1)
    assert [(branch["name"], branch["default"]) for branch in branches] == [("feature/x", False), ("main", True)]


def test_a_clone_begins_with_an_address_and_refs(anyone: Client, history: History) -> None:
    found = anyone.get(f"{history.repo}/clone").json()
    assert found["clone_url"] == "http://testserver.local/operator/history.git"
    assert [ref["name"] for ref in found["refs"]] == ["refs/heads/feature/x", "refs/heads/main", "refs/tags/v1"]
    assert (found["default_branch"], found["complete"]) == ("main", True)
    one = anyone.get(f"{history.repo}/clone", params={"branch": "feature/x"}).json()
    assert [ref["hash"] for ref in one["refs"]] == [history.second]
    anyone.get(f"{history.repo}/clone", 404, params={"branch": "none"})


def test_branches_are_made_and_deleted(api: Client, pushed: History) -> None:
    made = api.post(f"{pushed.repo}/branches", {"name": "fix/a/b", "commit": "v1"}).json()
    assert (made["name"], made["ref"], made["hash"]) == ("fix/a/b", "refs/heads/fix/a/b", pushed.first)
    assert api.post(f"{pushed.repo}/branches", {"name": "now"}).json()["hash"] == pushed.third
    api.post(f"{pushed.repo}/branches", {"name": "now"}, expect=409)
    api.post(f"{pushed.repo}/branches", {"name": "new", "commit": "nothing"}, expect=422)
    api.post(f"{pushed.repo}/branches", {"name": "a..b"}, expect=422)
    api.post(f"{pushed.repo}/branches", {"name": "fix"}, expect=409)
    stale = {"if-match": '"0123"'}
    api.delete(f"{pushed.repo}/branches/fix/a/b", 412, headers=stale)
    key = {"idempotency-key": "delete-it"}
    api.delete(f"{pushed.repo}/branches/fix/a/b", headers=key)
    assert api.delete(f"{pushed.repo}/branches/fix/a/b", headers=key).headers["idempotent-replayed"] == "true"
    api.delete(f"{pushed.repo}/branches/fix/a/b", 404)
    api.delete(f"{pushed.repo}/branches/main", 409)
    names = [branch["name"] for branch in api.every(f"{pushed.repo}/branches", "branches")]
    assert names == ["feature/x", "main", "now"]


def test_loose_objects_are_pushed(api: Client, node: Node, repo: str) -> None:
    objects = one_commit()
    tip = objects[-1]["hash"]
    updates = [{"name": "refs/heads/main", "old_hash": "", "new_hash": tip}]
    answer = api.post(f"{repo}/push", {"objects": [*objects, objects[0]], "ref_updates": updates}, expect=200)
    assert answer.json()["success"] is True
    assert answer.json()["refs"] == [{"name": "refs/heads/main", "hash": tip}]
    assert len(answer.json()["events"]) == 1
    assert api.get(f"{repo}/raw/hi").content == b"hi\n"
    assert quarantines(node, repo) == []


def test_a_ref_moves_without_new_objects(api: Client, pushed: History) -> None:
    updates = [
        {"name": "refs/heads/back", "old_hash": ZEROS, "new_hash": pushed.first},
        {"name": "refs/tags/v1", "old_hash": pushed.first, "new_hash": ZEROS},
    ]
    refs = api.post(f"{pushed.repo}/push", {"ref_updates": updates}, expect=200).json()["refs"]
    assert refs == [{"name": "refs/heads/back", "hash": pushed.first}, {"name": "refs/tags/v1", "hash": None}]
    names = [ref["name"] for ref in api.every(f"{pushed.repo}/refs", "refs")]
    assert names == ["refs/heads/back", "refs/heads/feature/x", "refs/heads/main"]


def test_a_lost_race_is_told_and_moves_nothing(api: Client, pushed: History) -> None:
    updates = [
        {"name": "refs/heads/new", "new_hash": pushed.first},
        {"name": "refs/heads/main", "old_hash": pushed.first, "new_hash": pushed.second},
    ]
    problem = api.post(f"{pushed.repo}/push", {"ref_updates": updates}, expect=409).json()
    assert problem["type"] == "/problems/refs-refused"
    assert "stale" in next(error["detail"] for error in problem["errors"] if error["pointer"] == "/ref_updates/1")
    assert api.get(f"{pushed.repo}/commits/main").json()["hash"] == pushed.third
    assert "new" not in [branch["name"] for branch in api.every(f"{pushed.repo}/branches", "branches")]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"ref_updates": []}, 422),
        ({"ref_updates": [{"name": "refs/heads/main", "new_hash": "f" * 40}]}, 422),
        ({"ref_updates": [{"name": "main", "new_hash": "f" * 40}]}, 422),
        ({"ref_updates": [{"name": "refs/pull/1/head", "new_hash": "f" * 40}]}, 422),
        ({"ref_updates": [{"name": "refs/heads/../x", "new_hash": "f" * 40}]}, 422),
        ({"ref_updates": [{"name": "refs/heads/main", "new_hash": "f00"}]}, 422),
        ({"objects": [{**one_commit()[0], "hash": "f" * 40}]}, 422),
        ({"objects": [{**one_commit()[0], "content": "!"}]}, 422),
        ({"objects": [{**one_commit()[0], "type": "tag"}]}, 422),
        ({"objects": one_commit()[1:]}, 422),
        ({"objects": one_commit()[:1]}, 422),
        ({"objects": []}, 422),
    ],
)
def test_bad_pushes_are_refused_and_leave_nothing(
    api: Client, node: Node, repo: str, change: dict[str, Any], status: int
) -> None:
    objects = one_commit()
    push = {"objects": objects, "ref_updates": [{"name": "refs/heads/main", "new_hash": objects[-1]["hash"]}]}
    api.post(f"{repo}/push", push | change, expect=status)
    assert api.every(f"{repo}/refs", "refs") == []
    assert quarantines(node, repo) == []


def test_a_branch_holds_commits_only(api: Client, repo: str) -> None:
    objects = one_commit()
    for kind in (0, 1):
        updates = [{"name": "refs/heads/main", "new_hash": objects[kind]["hash"]}]
        problem = api.post(f"{repo}/push", {"objects": objects, "ref_updates": updates}, expect=422).json()
        assert "holds commits" in problem["detail"]
    updates = [{"name": "refs/heads/main", "new_hash": objects[2]["hash"]}] * 2
    api.post(f"{repo}/push", {"objects": objects, "ref_updates": updates}, expect=422)


@pytest.mark.parametrize("pack", ["", "AAAA", base64.b64encode(b"PACK" + bytes(40)).decode()])
def test_a_pack_that_is_none_is_refused(api: Client, node: Node, repo: str, pack: str) -> None:
    updates = [{"name": "refs/heads/main", "new_hash": "f" * 40}]
    problem = api.post(f"{repo}/push-packfile", {"packfile": pack, "ref_updates": updates}, expect=422).json()
    assert problem["type"] == "/problems/pack-refused"
    assert quarantines(node, repo) == []


def test_a_thin_pack_builds_on_what_is_here(api: Client, pushed: History) -> None:
    stock = pushed.stock
    text = b"".join(b"fixed %d\n" % number for number in range(31))
    fourth = stock.commit(stock.tree(("100644", "new.txt", stock.blob(text))), pushed.third, at=1_700_000_300)
    options = ("pack-objects", "--stdout", "--revs", "--thin", "--quiet")
    pack = stock.git(*options, stdin=f"{fourth}\n^{pushed.third}\n".encode())
    updates = [{"name": "refs/heads/main", "old_hash": pushed.third, "new_hash": fourth}]
    body = {"packfile": base64.b64encode(pack).decode(), "ref_updates": updates}
    api.post(f"{pushed.repo}/push-packfile", body, expect=200)
    assert api.get(f"{pushed.repo}/raw/new.txt").content == text
    assert pack_of(stock, fourth)


def quarantines(node: Node, repo: str) -> list[str]:
    folder = node.world.folder.repos / f"{repo.rpartition('/')[2]}.git" / "quarantine"
    return sorted(path.name for path in folder.iterdir())


def test_only_what_diverged_is_resolved(api: Client, anyone: Client, pushed: History) -> None:
    path = f"{pushed.repo}/refs/resolve"
    problem = api.post(path, {"ref": "main"}, 409).json()
    assert "one place only" in problem["detail"]
    api.post(path, {"ref": "nowhere"}, 404)
    api.post(path, {"ref": "main", "commit": "no digits"}, 422)
    anyone.post(path, {"ref": "main"}, 401)
