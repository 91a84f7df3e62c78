"""Stock git and renamed, archived, deleted and undeleted repositories."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.gitant.running import running
from tests.interop.clients import StockGit, asking, make_repo, url_of

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from tests.gitant.running import Node

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Generator[Node]:
    with running(tmp_path_factory.mktemp("places") / "node") as node:
        yield node


@pytest.fixture
def git(tmp_path: Path) -> StockGit:
    return StockGit(tmp_path)


def test_git_follows_a_repository_to_its_new_name(node: Node, git: StockGit) -> None:
    make_repo(node, "old")
    work = git.work_tree("work")
    work("push", "--quiet", url_of(node, "old"), "main")
    with asking(node) as client:
        assert client.patch("/api/v1/repos/old", json={"name": "new"}).status_code == 200
    cloned = git.work_tree("cloned", url_of(node, "old", operator=False))
    assert cloned("rev-parse", "HEAD") == work("rev-parse", "HEAD")
    # More than a megabyte: git asks with an empty POST first, and sends the pack in pieces.
    (work.folder / "large.bin").write_bytes(random.Random(1).randbytes(3 << 20))
    work("add", "large.bin")
    tip = work.commit("more.txt", "more\n")
    pushed = work.run("push", url_of(node, "old"), "main")
    assert pushed.returncode == 0, pushed.stderr
    assert "redirect" in pushed.stderr
    cloned("pull", "--quiet")
    assert cloned("rev-parse", "HEAD").strip() == tip
    # Where another repository takes the place, that is what git finds.
    make_repo(node, "old")
    assert git("ls-remote", url_of(node, "old")) == ""
    assert tip in git("ls-remote", url_of(node, "new"))


def test_a_private_repository_s_old_name_tells_strangers_nothing(node: Node, git: StockGit) -> None:
    make_repo(node, "hidden", private=True)
    work = git.work_tree("work")
    work("push", "--quiet", url_of(node, "hidden"), "main")
    with asking(node) as client:
        client.patch("/api/v1/repos/hidden", json={"name": "moved"})
    assert tip_of(work) in git("ls-remote", url_of(node, "hidden"))
    for name in ("hidden", "moved", "never"):
        refused = git.run("ls-remote", url_of(node, name, operator=False))
        assert "could not read Username" in refused.stderr
        assert "redirect" not in refused.stderr


def test_a_push_to_an_archive_is_refused_by_ref(node: Node, git: StockGit) -> None:
    make_repo(node, "archive")
    work = git.work_tree("work")
    with asking(node) as client:
        client.patch("/api/v1/repos/archive", json={"archived": True})
        refused = work.run("push", url_of(node, "archive"), "main")
        assert refused.returncode == 1
        assert "! [remote rejected] main -> main (archive is archived" in refused.stderr
        assert "remote: take it out of the archive first: gitant repo edit archive --unarchive" in refused.stderr
        client.patch("/api/v1/repos/archive", json={"archived": False})
    work("push", "--quiet", url_of(node, "archive"), "main")


@pytest.mark.parametrize("version", [0, 2])
def test_git_is_told_where_a_repository_goes_on(node: Node, git: StockGit, version: int) -> None:
    ended, name = f"ended-{version}", f"heir-{version}"
    make_repo(node, ended)
    heir = make_repo(node, name)
    work = git.work_tree("work")
    work("push", "--quiet", url_of(node, ended), "main")
    with asking(node) as client:
        assert client.put(f"/api/v1/repos/{ended}/successor", json={"to": heir}).status_code == 200
    work.commit("more.txt", "more\n")
    refused = work.run("push", url_of(node, ended), "main")
    assert refused.returncode == 1
    assert f"! [remote rejected] main -> main ({ended} goes on as operator/{name}" in refused.stderr
    assert f"remote: push to operator/{name} instead" in refused.stderr
    read = git.run("-c", f"protocol.version={version}", "clone", "--progress", url_of(node, ended), "still-read")
    assert (read.returncode, f"remote: {ended} goes on as operator/{name}" in read.stderr) == (0, True), read.stderr
    work("push", "--quiet", url_of(node, name), "main")


def test_an_undeleted_repository_has_its_code_and_issues_and_head(node: Node, git: StockGit) -> None:
    repo = make_repo(node, "gone")
    work = git.work_tree("work")
    work("push", "--quiet", url_of(node, "gone"), "main", "main:refs/heads/next")
    with asking(node) as client:
        client.post(f"/api/v1/repos/{repo}/issues", json={"title": "Dust"})
        assert client.patch(f"/api/v1/repos/{repo}", json={"default_branch": "next"}).status_code == 200
        assert client.delete(f"/api/v1/repos/{repo}").status_code == 204
        refused = work.run("push", url_of(node, "gone"), "main")
        assert refused.returncode == 128
        assert "remote: bring it back with: gitant repo undelete operator/gone" in refused.stderr
        assert client.post(f"/api/v1/repos/{repo}/undelete").status_code == 200
        assert client.get(f"/api/v1/repos/{repo}/issues").json()["issues"][0]["title"] == "Dust"
    cloned = git.work_tree("cloned", url_of(node, "gone", operator=False))
    assert tip_of(cloned) == tip_of(work)
    assert cloned("symbolic-ref", "--short", "HEAD") == "next\n"
    refused = work.run("push", url_of(node, "gone"), ":next")
    assert "default branch" in refused.stderr


def tip_of(work: StockGit) -> str:
    return work("rev-parse", "HEAD").strip()
