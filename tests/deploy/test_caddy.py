"""Behind Caddy: the same answers, git included, under the public name."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.deploy.tools import DEPLOY, checked
from tests.gitant.running import PATIENCE_S, running

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow
CADDYFILE = DEPLOY / "Caddyfile"


def test_caddy_takes_it_and_would_write_it_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GITANT_DOMAIN", "forge.example")
    monkeypatch.setenv("HOME", str(tmp_path))
    checked("caddy", "validate", "--adapter", "caddyfile", "--config", CADDYFILE)
    assert checked("caddy", "fmt", CADDYFILE) == CADDYFILE.read_text()


def test_a_node_behind_it_serves_git_and_keeps_its_numbers(tmp_path: Path) -> None:
    caddy = shutil.which("caddy")
    if caddy is None:
        pytest.skip("caddy is not installed")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    with running(tmp_path / "node", "--public-url", address) as node:
        host, upstream = node.address
        environ = {
            **os.environ,
            "GITANT_DOMAIN": address,
            "GITANT_UPSTREAM": f"{host}:{upstream}",
            "HOME": str(tmp_path),
        }
        # Its interface for changes would take a port that another test may have.
        config = tmp_path / "Caddyfile"
        config.write_text("{\n\tadmin off\n}\n" + CADDYFILE.read_text())
        words = [caddy, "run", "--adapter", "caddyfile", "--config", str(config)]
        with subprocess.Popen(words, env=environ, stderr=subprocess.PIPE, text=True) as proxy:
            try:
                assert proxy.stderr
                assert any("serving initial configuration" in line for line in proxy.stderr)
                _try(address, (node.folder / "operator.token").read_text().strip(), tmp_path)
            finally:
                proxy.kill()


def _try(address: str, token: str, folder: Path) -> None:
    with httpx.Client(base_url=address, timeout=PATIENCE_S, trust_env=False) as client:
        made = client.post("/api/v1/repos", json={"name": "attic"}, headers={"authorization": f"Bearer {token}"})
        assert made.status_code == 201, made.text
        assert made.json()["clone_url"] == f"{address}/operator/attic.git"
        assert client.get("/metrics").status_code == 404
    work = folder / "work"
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run([*git, "init", "-q", "-b", "main", work], check=True)
    subprocess.run([*git, "-C", work, "commit", "-q", "--allow-empty", "-m", "Begin"], check=True)
    pushed = address.replace("://", f"://anyone:{token}@") + "/operator/attic.git"
    subprocess.run([*git, "-C", work, "push", "-q", pushed, "main"], check=True)
    subprocess.run([*git, "clone", "-q", f"{address}/operator/attic.git", folder / "clone"], check=True)
    assert (folder / "clone" / ".git" / "refs" / "heads" / "main").exists()
