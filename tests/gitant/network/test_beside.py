"""What comes to a node by another way than its peers is known to them at once."""

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
