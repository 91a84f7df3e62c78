"""Nodes that meet on loopback, as people run them, and what their operators ask of them."""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any, final

from tests.gitant.running import PATIENCE_S, Node

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@final
class Member:
    """One node among others."""

    def __init__(
        self,
        folder: Path,
        *flags: str,
        host: str = "127.0.0.1",
        ports: tuple[int, int] | None = None,
        through: Sequence[str] = (),
    ) -> None:
        """`host` is where this process reaches its `ports`, for HTTP and for peers; `through` as in `Node`."""
        self.folder = folder
        self.host = host
        self.port, self.peer_port = ports or (free_port(), free_port())
        self._flags = flags
        self._through = through
        self.node = self._start()

    def _start(self) -> Node:
        peers = ("--peer-port", str(self.peer_port), "--peer-exchange", "off")  # who meets whom is each test's to say
        return Node(self.folder, *peers, *self._flags, port=self.port, through=self._through)

    def wait_ready(self) -> None:
        self.node.wait_ready()

    def end(self, signum: int) -> None:
        self.node.end(signum)

    def start_again(self) -> None:
        self.node = self._start()
        self.wait_ready()

    @property
    def token(self) -> str:
        return (self.folder / "operator.token").read_text().strip()

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def git_url(self, repo: str) -> str:
        return f"http://x:{self.token}@{self.host}:{self.port}/{repo}.git"

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """What the API answers; raises `urllib.error.HTTPError`."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/api/v1{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def attach(self, repo: str, name: str, data: bytes) -> str:
        """Attach a file; the path of its bytes."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/octet-stream"}
        url = f"{self.url}/api/v1/repos/{repo}/attachments?name={name}"
        with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=PATIENCE_S) as answer:
            return str(json.loads(answer.read())["url"])

    def file(self, path: str) -> bytes | None:
        """The bytes at a path; None while there are none."""
        request = urllib.request.Request(self.url + path, headers={"Authorization": f"Bearer {self.token}"})
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError:
            return None

    def peer_address(self) -> str:
        return str(self.ask("GET", "/status")["peer_address"])

    def meets(self, other: Member) -> None:
        self.ask("POST", "/peers", {"address": other.peer_address()})

    def titles(self, repo: str) -> set[str]:
        try:
            return {issue["title"] for issue in self.ask("GET", f"/repos/{repo}/issues?per_page=100")["issues"]}
        except urllib.error.HTTPError:
            return set()

    def digests(self, repo: str) -> tuple[str, str, str]:
        sync = self.ask("GET", f"/repos/{repo}/sync")
        return sync["log_digest"], sync["view_digest"], sync["refs_digest"]

    def refs(self, repo: str) -> str:
        words = ["git", "ls-remote", self.git_url(repo)]
        return subprocess.run(words, capture_output=True, text=True, check=False, timeout=PATIENCE_S).stdout


def soon(holds: Any, words: str) -> float:
    """Ask, each time over HTTP or git, until something holds; how many seconds that took."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < PATIENCE_S, words
    return time.monotonic() - began


def push(folder: Path, node: Member, repo: str, name: str, branch: str = "main") -> str:
    """Commit a file and push it; the commit."""
    if not (folder / ".git").exists():
        _git(folder.parent, "init", "-q", "-b", "main", str(folder))
    (folder / name).write_text(name)
    _git(folder, "add", name)
    _git(folder, "-c", "user.name=ann", "-c", "user.email=ann@example.org", "commit", "-q", "-m", name)
    _git(folder, "push", "-q", node.git_url(repo), f"HEAD:refs/heads/{branch}")
    return _git(folder, "rev-parse", "HEAD")


def _git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True, timeout=PATIENCE_S)
    return done.stdout.strip()
