"""`gitant serve` from outside: its processes, its signals, its port, its folder."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import stat
from typing import TYPE_CHECKING

import pytest

from storage.keys import load_or_create
from tests.gitant.running import PATIENCE_S, Node, refused, running
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "node"


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Generator[Node]:
    """One for all tests that leave it as it was."""
    with running(tmp_path_factory.mktemp("lasting") / "node") as node:
        yield node


@pytest.fixture
def node(folder: Path) -> Generator[Node]:
    with running(folder) as node:
        yield node


def _token(folder: Path) -> str:
    return (folder / "operator.token").read_text().strip()


def _half_a_request(node: Node) -> tuple[socket.socket, bytes]:
    """A connection on which a repository is about to be made, and the rest of what it takes."""
    body = b'{"name":"slow"}'
    head = (
        f"POST /api/v1/repos HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {_token(node.folder)}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    connection = socket.create_connection(node.address, timeout=PATIENCE_S)
    connection.sendall(head.encode() + body[:5])
    return connection, body[5:]


def _is_refused(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, timeout=PATIENCE_S).close()
    except ConnectionError:
        return True
    return False


def test_a_first_start_and_a_second(folder: Path) -> None:
    with running(folder, workers=2) as node:
        status, body = node.get("/ready")
        assert (status, json.loads(body)["status"]) == (200, "ok")
        assert node.get("/live")[0] == 200
        assert json.loads((folder / "node.json").read_text())["pid"] == node.pid
        for secret in ("operator.token", "identity.key"):
            assert stat.S_IMODE((folder / secret).stat().st_mode) == 0o600
        port = node.address[1]
        assert node.end() == 0
        assert _token(folder) in node.printed
        assert f"`gitant token --data-dir {folder}`" in node.printed
        assert str(folder) in node.printed
        assert f"http://127.0.0.1:{port}" in node.printed
    assert not (folder / "node.json").exists()
    with running(folder, "--public-url", "https://forge.example/") as node:
        assert node.end(signal.SIGINT) == 0
        assert _token(folder) not in node.printed
        assert "address   https://forge.example\n" in node.printed


def test_what_is_under_way_ends_and_nothing_new_begins(node: Node) -> None:
    connection, rest = _half_a_request(node)
    idle = socket.create_connection(node.address, timeout=PATIENCE_S)
    address = node.address
    # To all its processes, as Ctrl-C and some service managers do.
    os.killpg(node.pid, signal.SIGTERM)
    node.wait_for_words("stopping")
    while not _is_refused(address):
        assert node.process.poll() is None
    with connection, idle:
        connection.sendall(rest)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 201 ")
        assert idle.recv(1) == b""
    assert node.wait() == 0


def test_told_twice_it_waits_for_nobody(node: Node) -> None:
    connection, _ = _half_a_request(node)
    node.process.send_signal(signal.SIGTERM)
    node.wait_for_words("stopping")
    with connection:
        assert node.end(signal.SIGINT) == 0
    assert "cut off" in node.told


def test_killed_all_its_processes_end_and_it_starts_again_on_the_same_port(folder: Path) -> None:
    port = free_port()
    with running(folder, port=port, workers=2) as node:
        connection, _ = _half_a_request(node)
        watches = [os.pidfd_open(pid) for pid in node.workers]
        node.process.kill()
        # A descriptor of a process is readable once the process has ended.
        for watch in watches:
            ready, _, _ = select.select([watch], [], [], 2)
            os.close(watch)
            assert ready
        with connection, running(folder, port=port) as again:
            assert again.address[1] == port
            assert again.get("/ready")[0] == 200


def test_a_hangup_is_not_an_end(lasting: Node) -> None:
    os.killpg(lasting.pid, signal.SIGHUP)
    assert lasting.get("/ready")[0] == 200


def test_a_worker_that_dies_is_started_again(lasting: Node) -> None:
    os.kill(lasting.workers[0], signal.SIGKILL)
    lasting.wait_ready(2)
    assert lasting.workers[0] != lasting.workers[1]
    assert "an HTTP worker ended and is started again" in lasting.told
    assert lasting.get("/ready")[0] == 200


def test_a_folder_is_served_once(lasting: Node) -> None:
    told = refused(lasting.folder)
    assert f"{lasting.folder} is already served by pid {lasting.pid} ({lasting.url})" in told
    assert "hint: " in told
    assert lasting.get("/ready")[0] == 200


@pytest.mark.parametrize("shared", [False, True])
def test_a_port_that_another_program_has_is_named(folder: Path, shared: bool) -> None:
    with socket.socket() as other:
        if shared:  # it would let others share the port, and we must not be among them
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        told = refused(folder, "--port", str(port))
    assert f"port {port} on 127.0.0.1 is in use" in told
    assert "--port" in told
    assert not folder.exists()


def test_a_lost_identity_is_not_replaced(folder: Path) -> None:
    folder.mkdir()
    (folder / "log.sqlite").touch()
    assert "has lost its identity.key" in refused(folder)
    assert not (folder / "identity.key").exists()


def test_a_log_that_cannot_be_read_ends_the_start(folder: Path) -> None:
    folder.mkdir()
    load_or_create(folder / "identity.key")
    (folder / "log.sqlite").write_bytes(b"no database" * 1_000)
    assert f"{folder}/log.sqlite is not a SQLite database" in refused(folder)


def test_a_file_is_no_data_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert f"{tmp_path}/file is a file" in refused(tmp_path / "file")
