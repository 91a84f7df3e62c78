"""A node that is told to reload: what changes, what does not, and that nobody who is served notices."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import threading
from typing import TYPE_CHECKING, Any, Self

import httpx
import pytest

from tests.gitant.running import PATIENCE_S, Node, refused
from tests.house.tree import BIN

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

pytestmark = pytest.mark.slow

CLIENTS = 2


@pytest.fixture(scope="module")
def manager(tmp_path_factory: pytest.TempPathFactory) -> Generator[socket.socket]:
    """Where a service manager listens, for nodes started meanwhile."""
    path = tmp_path_factory.mktemp("manager") / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener, pytest.MonkeyPatch.context() as patch:
        listener.settimeout(PATIENCE_S)
        listener.bind(str(path))
        patch.setenv("NOTIFY_SOCKET", str(path))
        yield listener


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory, manager: socket.socket) -> Generator[Node]:
    """One whose settings stand in its file, as far as a test wants to change them."""
    folder = tmp_path_factory.mktemp("reload") / "node"
    folder.mkdir()
    (folder / "config.toml").write_text("port = 0\nworkers = 1\n")
    node = Node(folder, "--log-format", "json", filed=True)
    try:
        node.wait_for_words("an HTTP worker is ready")
        assert b"READY=1" in manager.recv(1_000)
        yield node
    finally:
        node.process.kill()
        node.process.communicate(timeout=PATIENCE_S)


def _gitant(node: Node, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BIN / "gitant", *words, "--data-dir", node.folder], capture_output=True, text=True, check=False
    )


def _reload(node: Node, config: str) -> Any:
    (node.folder / "config.toml").write_text(config)
    ran = _gitant(node, "reload", "--json")
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


class _Load:
    """Clients that never stop asking, each time over a connection of its own, and what went wrong for them."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self.faults: list[str] = []
        self.asked = 0
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(CLIENTS)]

    def _ask(self) -> None:
        while not self._ended.is_set():
            connection = http.client.HTTPConnection(*self._address, timeout=PATIENCE_S)
            try:
                connection.request("GET", "/ready")
                status = connection.getresponse().status
                if status != 200:
                    self.faults.append(str(status))
                self.asked += 1
            except (OSError, http.client.HTTPException) as fault:
                self.faults.append(repr(fault))
            finally:
                connection.close()

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()


def test_workers_are_replaced_under_load_and_nobody_is_refused(node: Node) -> None:
    with _Load(node.address) as load:
        outcome = _reload(node, "workers = 2\nport = 1\n")
    assert outcome == {"changed": ["workers"], "needs_restart": ["port"]}
    assert load.asked > 0
    assert load.faults == []


def test_lines_are_json_with_the_names_that_are_documented_and_hold_no_secret(node: Node, tmp_path: Path) -> None:
    _reload(node, "port = 0\nworkers = 1\naccess_log = 'all'\nlog_level = 'debug'\n")
    token = (node.folder / "operator.token").read_text().strip()
    with httpx.Client(base_url=node.url, timeout=PATIENCE_S, trust_env=False) as client:
        bearer = {"authorization": f"Bearer {token}", "x-request-id": "mine-1"}
        assert client.post("/api/v1/repos", json={"name": "attic"}, headers=bearer).status_code == 201
        assert client.get("/api/v1/status", headers={"authorization": f"Bearer {token}x"}).status_code == 401
        client.get(f"/api/v1/status?token={token}")
    address = node.url.replace("://", f"://anyone:{token}@")
    subprocess.run(["git", "ls-remote", f"{address}/operator/attic.git"], cwd=tmp_path, check=True)
    node.wait_for_words("info/refs")
    node.wait_for(lambda: node.told.endswith("\n"))
    lines: list[dict[str, Any]] = [json.loads(line) for line in node.told.splitlines()]
    assert token not in node.told
    assert all({"timestamp", "level", "logger", "message"} <= line.keys() for line in lines)
    (asked,) = [line for line in lines if line.get("request_id") == "mine-1"]
    assert (asked["logger"], asked["method"], asked["path"]) == ("gitant.access", "POST", "/api/v1/repos")
    assert (asked["status"], asked["client"]) == (201, "127.0.0.1")
    assert asked["bytes"] > 0
    assert asked["took_ms"] > 0


def test_logging_changes_at_once_and_nobody_is_replaced(node: Node) -> None:
    _reload(node, "port = 0\nworkers = 1\n")
    before = _pids(node)
    outcome = _reload(node, "port = 0\nworkers = 1\naccess_log = 'all'\nlog_level = 'debug'\n")
    assert outcome == {"changed": ["log_level", "access_log"], "needs_restart": []}
    node.get("/api/v1/version?token=secret-of-mine")
    node.wait_for_words('"path": "/api/v1/version"')
    assert "secret-of-mine" not in node.told
    assert _pids(node) == before
    _reload(node, "port = 0\nworkers = 1\n")


def test_a_file_that_will_not_do_changes_nothing(node: Node) -> None:
    (node.folder / "config.toml").write_text("workers = 'many'\n")
    ran = _gitant(node, "reload")
    assert ran.returncode == 1
    assert "nothing was reloaded" in ran.stderr
    assert "whole number" in ran.stderr
    assert node.get("/ready")[0] == 200


def test_stop_ends_the_node(node: Node, manager: socket.socket) -> None:
    """The last of this module's tests."""
    ran = _gitant(node, "stop")
    assert b"STOPPING=1" in manager.recv(1_000)
    assert (ran.returncode, node.wait()) == (0, 0)
    assert "has ended" in ran.stderr
    assert (node.folder / "operator.token").read_text().strip() not in node.printed + node.told
    again = _gitant(node, "stop")
    assert again.returncode == 1
    assert "no node is running" in again.stderr


def test_another_identity_is_refused_with_the_way_out(node: Node) -> None:
    (node.folder / "config.toml").unlink()
    (node.folder / "identity.key").write_bytes(b"\x07" * 32)
    told = refused(node.folder)
    assert "belongs to another identity" in told
    assert "from a backup" in told


def _pids(node: Node) -> list[str]:
    children = node.folder.parent.joinpath("/proc", str(node.pid), "task", str(node.pid), "children")
    return children.read_text().split()
