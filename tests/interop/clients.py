"""What stands in front of a running node: stock git with no settings of the machine's, and an HTTP client."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import httpx

from tests.gitant.running import PATIENCE_S

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gitant.running import Node

PATH: Final = os.environ["PATH"]
"""The clients' own, whatever a test does to the node's."""


def token_of(node: Node) -> str:
    return (node.folder / "operator.token").read_text().strip()


def asking(node: Node, *, operator: bool = True) -> httpx.Client:
    """A connection as the operator or as nobody."""
    headers = {"authorization": f"Bearer {token_of(node)}"} if operator else {}
    return httpx.Client(base_url=node.url, headers=headers, timeout=PATIENCE_S, trust_env=False)


def make_repo(node: Node, name: str, **fields: object) -> str:
    """The new repository's id."""
    with asking(node) as client:
        answer = client.post("/api/v1/repos", json={"name": name, **fields})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def url_of(node: Node, name: str, *, operator: bool = True) -> str:
    credentials = f"anyone:{token_of(node)}@" if operator else ""
    host, port = node.address
    return f"http://{credentials}{host}:{port}/operator/{name}.git"


@dataclass(frozen=True)
class StockGit:
    """Git as somebody without settings runs it, in one folder."""

    folder: Path

    def start(self, *words: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["git", *words],
            cwd=self.folder,
            env=self._environment() | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="surrogateescape",
        )

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return ended(self.start(*words))

    def __call__(self, *words: str) -> str:
        """What git prints; it must succeed."""
        done = self.run(*words)
        assert done.returncode == 0, f"git {' '.join(words)}: {done.stderr}"
        return done.stdout

    def at(self, folder: Path) -> StockGit:
        return StockGit(folder)

    def commit(self, name: str, text: str) -> str:
        """A commit of one file; its id."""
        (self.folder / name).write_text(text)
        self("add", name)
        self("commit", "--quiet", "--message", f"Write {name}")
        return self("rev-parse", "HEAD").strip()

    def work_tree(self, name: str, url: str = "") -> StockGit:
        """A new one with one commit on main, or a clone."""
        folder = self.folder / name
        if url:
            self("clone", "--quiet", url, name)
            return StockGit(folder)
        folder.mkdir()
        made = StockGit(folder)
        made("init", "--quiet", "--initial-branch=main")
        made.commit("README.md", "hello\n")
        return made

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": PATH,
            "HOME": str(self.folder),
            "LC_ALL": "C",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_AUTHOR_NAME": "Ada",
            "GIT_AUTHOR_EMAIL": "ada@example.invalid",
            "GIT_AUTHOR_DATE": "1700000000 +0000",
            "GIT_COMMITTER_NAME": "Ada",
            "GIT_COMMITTER_EMAIL": "ada@example.invalid",
            "GIT_COMMITTER_DATE": "1700000000 +0000",
        }


def ended(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    """How it ended, and what it said."""
    out, err = process.communicate(timeout=PATIENCE_S)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)
