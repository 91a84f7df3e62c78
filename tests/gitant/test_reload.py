"""A node that is told to reload: what changes, what does not, and that nobody who is served notices."""

from __future__ import annotations

import json
import subprocess
import threading
from typing import TYPE_CHECKING, Any, Self

import httpx
import pytest

from tests.gitant.running import PATIENCE_S, Node, refused
from tests.house.tree import BIN

if TYPE_CHECKING:
    from collections.abc import Generator

pytestmark = pytest.mark.slow

CLIENTS = 3


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Generator[Node]:
    """One whose settings stand in its file, as far as a test wants to change them."""
    folder = tmp_path_factory.mktemp("reload") / "node"
    folder.mkdir()
    (folder / "config.toml").write_text("port = 0\nworkers = 1\n")
    node = Node(folder, "--log-format", "json", filed=True)
    try:
        node.wait_for_words("an HTTP worker is ready")
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

    def __init__(self, url: str) -> None:
        self.url = url
        self.faults: list[str] = []
        self.asked = 0
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(CLIENTS)]

    def _ask(self) -> None:
        while not self._ended.is_set():
            try:
                answer = httpx.get(f"{self.url}/ready", timeout=PATIENCE_S, trust_env=False)
            except httpx.HTTPError as fault:
                self.faults.append(repr(fault))
                continue
            self.asked += 1
            if not answer.is_success:
                self.faults.append(str(answer.status_code))

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()


def test_workers_are_replaced_under_load_and_nobody_is_refused(node: Node) -> None:
    with _Load(node.url) as load:
        for count in (2, 1):
            outcome = _reload(node, f"workers = {count}\nport = 1\n")
            assert outcome["changed"] == ["workers"]
            assert outcome["needs_restart"] == ["port"]
    assert load.asked > 0
    assert load.faults == []


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


def test_stop_ends_the_node(node: Node) -> None:
    """The last of this module's tests."""
    ran = _gitant(node, "stop")
    assert (ran.returncode, node.wait()) == (0, 0)
    assert "has ended" in ran.stderr
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
