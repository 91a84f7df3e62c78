"""A served repository, and stock git with no settings of the machine's."""

from __future__ import annotations

import http.client
import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from domain.ports_git import PackCaps
from storage.git.engine.keeping import KeptTables
from storage.git.engine.serving import EngineServing
from storage.git.engine.shelf import Shelf
from storage.git.store import DiskGitStore
from tests.transport.git.gate import PASSWORD, REPO, TestGate
from tests.transport.git.server import serving
from transport.git.app import git_app
from transport.git.limits import GitLimits

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

GIT_TIMEOUT_S = 60.0
PATH = os.environ["PATH"]
"""The clients' own, whatever a test does to the server's."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Node:
    """The server, what is behind it, and git clients in front of it."""

    port: int
    store: DiskGitStore
    gate: TestGate
    home: Path

    @property
    def url(self) -> str:
        return f"http://anyone:{PASSWORD}@127.0.0.1:{self.port}/operator/demo.git"

    @property
    def anonymous_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/operator/demo.git"

    @property
    def repo(self) -> Path:
        return self.store.path(REPO)

    def listing(self) -> list[str]:
        return sorted(str(path.relative_to(self.repo)) for path in self.repo.rglob("*"))

    def run(self, *words: str, cwd: Path | None = None, data: bytes | None = None) -> subprocess.CompletedProcess[str]:
        """Run git; its words are in English and nothing asks for a password."""
        done = subprocess.run(
            ["git", *words],
            cwd=cwd or self.home,
            env={
                "PATH": PATH,
                "HOME": str(self.home),
                "LC_ALL": "C",
                "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_TERMINAL_PROMPT": "0",
                "GIT_AUTHOR_NAME": "A U Thor",
                "GIT_AUTHOR_EMAIL": "author@example.invalid",
                "GIT_AUTHOR_DATE": "1700000000 +0000",
                "GIT_COMMITTER_NAME": "A U Thor",
                "GIT_COMMITTER_EMAIL": "author@example.invalid",
                "GIT_COMMITTER_DATE": "1700000000 +0000",
            },
            input=data,
            capture_output=True,
            timeout=GIT_TIMEOUT_S,
        )
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    def git(self, *words: str, cwd: Path | None = None) -> str:
        """What git prints; it must succeed."""
        done = self.run(*words, cwd=cwd)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def work(self, name: str = "work") -> Path:
        """A working copy with one commit on main, and the node as its origin."""
        path = self.home / name
        self.git("init", "--quiet", "--initial-branch=main", str(path))
        self.git("remote", "add", "origin", self.url, cwd=path)
        self.commit(path, "README.md", "hello\n")
        return path

    def commit(self, path: Path, name: str, text: str) -> str:
        (path / name).write_text(text)
        self.git("add", "--all", cwd=path)
        self.git("commit", "--quiet", "--message", f"Write {name}", cwd=path)
        return self.git("rev-parse", "HEAD", cwd=path)

    def http(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=GIT_TIMEOUT_S)
        try:
            connection.request(method, path, body, dict(headers or {}))
            response = connection.getresponse()
            return Answer(
                response.status, {key.lower(): value for key, value in response.getheaders()}, response.read()
            )
        finally:
            connection.close()


def make_node(tmp_path: Path, caps: PackCaps, limits: GitLimits, *, git: str = "git") -> Generator[Node]:
    store = DiskGitStore(tmp_path / "repos", caps, git=git)
    store.create(REPO)
    store.set_refs(REPO, {}, head="main")
    gate = TestGate(store)
    (tmp_path / "home").mkdir()
    engine = EngineServing(store, KeptTables(), Shelf(tmp_path / "made"))
    with serving(git_app(gate, store, engine, caps, limits, agent="gitant/test")) as port:
        yield Node(port, store, gate, tmp_path / "home")
    engine.close()


@pytest.fixture
def node(tmp_path: Path) -> Generator[Node]:
    yield from make_node(tmp_path, PackCaps(), GitLimits())
