"""Five members of a network: started at once, watched, killed, asked."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, final

from tests.gitant.network.meeting import Member
from tests.gitant.running import PATIENCE_S
from tests.house.tree import BIN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.namespaces.lan import Lan

NAMES: Final = ("ann", "bob", "cem", "dee", "eve")
SMALL: Final = "cem"
"""Whose data folder is on a small disk of its own."""
SMALL_BYTES: Final = 64 << 20
PORTS: Final = (7777, 4040)
_FLAGS: Final = ("--host", "0.0.0.0", "--min-free", "1M")  # its namespace is all it can be reached from
_BALLAST_BYTES: Final = 64 << 10
_PAUSE_S: Final = 0.1
"""Between two looks at what takes a while: nodes need the processors more."""


@final
class Fleet:
    """One node on each host of a network."""

    def __init__(self, lan: Lan, scratch: Path) -> None:
        self.lan = lan
        self.scratch = scratch
        small = scratch / SMALL
        small.mkdir()
        mount = ("mount", "-t", "tmpfs", "-o", f"size={SMALL_BYTES},mode=700", "small", str(small))
        subprocess.run(mount, check=True, timeout=30)
        self._members = {name: self._member(name) for name in NAMES}
        threading.Thread(target=self._listen, daemon=True, name="listener").start()
        for name in NAMES:
            self._wait_ready(name)

    def __getitem__(self, name: str) -> Member:
        return self._members[name]

    @property
    def all(self) -> Sequence[Member]:
        return [*self._members.values()]

    def kill(self, name: str) -> None:
        """kill -9, every process of it."""
        process = self._members[name].node.process
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE_S)

    def start(self, name: str) -> None:
        """Start a node that was killed, on whatever is in its folder now."""
        self._members[name] = self._member(name)
        self._wait_ready(name)

    def folder(self, name: str) -> Path:
        """Its data folder."""
        return self.scratch / name / "data"

    def ballast(self, name: str) -> Path:
        """What fills a small disk."""
        return self.scratch / name / "ballast"

    def fill(self, name: str) -> None:
        """Leave no byte on its disk."""
        with self.ballast(name).open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(_BALLAST_BYTES))

    def empty(self, name: str) -> None:
        """Give the room back."""
        self.ballast(name).unlink()

    def command(self, name: str, *words: str) -> str:
        """What `gitant` prints on a host."""
        words = (*self.lan.through(name), str(BIN / "gitant"), *words, "--data-dir", str(self.folder(name)))
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
        assert done.returncode == 0, f"{' '.join(words)}: {done.stderr}"
        return done.stdout

    def said(self, name: str) -> str:
        """What a node has logged since it was started."""
        return self._members[name].node.told

    def stop(self) -> None:
        """Kill whatever runs, and leave what it has said in a file each."""
        for name, member in self._members.items():
            with suppress(ProcessLookupError):
                self.kill(name)
            (self.scratch / f"{name}.log").write_text(member.node.told)

    def _member(self, name: str) -> Member:
        self.folder(name).parent.mkdir(exist_ok=True)
        through = self.lan.through(name)
        return Member(self.folder(name), *_FLAGS, host=self.lan.near(name), ports=PORTS, through=through)

    def _wait_ready(self, name: str) -> None:
        node = self._members[name].node
        soon(
            lambda: bool(node.workers) or node.process.poll() is not None, lambda: f"{name} has only said: {node.told}"
        )
        assert node.process.poll() is None, f"{name} has ended, saying: {node.told}"

    def _listen(self) -> None:
        """Read what the nodes log, or they would wait for it to be read."""
        while True:
            nodes = [member.node for member in self._members.values()]
            files: dict[Any, Any] = {node.process.stderr: node for node in nodes if node.process.poll() is None}
            ready, _, _ = select.select([*files], [], [], _PAUSE_S)
            for file in ready:
                with suppress(BlockingIOError):
                    files[file].told += os.read(file.fileno(), 1 << 16).decode(errors="replace")


def soon(holds: Callable[[], object], words: Callable[[], object], patience_s: float = PATIENCE_S) -> float:
    """Ask again and again until something holds; how many seconds that took."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < patience_s, words()
        threading.Event().wait(_PAUSE_S)
    return time.monotonic() - began
