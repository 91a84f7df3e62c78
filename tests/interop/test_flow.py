"""A whole node and stock git: a repository goes in and comes out the same, whoever else is pushing."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.gitant.running import Node, running
from tests.house.tree import BIN
from tests.interop.clients import StockGit, asking, make_repo, url_of
from tests.interop.held import HeldPush
from tests.ports import free_port
from tests.storage.git.histories import make_history
from tests.storage.git.stock import stock_repo

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from tests.storage.git.stock import StockRepo

pytestmark = pytest.mark.slow

COMMITS = 1_000
OBJECTS_MIN = 4_000
EVERY = 25
"""So many commits from one branch or tag to the next."""


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Generator[Node]:
    with running(tmp_path_factory.mktemp("flow") / "node") as node:
        yield node


@pytest.fixture
def git(tmp_path: Path) -> StockGit:
    return StockGit(tmp_path)


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> StockRepo:
    """A history with merges, renames, binaries, strange names, many branches and tags of both kinds."""
    repo = stock_repo(tmp_path_factory.mktemp("stock"))
    made = make_history(repo, seed=7, commits=COMMITS)
    refs = []
    for number, oid in enumerate(made.commits[::EVERY]):
        refs.append(f"create refs/heads/topic/{number} {oid}\n")
        refs.append(f"create refs/tags/light-{number} {oid}\n")
        repo.git("tag", "--annotate", "--message", f"Number {number}", f"v{number}", oid)
    repo.git("update-ref", "--stdin", stdin="".join(refs).encode())
    assert len(repo.git("rev-list", "--all", "--objects").splitlines()) >= OBJECTS_MIN
    assert repo.git("rev-list", "--merges", "--all")
    assert b"\nR" in repo.git("log", "--all", "-M", "--name-status", "--format=")
    assert b"\n-\t-\t" in repo.git("log", "--all", "--numstat", "--format=")
    return repo


@pytest.fixture(scope="module")
def pushed(node: Node, stock: StockRepo) -> StockRepo:
    make_repo(node, "varied")
    stock.git("push", "--quiet", "--mirror", url_of(node, "varied"))
    return stock


def test_everything_comes_back(node: Node, pushed: StockRepo, git: StockGit) -> None:
    git("clone", "--quiet", "--mirror", url_of(node, "varied", operator=False), "copy.git")
    copy = git.at(git.folder / "copy.git")
    listed = ("rev-list", "--all", "--objects")
    assert sorted(_bytes(copy(*listed)).splitlines()) == sorted(pushed.git(*listed).splitlines())
    assert copy("for-each-ref") == pushed.git("for-each-ref").decode()
    assert copy("fsck", "--strict", "--full") == ""
    (name,) = (
        path for path in (node.folder / "repos").iterdir() if git.at(path)("for-each-ref") == copy("for-each-ref")
    )
    assert git.at(name)("fsck", "--strict", "--full") == ""
    assert list((name / "quarantine").iterdir()) == []


def test_parts_of_it_come_back(node: Node, pushed: StockRepo, git: StockGit) -> None:
    url = url_of(node, "varied", operator=False)
    git("clone", "--quiet", "--depth", "1", "--branch", "topic/20", "--no-checkout", url, "shallow")
    assert git.at(git.folder / "shallow")("rev-list", "--count", "--all").strip() == "1"
    git("clone", "--quiet", "--single-branch", "--branch", "topic/3", "--no-checkout", url, "single")
    single = git.at(git.folder / "single")
    assert single("rev-parse", "HEAD") == pushed.git("rev-parse", "topic/3").decode()
    single("fetch", "--quiet", "origin", "refs/heads/*:refs/remotes/origin/*")
    assert single("rev-parse", "origin/main") == pushed.git("rev-parse", "main").decode()
    assert single("fsck", "--strict") == ""


def test_the_log_says_the_same(node: Node, pushed: StockRepo) -> None:
    for command in ("verify", "digest"):
        done = subprocess.run(
            [BIN / "gitant", command, "--data-dir", node.folder], capture_output=True, text=True, check=True
        )
        assert done.stderr == ""
    with asking(node, operator=False) as client:
        answer = client.get("/api/v1/repos/varied/branches")
    assert int(answer.headers["x-total-count"]) == len(pushed.lines("for-each-ref", "refs/heads"))


def test_pushes_to_different_branches_at_the_same_time_all_count(node: Node, git: StockGit) -> None:
    make_repo(node, "parallel")
    first = git.work_tree("first")
    first("push", "--quiet", url_of(node, "parallel"), "main")
    held = []
    for number in range(6):
        work = git.work_tree(f"work-{number}", url_of(node, "parallel"))
        tip = work.commit("mine", f"{number}\n")
        held.append((number, tip, HeldPush(work, "origin", f"HEAD:refs/heads/branch-{number}")))
    ends = [push.let_go() for _, _, push in held]
    for end in ends:
        done = end.ended()
        assert done.returncode == 0, done.stderr
    refs = git("ls-remote", "--heads", url_of(node, "parallel")).splitlines()
    assert [f"{tip}\trefs/heads/branch-{number}" for number, tip, _ in held] == [
        line for line in refs if "/branch-" in line
    ]


def test_of_pushes_to_one_branch_at_the_same_time_one_counts_and_the_others_hear_why(node: Node, git: StockGit) -> None:
    make_repo(node, "contested")
    git.work_tree("first")("push", "--quiet", url_of(node, "contested"), "main")
    held = []
    for number in range(4):
        work = git.work_tree(f"work-{number}", url_of(node, "contested"))
        held.append((work.commit("mine", f"{number}\n"), HeldPush(work, "origin", "main")))
    for _, push in held:
        push.let_go()
    ends = [(tip, push.ended()) for tip, push in held]
    won = [tip for tip, done in ends if done.returncode == 0]
    assert len(won) == 1, [done.stderr for _, done in ends]
    assert git("ls-remote", "--heads", url_of(node, "contested")) == f"{won[0]}\trefs/heads/main\n"
    for tip, done in ends:
        if tip not in won:
            assert f"main -> main (stale: the ref is at {won[0][:10]} now; fetch first)" in done.stderr
    with asking(node) as client:
        moves = client.get("/api/v1/repos/contested/events", params={"kind": "refs.moved.v1"}).json()["events"]
    assert [move["verdict"] for move in moves] == ["accepted"] * 2


def test_a_push_outlives_a_restart_of_the_node(git: StockGit) -> None:
    folder = git.folder / "node"
    port = free_port()
    with running(folder, port=port) as node:
        make_repo(node, "lasting")
        work = git.work_tree("work")
        push = HeldPush(work, url_of(node, "lasting"), "main")
        assert node.end() == 0
    with running(folder, port=port) as node:
        done = push.let_go().ended()
        assert done.returncode == 0, done.stderr
        assert git("ls-remote", url_of(node, "lasting")).split()[0] == work("rev-parse", "main").strip()


def test_a_push_to_a_node_that_is_gone_can_be_repeated(git: StockGit) -> None:
    folder = git.folder / "node"
    port = free_port()
    with running(folder, port=port) as node:
        make_repo(node, "lasting")
        work = git.work_tree("work")
        push = HeldPush(work, url_of(node, "lasting"), "main")
        assert node.end() == 0
        done = push.let_go().ended()
        assert done.returncode != 0
    with running(folder, port=port) as node:
        assert git("ls-remote", url_of(node, "lasting")) == ""
        work("push", "--quiet", url_of(node, "lasting"), "main")


def test_clone_and_fetch_need_no_git_on_the_node(git: StockGit, monkeypatch: pytest.MonkeyPatch) -> None:
    """The node's own git can check what is pushed, and fails at everything that serving would take."""
    script = git.folder / "bin" / "git"
    script.parent.mkdir()
    script.write_text(
        "#!/bin/sh\n"
        'for word in "$@"; do case "$word" in upload-pack|pack-objects|rev-list|cat-file|http-backend)\n'
        f'  echo "$word" >>{git.folder}/called; exit 1;; esac; done\n'
        f'echo "$1" >>{git.folder}/allowed\n'
        f'exec {shutil.which("git")} "$@"\n'
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(script.parent), prepend=os.pathsep)
    assert shutil.which("git") == str(script)
    with running(git.folder / "node") as node:
        url = url_of(node, "plain")
        make_repo(node, "plain")
        work = git.work_tree("work")
        work("push", "--quiet", url, "main")
        copy = git.work_tree("copy", url)
        git("clone", "--quiet", "--depth", "1", f"{url}", "shallow")
        tip = work.commit("more", "more\n")
        work("push", "--quiet", url, "main")
        copy("pull", "--quiet")
        assert copy("rev-parse", "HEAD").strip() == tip
        assert copy("rev-list", "--all", "--objects") == work("rev-list", "--all", "--objects")
        with asking(node, operator=False) as client:
            assert client.get("/api/v1/repos/plain/raw/more").text == "more\n"
    assert (git.folder / "allowed").exists()  # the node did use this git
    assert not (git.folder / "called").exists()


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogateescape")
