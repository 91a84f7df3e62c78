"""A clone that is under way when its node reloads or stops is given to the end."""

from __future__ import annotations

import os
import signal
import socket
from typing import TYPE_CHECKING

import pytest

from tests.gitant.running import PATIENCE_S, Node
from tests.interop.clients import StockGit, make_repo, url_of

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

LARGE_BYTES = 12 << 20
"""More than fits in the buffers between a worker and a client that does not read."""


def _slow_clone(node: Node, path: str, tip: str) -> socket.socket:
    """A connection over which a pack has begun to come."""
    body = b"0032want %b\n00000009done\n" % tip.encode()
    head = (
        f"POST {path}/git-upload-pack HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Content-Type: application/x-git-upload-pack-request\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 10)
    connection.settimeout(PATIENCE_S)
    connection.connect(node.address)
    connection.sendall(head.encode() + body)
    assert connection.recv(1_024).startswith(b"HTTP/1.1 200 ")
    return connection


def _rest(connection: socket.socket) -> int:
    """How many more bytes came until the end of the answer's last chunk."""
    count, end = 0, b""
    with connection:
        while not end.endswith(b"\r\n0\r\n\r\n"):
            data = connection.recv(1 << 20)
            assert data, f"cut off after {count} bytes"
            count += len(data)
            end = (end + data)[-16:]
    return count


def test_clones_under_way_are_given_to_the_end(tmp_path: Path) -> None:
    folder = tmp_path / "node"
    folder.mkdir()
    (folder / "config.toml").write_text("port = 0\nworkers = 1\n")
    node = Node(folder, filed=True)
    try:
        node.wait_ready()
        make_repo(node, "large")
        work = StockGit(tmp_path).work_tree("work")
        (work.folder / "noise").write_bytes(os.urandom(LARGE_BYTES))
        work("add", "noise")
        work("commit", "--quiet", "--message", "Make noise")
        work("push", "--quiet", url_of(node, "large"), "main")
        tip = work("rev-parse", "HEAD").strip()

        reading = _slow_clone(node, "/operator/large.git", tip)
        (folder / "config.toml").write_text("port = 0\nworkers = 1\nbody_max = '2M'\n")
        node.process.send_signal(signal.SIGHUP)
        node.wait_for_words("reloaded")
        assert node.get("/ready")[0] == 200
        assert _rest(reading) > LARGE_BYTES

        reading = _slow_clone(node, "/operator/large.git", tip)
        node.process.send_signal(signal.SIGTERM)
        node.wait_for_words("stopping")
        assert _rest(reading) > LARGE_BYTES
        assert node.wait() == 0
        assert "cut off" not in node.told
    finally:
        node.process.kill()
        node.process.communicate(timeout=PATIENCE_S)
