"""A node whose tables are of an older version: nobody waits while they are made anew, and all answers are right."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from domain.ports_git import PackCaps
from storage.git.alone import alone
from storage.git.by_git import ByGit
from storage.git.engine import keeping
from storage.git.engine.keeping import KeptTables
from storage.git.engine.mark import MAGIC, SUFFIX, has_segment
from storage.git.engine.serving import EngineServing
from storage.git.engine.shelf import Shelf
from storage.git.store import DiskGitStore
from tests.transport.git.conftest import Node
from tests.transport.git.gate import REPO, TestGate
from tests.transport.git.server import serving
from transport.git.app import git_app
from transport.git.limits import GitLimits

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

pytestmark = pytest.mark.slow


@contextmanager
def started(folder: Path) -> Generator[Node]:
    """A node with whatever an earlier one left in the folder."""
    tables, caps = KeptTables(), PackCaps()
    store = DiskGitStore(folder / "repos", caps, tables=tables)
    gate = TestGate(store)
    engine = EngineServing(store, tables, Shelf(folder / "made"), ByGit(caps))
    engine.warm_up()
    with serving(git_app(gate, store, engine, caps, GitLimits(), agent="gitant/test")) as port:
        yield Node(port, store, gate, folder / "home")
    engine.close()


@pytest.fixture
def left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Commits of a repository that was pushed to and served, and whose tables are those of another version."""
    store = DiskGitStore(tmp_path / "repos")
    store.create(REPO)
    store.set_refs(REPO, {}, head="main")
    (tmp_path / "home").mkdir()
    with started(tmp_path) as node:
        work = node.work()
        for number in range(8):
            node.commit(work, f"file{number}", f"{number}\n" * 50)
        node.git("tag", "--annotate", "--message", "one", "v1", "HEAD~3", cwd=work)
        node.git("push", "--quiet", "origin", "main", "v1", cwd=work)
        node.git("clone", "--quiet", node.anonymous_url, "served")
        commits = node.git("rev-list", "--reverse", "main", cwd=work).split()
    older(store.path(REPO))
    monkeypatch.setattr(keeping, "WAITED_FOR_OBJECTS_MAX", 2)
    return commits


def older(repo: Path) -> None:
    for tables in packs(repo, SUFFIX):
        content = tables.read_bytes()
        tables.unlink()
        tables.write_bytes(MAGIC[:-1] + b"\1" + content[len(MAGIC) :])


def packs(repo: Path, suffix: str) -> list[Path]:
    return sorted((repo / "objects/pack").glob(f"*{suffix}"))


def test_nobody_waits_for_tables_that_are_made_anew(tmp_path: Path, left: list[str]) -> None:
    """Whoever made them, or waited for who does, would wait for this test."""
    with started(tmp_path) as node, alone(node.repo / "objects/pack"):
        node.git("clone", "--quiet", node.anonymous_url, "copy")
        here, there = node.home / "copy", node.home / "work"
        objects = ("rev-list", "--all", "--objects")
        assert node.git(*objects, cwd=here) == node.git(*objects, cwd=there)
        assert node.git("fsck", "--strict", cwd=here) == ""
        node.git("clone", "--quiet", "--depth=2", node.anonymous_url, "short")
        assert node.git("rev-list", "HEAD", cwd=node.home / "short").split() == [left[-1], left[-2]]
        node.git("fetch", "--quiet", "--unshallow", cwd=node.home / "short")
        assert node.git("fsck", "--strict", cwd=node.home / "short") == ""
        node.git("clone", "--quiet", "--no-checkout", "--filter=blob:none", node.anonymous_url, "lazy")
        assert node.git("show", "HEAD:file3", cwd=node.home / "lazy") == "\n".join(["3"] * 50)
        new = node.commit(there, "new", "new\n")
        node.git("push", "--quiet", node.url, "main", cwd=there)
        node.git("pull", "--quiet", cwd=here)
        assert node.git("rev-parse", "HEAD", cwd=here) == new
        hidden = node.run("fetch", "--quiet", "origin", "e" * 40, cwd=here)
        assert "not our ref" in hidden.stderr
        assert not any(has_segment(pack) for pack in packs(node.repo, ".pack"))
    KeptTables().tables(node.repo)


def test_once_they_are_there_tables_are_used(tmp_path: Path, left: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with started(tmp_path) as node:
        node.git("clone", "--quiet", node.anonymous_url, "copy")
        KeptTables().tables(node.repo)  # as the care of repositories does
        assert all(has_segment(pack) for pack in packs(node.repo, ".pack"))
        monkeypatch.setattr(ByGit, "open", lambda *_: pytest.fail("there are tables"))
        shutil.rmtree(node.home / "copy")
        node.git("clone", "--quiet", "--depth=1", node.anonymous_url, "copy")
        new = node.commit(node.home / "work", "new", "new\n")
        node.git("push", "--quiet", node.url, "main", cwd=node.home / "work")
        node.git("pull", "--quiet", "--unshallow", cwd=node.home / "copy")
        assert node.git("rev-parse", "HEAD", cwd=node.home / "copy") == new
        assert all(has_segment(pack) for pack in packs(node.repo, ".pack"))
