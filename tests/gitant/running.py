"""A node as people run one: `gitant serve` in a process group of its own, on a free port."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, final

from tests.house.tree import BIN

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

PATIENCE_S = 60
"""For what takes a second or two on a machine that does nothing else."""


@final
class Node:
    """One run of `gitant serve` and what it has said so far."""

    def __init__(
        self,
        folder: Path,
        *flags: str,
        port: int = 0,
        workers: int = 1,
        filed: bool = False,
        through: Sequence[str] = (),
    ) -> None:
        """`through` are the words of a program that starts it somewhere, like `nsenter`."""
        words = ["serve", "--data-dir", str(folder)]
        if not filed:  # else the node's `config.toml` says both
            words += ["--port", str(port), "--workers", str(workers)]
        words += flags  # the last of two counts
        environ = {name: value for name, value in os.environ.items() if not name.startswith("GITANT_")}
        self.process = subprocess.Popen(
            [*through, BIN / "gitant", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environ,
            start_new_session=True,
        )
        assert self.process.stderr is not None
        self.folder = folder
        self.told = ""
        os.set_blocking(self.process.stderr.fileno(), False)

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def url(self) -> str:
        return str(json.loads((self.folder / "node.json").read_text())["url"])

    @property
    def address(self) -> tuple[str, int]:
        host, _, port = self.url.partition("://")[2].rpartition(":")
        return host, int(port)

    @property
    def workers(self) -> list[int]:
        """The workers that have said they are ready, in that order."""
        return [int(pid) for pid in re.findall(r"an HTTP worker is ready .*pid=(\d+)", self.told)]

    def wait_ready(self, count: int = 1) -> None:
        """Until so many workers have said that they are ready, those of earlier lives included."""
        self.wait_for(lambda: len(self.workers) >= count)

    def wait_for_words(self, words: str) -> None:
        self.wait_for(lambda: words in self.told)

    def wait_for(self, holds: Any) -> None:
        """Read what the node says until `holds`, which looks at it, is true."""
        stderr = self.process.stderr
        assert stderr is not None
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            ready, _, _ = select.select([stderr], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"the node has only said: {self.told}"
            data = os.read(stderr.fileno(), 65_536)
            assert data, f"the node has ended, saying: {self.told}"
            self.told += data.decode()

    def listen(self) -> None:
        """Take in what it has said by now: a node whose words nobody reads waits once the pipe is full."""
        assert self.process.stderr is not None
        with suppress(BlockingIOError):
            while data := os.read(self.process.stderr.fileno(), 65_536):
                self.told += data.decode(errors="replace")

    def end(self, signum: int = signal.SIGTERM) -> int:
        """The exit code, after a signal."""
        self.process.send_signal(signum)
        return self.wait()

    def wait(self) -> int:
        out, err = self.process.communicate(timeout=PATIENCE_S)
        self.told += err.decode()
        self.printed = out.decode()
        return self.process.returncode

    def get(self, path: str, **headers: str) -> tuple[int, bytes]:
        request = urllib.request.Request(self.url + path, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as fault:
            with fault:
                return fault.code, fault.read()


@contextmanager
def running(folder: Path, *flags: str, port: int = 0, workers: int = 1) -> Generator[Node]:
    """A node that is ready; killed with all its processes at the end, if it is still there."""
    node = Node(folder, *flags, port=port, workers=workers)
    try:
        node.wait_ready(workers)
        yield node
    finally:
        with suppress(ProcessLookupError):
            os.killpg(node.pid, signal.SIGKILL)
        node.process.communicate(timeout=PATIENCE_S)


def refused(folder: Path, *flags: str) -> str:
    """What a node says that does not come up."""
    node = Node(folder, *flags)
    assert node.wait() == 1, node.told
    return node.told
