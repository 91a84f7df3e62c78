"""The two servers that a git client is timed against: a node, and stock git with everything that makes it fast."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Protocol, final
from urllib.parse import urlsplit

from benchmarks._git_history import git
from benchmarks._servers import WORKERS, call, free_port, wait_for

_TICKS_A_S = os.sysconf("SC_CLK_TCK")
_FAST = {
    "http.receivepack": "true",
    "receive.fsckObjects": "true",
    "uploadpack.allowFilter": "true",
    "uploadpack.allowAnySHA1InWant": "true",
    "repack.writeBitmaps": "true",
    "core.commitGraph": "true",
}


class Side(Protocol):
    """One server, on the loopback interface."""

    name: str

    def start(self) -> None:
        """Begin to serve what the folder has; returns when requests are answered."""

    def stop(self) -> None:
        """End it, and what it started."""

    def create(self, name: str) -> None:
        """An empty repository."""

    def polish(self, name: str) -> None:
        """What a careful operator does once with a repository."""

    def url(self, name: str) -> str:
        """Where the repository is fetched from and pushed to."""
        ...

    def cpu_s(self) -> float:
        """Processor time that serving has taken so far."""
        ...


@final
class NodeSide:
    """`gitant serve` as people run it, with room for more requests a second."""

    name = "node"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._token = ""

    def start(self) -> None:
        words = ["serve", "--data-dir", str(self._folder), "--port", str(self._port), "--workers", str(WORKERS)]
        environ = {name: value for name, value in os.environ.items() if not name.startswith("GITANT_")}
        environ |= {"GITANT_RATE_ANONYMOUS": "0", "GITANT_LOG_LEVEL": "error"}
        program = str(Path(sys.executable).with_name("gitant"))
        self._process = subprocess.Popen(
            [program, *words], env=environ, stdout=subprocess.DEVNULL, start_new_session=True
        )
        wait_for(f"http://127.0.0.1:{self._port}/ready")
        self._token = (self._folder / "operator.token").read_text().strip()

    def stop(self) -> None:
        _end(self._process)

    def create(self, name: str) -> None:
        call(("127.0.0.1", self._port), self._token, "POST", "/api/v1/repos", {"name": name})

    def polish(self, name: str) -> None:
        """Nothing: the node sees to it by itself."""

    def url(self, name: str) -> str:
        return f"http://x:{self._token}@127.0.0.1:{self._port}/operator/{name}.git"

    def cpu_s(self) -> float:
        assert self._process is not None
        return tree_cpu_s(self._process.pid)

    def pids(self) -> list[int]:
        """The supervisor and every process under it."""
        assert self._process is not None
        return _tree(self._process.pid)

    def anon_mib(self) -> float:
        """RssAnon of the largest process."""
        return max(_anon_kib(pid) for pid in self.pids()) / 1024


@final
class CannedSide:
    """What a node answered before, told again at once: no server could have its clients done sooner."""

    name = "canned"

    def __init__(self, node: NodeSide) -> None:
        self._node = node
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        behind = urlsplit(self._node.url("any")).port
        words = [sys.executable, "-m", "benchmarks._git_canned", str(self._port), str(behind)]
        self._process = subprocess.Popen(words, start_new_session=True)
        _wait_until_open(self._port)

    def stop(self) -> None:
        _end(self._process)

    def create(self, name: str) -> None:
        """Nothing: it has what the node has."""

    def polish(self, name: str) -> None:
        """Nothing: it has what the node has."""

    def url(self, name: str) -> str:
        url = urlsplit(self._node.url(name))
        return url._replace(netloc=f"{url.username}:{url.password}@127.0.0.1:{self._port}").geturl()

    def cpu_s(self) -> float:
        assert self._process is not None
        return _times(self._process.pid)[0]


@final
class PeerSide:
    """`git http-backend` with bitmaps and a commit graph; only what git itself takes counts as its time."""

    name = "git"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        words = [sys.executable, "-m", "benchmarks._git_peer", str(self._folder), str(self._port)]
        self._process = subprocess.Popen(words, start_new_session=True)
        _wait_until_open(self._port)

    def stop(self) -> None:
        _end(self._process)

    def create(self, name: str) -> None:
        path = str(self._folder / f"{name}.git")
        git("init", "-q", "--bare", "-b", "main", path)
        for key, value in _FAST.items():
            git("-C", path, "config", key, value)

    def polish(self, name: str) -> None:
        path = str(self._folder / f"{name}.git")
        git("-C", path, "repack", "-adbq")
        git("-C", path, "pack-refs", "--all")
        git("-C", path, "commit-graph", "write", "--reachable", "--no-progress")

    def url(self, name: str) -> str:
        return f"http://x:y@127.0.0.1:{self._port}/{name}.git"

    def cpu_s(self) -> float:
        assert self._process is not None
        return _times(self._process.pid)[1]


def tree_cpu_s(pid: int) -> float:
    """Processor time that a process and all under it have taken so far."""
    return sum(own + ended for own, ended in map(_times, _tree(pid)))


def _tree(pid: int) -> list[int]:
    found, left = list[int](), [pid]
    while left:
        pid = left.pop()
        with suppress(FileNotFoundError):
            for path in Path(f"/proc/{pid}/task").glob("*/children"):
                left += map(int, path.read_text().split())
            found.append(pid)
    return found


def _times(pid: int) -> tuple[float, float]:
    """Processor seconds of a process, and of its children that have ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0, 0
    user, system, ended_user, ended_system = map(int, fields[11:15])
    return (user + system) / _TICKS_A_S, (ended_user + ended_system) / _TICKS_A_S


def _wait_until_open(port: int) -> None:
    while True:
        with socket.socket() as probe:
            if not probe.connect_ex(("127.0.0.1", port)):
                return


def _anon_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("RssAnon")), 0)


def _end(process: subprocess.Popen[bytes] | None) -> None:
    if process is not None:
        with suppress(ProcessLookupError):
            process.terminate()
        process.wait()
