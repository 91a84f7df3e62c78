"""A node in a process of its own, and the command line as a person would use it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import httpx
import pytest

from gitant.cli import main
from tests.gitant.running import PATIENCE_S
from tests.house.tree import BIN

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    def json(self) -> object:
        return json.loads(self.out)


class Command(Protocol):
    """Runs `gitant` with these words."""

    def __call__(self, *words: str | Path) -> Ran: ...


@dataclass(frozen=True, slots=True)
class Node:
    """One that serves `folder`."""

    folder: Path
    url: str
    token: str


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Generator[Node]:
    folder = tmp_path_factory.mktemp("cli") / "node"
    with subprocess.Popen(
        [BIN / "gitant", "serve", "--data-dir", folder, "--port", "0", "--workers", "1", "--log-level", "error"],
        stdout=subprocess.PIPE,
        text=True,
    ) as serving:
        try:
            assert serving.stdout
            # Printed once the port is held; what is asked from then on is answered as soon as a worker is up.
            assert any("address" in line for line in serving.stdout)
            told = json.loads((folder / "node.json").read_bytes())
            deadline = time.monotonic() + PATIENCE_S
            with httpx.Client(timeout=PATIENCE_S, trust_env=False) as client:
                while not client.get(f"{told['url']}/ready").is_success:
                    assert time.monotonic() < deadline, "it is never ready"
            yield Node(folder, told["url"], (folder / "operator.token").read_text().strip())
            serving.terminate()
            assert serving.wait(PATIENCE_S) == 0
        finally:
            serving.kill()  # or whatever failed above would wait for its end


@pytest.fixture
def gitant(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    """The command in this process, with an environment that names no node, in a folder with no git."""
    for name in ("DATA_DIR", "URL", "TOKEN", "HOST", "PORT"):
        monkeypatch.delenv(f"GITANT_{name}", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    # On a slow machine, too, nothing takes so long that a command tells how far it is.
    monkeypatch.setattr("gitant.cli.output._QUIET_S", float("inf"))

    def run(*words: str | Path) -> Ran:
        monkeypatch.setattr(sys, "argv", ["gitant", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        code = ended.value.code
        return Ran(code if isinstance(code, int) else 0 if code is None else 1, out, err)

    return run


@pytest.fixture
def here(gitant: Command, node: Node, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command with the running node's folder in the environment."""
    monkeypatch.setenv("GITANT_DATA_DIR", str(node.folder))
    return gitant
