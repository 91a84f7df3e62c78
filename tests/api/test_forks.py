"""Forks: what they share, what they must not, and that they stand alone."""

from __future__ import annotations

import os
import subprocess
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from domain.ports_git import ZERO_OID
from storage.git.reader import DulwichReader
from storage.git.store import DiskGitStore
from tests.storage.git.packs import Sample

if TYPE_CHECKING:
    from pathlib import Path

    from tests.api.client import Client
    from tests.api.node import Node

REPOS = "/api/v1/repos"
_NUMBERS = count()


@pytest.fixture
def store(node: Node) -> DiskGitStore:
    return DiskGitStore(node.world.folder.repos)


def make(api: Client, **fields: Any) -> dict[str, Any]:
    made: dict[str, Any] = api.post(REPOS, {"name": f"origin-{next(_NUMBERS)}", **fields}).json()
    return made


def push(node: Node, repo: str, sample: Sample, ref: str = "refs/heads/main", old: str = ZERO_OID) -> str:
    """Push a commit of its own pack; its id."""
    name = bytes.fromhex(repo)
    quarantine = DiskGitStore(node.world.folder.repos).quarantine(name)  # type: ignore[arg-type]
    quarantine.feed(sample.pack)
    quarantine.finish([sample.tip])
    answer = node.world.run(
        "refs.move", repo=name, commands=[[ref, old, sample.tip]], quarantine=quarantine.token, atomic=True
    )
    assert answer.extra["outcomes"] == [[ref, ""]]
    return sample.tip


def folder(node: Node, repo: str) -> Path:
    return node.world.folder.repos / f"{repo}.git"


def packs(node: Node, repo: str) -> dict[str, int]:
    """The repository's packs, and which file each is."""
    return {path.name: path.stat().st_ino for path in (folder(node, repo) / "objects/pack").glob("*.pack")}


def git(node: Node, repo: str, *words: str) -> str:
    environ = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
    return subprocess.run(
        ["git", *words], cwd=folder(node, repo), env=environ, capture_output=True, text=True, check=True
    ).stdout


def holds(node: Node, repo: str, oid: str) -> bool:
    return DiskGitStore(node.world.folder.repos).has(bytes.fromhex(repo), oid)  # type: ignore[arg-type]


def test_a_fork_shares_its_origin_s_packs_and_outlives_it(api: Client, node: Node, store: DiskGitStore) -> None:
    origin = make(api, description="Old things")
    first = push(node, origin["id"], Sample(blob=b"one\n"))
    push(node, origin["id"], Sample(blob=b"two\n"), "refs/tags/v1")
    made = api.post(f"{REPOS}/{origin['id']}/fork", {"name": f"{origin['name']}-fork"})
    fork = made.json()
    assert made.headers["location"] == f"{REPOS}/{fork['id']}"
    assert fork["fork_of"] == origin["id"]
    assert (fork["description"], fork["private"], fork["forks_count"]) == ("Old things", False, 0)
    assert api.get(f"{REPOS}/{origin['id']}").json()["forks_count"] == 1
    assert packs(node, fork["id"]) == packs(node, origin["id"])
    assert git(node, fork["id"], "for-each-ref") == git(node, origin["id"], "for-each-ref")
    assert [each["id"] for each in api.every(f"{REPOS}/{origin['id']}/forks", "repos")] == [fork["id"]]
    # What comes later is each one's own.
    later = push(node, origin["id"], Sample(blob=b"three\n"), "refs/heads/next")
    assert not holds(node, fork["id"], later)
    api.delete(f"{REPOS}/{origin['id']}")
    store.delete(bytes.fromhex(origin["id"]))  # type: ignore[arg-type]
    assert git(node, fork["id"], "fsck", "--strict", "--full") == ""
    assert api.get(f"{REPOS}/{fork['id']}/commits").json()["commits"][0]["hash"] == first
    assert list(node.world.folder.repos.glob("*.staged")) == []


def test_a_fork_of_a_fork_and_a_fork_of_nothing(api: Client, node: Node) -> None:
    origin = make(api)
    empty = api.post(f"{REPOS}/{origin['id']}/fork", {"name": f"{origin['name']}-empty"}).json()
    assert git(node, empty["id"], "for-each-ref") == ""
    tip = push(node, empty["id"], Sample(blob=b"from here\n"))
    again = api.post(f"{REPOS}/{empty['id']}/fork", {"name": f"{origin['name']}-again", "description": "New"}).json()
    assert again["fork_of"] == empty["id"]
    assert again["description"] == "New"
    assert git(node, again["id"], "rev-parse", "main").strip() == tip
    events = api.every(f"{REPOS}/{again['id']}/events", "events")
    assert [event["kind"] for event in events] == ["refs.moved.v1", "repository.forked.v1"]


def test_what_no_ref_leads_to_is_not_in_a_fork(api: Client, node: Node) -> None:
    """Whoever may push to the fork could point a ref at it: what the origin's owner took away would come back."""
    origin = make(api)
    kept = push(node, origin["id"], Sample(blob=b"kept\n"))
    secret = push(node, origin["id"], Sample(blob=b"secret\n"), "refs/heads/secret")
    api.delete(f"{REPOS}/{origin['id']}/branches/secret")
    fork = api.post(f"{REPOS}/{origin['id']}/fork", {"name": f"{origin['name']}-clean"}).json()["id"]
    assert holds(node, origin["id"], secret)
    assert not holds(node, fork, secret)
    assert holds(node, fork, kept)
    answer = node.world.run(
        "refs.move", repo=bytes.fromhex(fork), commands=[["refs/heads/back", ZERO_OID, secret]], atomic=True
    )
    assert answer.extra["outcomes"] == [["refs/heads/back", "the object it should point to is missing"]]


def test_a_pack_with_more_than_refs_reach_is_packed_anew(api: Client, node: Node, tmp_path: Path) -> None:
    origin = make(api)
    kept, dropped = Sample(blob=b"kept\n" * 40), Sample(blob=b"dropped\n")
    push(node, origin["id"], kept)
    push(node, origin["id"], dropped, "refs/heads/gone")
    api.delete(f"{REPOS}/{origin['id']}/branches/gone")
    # One pack of everything, as a maintenance run would make it.
    names = "\n".join(git(node, origin["id"], "cat-file", "--batch-all-objects", "--batch-check").split("\n"))
    oids = [line.split()[0] for line in names.splitlines()]
    old = list((folder(node, origin["id"]) / "objects/pack").iterdir())
    subprocess.run(
        ["git", "pack-objects", "-q", "objects/pack/pack"],
        cwd=folder(node, origin["id"]),
        input="".join(f"{oid}\n" for oid in oids),
        text=True,
        capture_output=True,
        check=True,
    )
    for path in old:
        path.unlink()
    fork = api.post(f"{REPOS}/{origin['id']}/fork", {"name": f"{origin['name']}-anew"}).json()["id"]
    assert set(packs(node, fork).values()).isdisjoint(packs(node, origin["id"]).values())
    assert holds(node, fork, kept.tip)
    assert not holds(node, fork, dropped.tip)
    assert git(node, fork, "fsck", "--strict", "--full") == ""


def test_who_may_fork_what(api: Client, anyone: Client, node: Node) -> None:
    private = make(api, private=True)
    push(node, private["id"], Sample(blob=b"mine\n"))
    path = f"{REPOS}/{private['id']}"
    anyone.post(f"{path}/fork", {"name": "stolen"}, expect=401)
    anyone.get(f"{path}/forks", 404)
    api.post(f"{path}/fork", {"name": "open", "private": False}, expect=403)
    fork = api.post(f"{path}/fork", {"name": f"{private['name']}-mine"}).json()
    assert fork["private"] is True
    anyone.get(f"{REPOS}/{fork['id']}", 404)
    api.patch(path, {"private": False})
    assert anyone.get(path).json()["forks_count"] == 0, "of what one may not see, not even the number"
    assert anyone.get(f"{path}/forks").json()["repos"] == []
    assert api.get(path).json()["forks_count"] == 1
    clash = api.post(f"{path}/fork", {}, expect=409).json()
    assert clash["errors"][0]["pointer"] == "/name"
    api.post(f"{path}/fork", {"name": "..", "owner": "operator"}, expect=422)
    api.post(f"{path}/fork", {"name": "theirs", "owner": "nobody-here"}, expect=403)
    api.post(f"{REPOS}/{'0' * 64}/fork", {"name": "ghost"}, expect=404)
    assert list(node.world.folder.repos.glob("*.staged")) == []


def test_a_crash_between_the_log_and_the_disk_is_healed(api: Client, node: Node, store: DiskGitStore) -> None:
    origin = make(api)
    tip = push(node, origin["id"], Sample(blob=b"durable\n"))
    fork = api.post(f"{REPOS}/{origin['id']}/fork", {"name": f"{origin['name']}-crash"}).json()["id"]
    # As it was in the moment after the commit: staged, and nothing in the repository's folder.
    store.delete(bytes.fromhex(fork))  # type: ignore[arg-type]
    store.fork(bytes.fromhex(origin["id"]), [tip])  # type: ignore[arg-type]
    unfinished = store.stage()
    unfinished.feed(b"PACK")
    node.world.close()
    node.world.open()
    assert holds(node, fork, tip)
    assert git(node, fork, "rev-parse", "main").strip() == tip
    assert list(node.world.folder.repos.glob("*.staged")) == []
    unfinished.discard()
    reader = DulwichReader(node.world.folder.repos)
    assert reader.resolve(bytes.fromhex(fork), "main") == tip  # type: ignore[arg-type]
    reader.close()
