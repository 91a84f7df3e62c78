"""Stock git clones and fetches: whole, shallow, deepened, tags, protocol versions, many at once."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from typing import TYPE_CHECKING

import pytest

from domain.ports_git import PackCaps
from tests.transport.git.conftest import GIT_TIMEOUT_S, make_node
from tests.transport.git.gate import REPO
from transport.git.limits import GitLimits

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from tests.transport.git.conftest import Node

pytestmark = pytest.mark.slow
COMMITS = 6


@pytest.fixture
def history(node: Node) -> list[str]:
    """Commits on main, oldest first, with a merge in the middle; pushed."""
    work = node.work()
    for number in range(COMMITS - 1):
        node.commit(work, f"file{number}", f"{number}\n")
        if number == 2:
            node.git("checkout", "--quiet", "-b", "side", "HEAD~1", cwd=work)
            node.commit(work, "side", "side\n")
            node.git("checkout", "--quiet", "main", cwd=work)
            node.git("merge", "--quiet", "--no-edit", "side", cwd=work)
            node.git("branch", "--quiet", "--delete", "side", cwd=work)
    node.git("tag", "--annotate", "--message", "one", "v1", "HEAD~1", cwd=work)
    node.git("push", "--quiet", "origin", "main", "v1", cwd=work)
    return node.git("rev-list", "--reverse", "main", cwd=work).split()


def count(node: Node, path: Path) -> int:
    return int(node.git("rev-list", "--count", "HEAD", cwd=path))


@pytest.mark.parametrize("version", ["0", "1", "2"])
def test_a_clone_has_every_object(node: Node, history: list[str], version: str) -> None:
    node.git("-c", f"protocol.version={version}", "clone", "--quiet", node.anonymous_url, "copy")
    here, there = node.home / "copy", node.home / "work"
    assert node.git("rev-list", "--all", "--objects", cwd=here) == node.git("rev-list", "--all", "--objects", cwd=there)
    assert node.git("fsck", "--strict", cwd=here) == ""
    assert node.git("describe", "--tags", "--exact-match", "HEAD~1", cwd=here) == "v1"


def test_a_clone_by_id(node: Node, history: list[str]) -> None:
    node.git("clone", "--quiet", f"http://127.0.0.1:{node.port}/{REPO.hex()}.git", "copy")
    assert count(node, node.home / "copy") == len(history)


def test_a_fetch_brings_what_is_new(node: Node, history: list[str]) -> None:
    node.git("clone", "--quiet", node.anonymous_url, "copy")
    copy = node.home / "copy"
    tip = node.commit(node.home / "work", "new", "new\n")
    node.git("push", "--quiet", "origin", "main", cwd=node.home / "work")
    packs = set((copy / ".git/objects").rglob("*"))
    node.git("-c", "fetch.unpackLimit=1000", "pull", "--quiet", cwd=copy)
    assert node.git("rev-parse", "HEAD", cwd=copy) == tip
    fresh = [path for path in (copy / ".git/objects").rglob("*") if path.is_file() and path not in packs]
    assert len(fresh) == 3  # a commit, a tree, a blob


def test_a_fetch_with_local_work_of_its_own(node: Node, history: list[str]) -> None:
    """Many commits that the server does not know: several rounds of talk until they meet."""
    node.git("clone", "--quiet", node.anonymous_url, "copy")
    copy = node.home / "copy"
    for number in range(40):
        node.git("commit", "--quiet", "--allow-empty", "--message", f"mine {number}", cwd=copy)
    tip = node.commit(node.home / "work", "new", "new\n")
    node.git("push", "--quiet", "origin", "main", cwd=node.home / "work")
    node.git("fetch", "--quiet", cwd=copy)
    assert node.git("rev-parse", "origin/main", cwd=copy) == tip
    assert node.git("fsck", "--strict", cwd=copy) == ""


def test_a_fetch_of_nothing_new(node: Node, history: list[str]) -> None:
    node.git("clone", "--quiet", node.anonymous_url, "copy")
    assert node.git("fetch", cwd=node.home / "copy") == ""


def test_a_tag_that_comes_later(node: Node, history: list[str]) -> None:
    node.git("clone", "--quiet", node.anonymous_url, "copy")
    work = node.home / "work"
    node.git("tag", "--annotate", "--message", "two", "v2", cwd=work)
    node.git("push", "--quiet", "origin", "v2", cwd=work)
    node.git("fetch", "--quiet", "--tags", cwd=node.home / "copy")
    assert node.git("cat-file", "-t", "v2", cwd=node.home / "copy") == "tag"


def test_depth_one(node: Node, history: list[str]) -> None:
    node.git("clone", "--quiet", "--depth", "1", node.anonymous_url, "copy")
    copy = node.home / "copy"
    assert count(node, copy) == 1
    assert node.git("rev-parse", "HEAD", cwd=copy) == history[-1]
    assert node.git("fsck", "--strict", cwd=copy) == ""
    assert (copy / ".git" / "shallow").read_text().split() == [history[-1]]


def test_a_plain_fetch_into_a_shallow_clone(node: Node, history: list[str]) -> None:
    node.git("clone", "--quiet", "--depth", "1", node.anonymous_url, "copy")
    tip = node.commit(node.home / "work", "new", "new\n")
    node.git("push", "--quiet", "origin", "main", cwd=node.home / "work")
    node.git("pull", "--quiet", cwd=node.home / "copy")
    assert node.git("rev-list", "HEAD", cwd=node.home / "copy").split() == [tip, history[-1]]


def test_deepening_and_unshallowing(node: Node, history: list[str]) -> None:
    node.git("clone", "--quiet", "--depth", "1", node.anonymous_url, "copy")
    copy = node.home / "copy"
    node.git("fetch", "--quiet", "--depth", "3", cwd=copy)
    assert count(node, copy) == 3
    node.git("fetch", "--quiet", "--unshallow", cwd=copy)
    assert count(node, copy) == len(history)
    assert node.git("rev-parse", "--is-shallow-repository", cwd=copy) == "false"
    assert node.git("fsck", "--strict", cwd=copy) == ""


def test_a_depth_beyond_the_beginning_is_no_shallow_clone(node: Node, history: list[str]) -> None:
    node.git("clone", "--quiet", "--depth", "100", node.anonymous_url, "copy")
    assert count(node, node.home / "copy") == len(history)
    assert node.git("rev-parse", "--is-shallow-repository", cwd=node.home / "copy") == "false"


def test_a_commit_by_its_id(node: Node, history: list[str]) -> None:
    """What CI systems do: one commit, which need not be a tip."""
    node.git("init", "--quiet", "copy")
    copy = node.home / "copy"
    node.git("fetch", "--quiet", "--depth", "1", node.anonymous_url, history[2], cwd=copy)
    assert node.git("rev-parse", "FETCH_HEAD", cwd=copy) == history[2]


def test_an_object_that_no_ref_leads_to_is_not_given_away(node: Node, history: list[str]) -> None:
    work = node.home / "work"
    hidden = node.commit(work, "secret", "secret\n")
    node.git("push", "--quiet", "origin", "main:secret", cwd=work)
    node.git("push", "--quiet", "origin", "--delete", "secret", cwd=work)
    assert node.store.has(REPO, hidden)
    node.git("init", "--quiet", "copy")
    done = node.run("fetch", node.anonymous_url, hidden, cwd=node.home / "copy")
    assert f"not our ref {hidden}" in done.stderr


def test_an_empty_repository(node: Node) -> None:
    done = node.run("clone", node.anonymous_url, "copy")
    assert done.returncode == 0
    assert "empty repository" in done.stderr
    assert node.git("ls-remote", node.anonymous_url) == ""


def test_head_follows_the_default_branch(node: Node) -> None:
    work = node.work()
    node.git("push", "--quiet", "origin", "main", "main:trunk", cwd=work)
    node.gate.default_branch = "trunk"
    lines = node.git("ls-remote", "--symref", node.anonymous_url).splitlines()
    assert lines[0].split() == ["ref:", "refs/heads/trunk", "HEAD"]
    node.gate.default_branch = "unborn"
    assert "HEAD" not in node.git("ls-remote", "--symref", node.anonymous_url)


def test_a_private_repository_asks_who_is_there(node: Node, history: list[str]) -> None:
    node.gate.private = True
    assert "could not read Username" in node.run("clone", node.anonymous_url, "copy").stderr
    node.git("clone", "--quiet", node.url, "copy")


def test_clones_at_the_same_time(node: Node, history: list[str]) -> None:
    clones = [
        subprocess.Popen(["git", "clone", "--quiet", node.anonymous_url, str(node.home / f"copy{number}")])
        for number in range(12)  # more than are served at once
    ]
    assert [clone.wait(GIT_TIMEOUT_S) for clone in clones] == [0] * 12


@pytest.fixture
def node_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Node]:
    """A node that finds a git on its PATH which can index packs and cannot serve them."""
    real = shutil.which("git")
    script = tmp_path / "bin" / "git"
    script.parent.mkdir()
    script.write_text(
        "#!/bin/sh\n"
        'for word in "$@"; do\n'
        '  case "$word" in upload-pack|pack-objects|rev-list|cat-file|http-backend)\n'
        f'    echo "$word" >> {tmp_path}/called; exit 1;; esac\n'
        "done\n"
        f'exec {real} "$@"\n'
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(script.parent), prepend=os.pathsep)
    assert shutil.which("git") == str(script)
    yield from make_node(tmp_path, PackCaps(), GitLimits(), git=str(script))


def test_serving_needs_no_git(node_without_git: Node, tmp_path: Path) -> None:
    node = node_without_git
    work = node.work()
    tip = node.git("rev-parse", "HEAD", cwd=work)
    node.git("push", "--quiet", "origin", "main", cwd=work)
    node.git("clone", "--quiet", "--depth", "1", node.anonymous_url, "copy")
    assert node.git("rev-parse", "HEAD", cwd=node.home / "copy") == tip
    node.git("clone", "--quiet", node.anonymous_url, "whole")
    node.commit(work, "new", "new\n")
    node.git("push", "--quiet", "origin", "main", cwd=work)
    node.git("pull", "--quiet", cwd=node.home / "whole")
    assert not (tmp_path / "called").exists()
