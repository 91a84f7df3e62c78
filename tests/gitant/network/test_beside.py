"""What comes to a node, or goes from it, beside its peers: they know of what came, and nothing of what went."""

from __future__ import annotations

import os
import signal
import subprocess
import urllib.error
from typing import TYPE_CHECKING

import pytest

from tests.gitant.network.meeting import Member, push, soon
from tests.gitant.running import PATIENCE_S
from tests.house.tree import BIN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sequence[Member]]:
    """The second dials the first, and takes all that it has."""
    base = tmp_path_factory.mktemp("two")
    nodes = [Member(base / name) for name in "ab"]
    try:
        for node in nodes:
            node.wait_ready()
        nodes[1].meets(nodes[0])
        nodes[1].ask("POST", "/follows", {"all": True})
        yield nodes
    finally:
        for node in nodes:
            node.end(signal.SIGTERM)


def command(node: Member, *words: str, given: str = "") -> str:
    """What a command says, in both ways."""
    environ = {**os.environ, "GITANT_DATA_DIR": str(node.folder)}
    done = subprocess.run(
        [BIN / "gitant", *words],
        env=environ,
        input=given,
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE_S,
    )
    return done.stdout + done.stderr


def here(node: Member, repo: str) -> bool:
    """Whether a node shows a repository."""
    try:
        node.ask("GET", f"/repos/{repo}")
    except urllib.error.HTTPError:
        return False
    return True


def test_what_a_bundle_brings_peers_get_at_once(two: Sequence[Member], tmp_path: Path) -> None:
    """Issue 7: the events went on at once, the objects only with the next reminder."""
    apart = Member(tmp_path / "apart")
    try:
        apart.wait_ready()
        repo = str(apart.ask("POST", "/repos", {"name": "carried"})["id"])
        commit = push(tmp_path / "work", apart, repo, "one")
        url = apart.attach(repo, "note.txt", b"carried along")
        command(apart, "bundle", "create", str(tmp_path / "carried.bundle"), repo)
    finally:
        apart.end(signal.SIGTERM)
    command(two[0], "bundle", "apply", str(tmp_path / "carried.bundle"))
    for node in two:
        soon(lambda node=node: here(node, repo) and commit in node.refs(repo), "the push came")
        soon(lambda node=node: node.file(url) == b"carried along", "the attachment came")


def test_a_copy_that_was_removed_stays_away_until_it_is_followed_again(two: Sequence[Member], tmp_path: Path) -> None:
    repo = str(two[0].ask("POST", "/repos", {"name": "large"})["id"])
    commit = push(tmp_path / "work", two[0], repo, "one")
    did = two[1].ask("GET", "/status")["did"]
    two[0].ask("POST", f"/repos/{repo}/collaborators", {"did": did, "role": "developer"})
    soon(lambda: here(two[1], repo) and commit in two[1].refs(repo), "it came")
    two[1].ask("POST", f"/repos/{repo}/issues", {"title": "By the second"})
    soon(lambda: two[0].digests(repo) == two[1].digests(repo), "both hold the same")
    bare = two[1].folder / "repos" / f"{repo}.git"
    assert bare.exists()
    assert "nodes that hold all that is here: 1" in command(two[1], "repo", "remove-here", repo, "--yes")
    assert not here(two[1], repo)
    assert not bare.exists()
    assert here(two[0], repo)
    two[0].ask("POST", f"/repos/{repo}/issues", {"title": "Meanwhile"})
    other = str(two[0].ask("POST", "/repos", {"name": "other"})["id"])
    soon(lambda: here(two[1], other), "all else comes as ever")
    assert not here(two[1], repo), "whatever is followed"
    command(two[1], "peer", "follow", repo)
    soon(lambda: two[1].titles(repo) == {"By the second", "Meanwhile"}, "it came again, with what it had written")
    soon(lambda: commit in two[1].refs(repo), "its objects, too")
    soon(lambda: _writes(two[1], repo), "it goes on in its own feed once both are level")
    soon(lambda: two[0].digests(repo) == two[1].digests(repo), "both hold the same")
    assert "After it" in two[0].titles(repo)


def _writes(node: Member, repo: str) -> bool:
    try:
        node.ask("POST", f"/repos/{repo}/issues", {"title": "After it"})
    except urllib.error.HTTPError:
        return False
    return True


def test_a_private_repository_goes_to_the_node_that_keeps_a_member_s_account(
    two: Sequence[Member], tmp_path: Path
) -> None:
    """Issue 7: the member clones and pushes there, and it is all here; nobody else there sees any of it."""
    home, host = two
    people = [_account(host, name) for name in ("kay", "lou")]
    kay, lou = people
    repo = str(home.ask("POST", "/repos", {"name": "secret", "private": True})["id"])
    first = push(tmp_path / "work", home, repo, "one")
    host.ask("POST", "/follows", {"repo": repo})
    assert not here(host, repo), "nobody with an account there has a role"
    home.ask("POST", f"/repos/{repo}/collaborators", {"did": kay["did"], "role": "developer"})
    soon(lambda: "refs/heads/main" in _listed(host, repo, kay), "it came to where kay has an account")
    assert "refs/heads/main" not in _listed(host, repo, lou)
    clone = tmp_path / "clone"
    _git(tmp_path, "clone", "-q", _url(host, repo, kay), str(clone))
    assert _git(clone, "rev-parse", "HEAD") == first
    (clone / "two").write_text("by kay")
    _git(clone, "add", "two")
    _git(clone, "-c", "user.name=kay", "-c", "user.email=kay@example.org", "commit", "-q", "-m", "Two")
    _git(clone, "push", "-q", "origin", "HEAD:main")
    second = _git(clone, "rev-parse", "HEAD")
    soon(lambda: second in home.refs(repo), "what kay pushed came home")
    soon(lambda: home.digests(repo) == host.digests(repo), "both hold the same")
    home.ask("DELETE", f"/repos/{repo}/collaborators/{kay['did']}")
    soon(lambda: "refs/heads/main" not in _listed(host, repo, kay), "who was put out sees it no more")
    home.ask("POST", f"/repos/{repo}/issues", {"title": "After that"})
    assert "After that" not in host.titles(repo)


def _account(node: Member, name: str) -> dict[str, str]:
    secret = f"{name} and a horse and a battery"
    made = node.ask("POST", "/auth/register", {"username": name, "email": f"{name}@example.org", "password": secret})
    token = node.ask("POST", "/auth/login", {"username": name, "password": secret})["token"]
    return {"name": name, "did": made["user"]["did"], "token": token}


def _url(node: Member, repo: str, person: dict[str, str]) -> str:
    return f"http://{person['name']}:{person['token']}@{node.host}:{node.port}/{repo}.git"


def _listed(node: Member, repo: str, person: dict[str, str]) -> str:
    """What `git ls-remote` shows somebody, which is nothing where they may not read."""
    words = ["git", "ls-remote", _url(node, repo, person)]
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=PATIENCE_S).stdout


def _git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True, timeout=PATIENCE_S)
    return done.stdout.strip()
