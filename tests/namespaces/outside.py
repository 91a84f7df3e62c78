"""Starts the play in namespaces of its own, which go with it: users, network, mounts and processes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Final

from tests.house.tree import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

_ALONE: Final = ("--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
_ENVIRON: Final = {**os.environ, "PATH": f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"}
_TOOLS: Final = ("unshare", "nsenter", "ip", "tc", "iptables")
_NEEDED: Final = (
    "mount -t tmpfs none /run && mkdir /run/netns && ip netns add probe && "
    "ip link add outer type veth peer name inner netns probe && ip link add bridge type bridge && "
    "iptables -A INPUT -m statistic --mode random --probability 0.5 -j DROP && "
    "tc qdisc add dev outer root tbf rate 1mbit burst 64kb latency 400ms"
)


def why_not() -> str:
    """Why it cannot be played here, in a sentence; nothing where it can."""
    missing = [tool for tool in _TOOLS if shutil.which(tool, path=_ENVIRON["PATH"]) is None]
    if missing:
        return f"there is no {' nor '.join(missing)}: apt-get install iproute2 iptables util-linux"
    faults = [_fault(words) for words in _ways()]
    return "" if "" in faults else f"no network namespaces can be made here: {faults[-1]}"


def run_namespaces(rounds: int, seed: int, scratch: Path, say: Callable[[str], None]) -> None:
    """Play `rounds` partitions and an old backup; raises `AssertionError` with all that was printed."""
    (way, *_) = [words for words in _ways() if not _fault(words)]
    inside = (sys.executable, "-m", "tests.namespaces", str(rounds), str(seed), str(scratch))
    lines: list[str] = []
    with subprocess.Popen(
        (*way, *inside),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        env=_ENVIRON,
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                lines.append(line)
                say(line.rstrip("\n"))
        except BaseException:
            process.kill()
            raise
    assert process.returncode == 0, "".join(lines)


def _ways() -> Sequence[tuple[str, ...]]:
    """With a user namespace nobody need be root; where those are forbidden, root needs none."""
    ways = [("unshare", "--user", "--map-root-user", *_ALONE)]
    return ways if os.geteuid() else [*ways, ("unshare", *_ALONE)]


def _fault(way: Sequence[str]) -> str:
    words = (*way, "sh", "-c", _NEEDED)
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60, env=_ENVIRON)
    return "" if done.returncode == 0 else done.stderr.strip() or f"exit code {done.returncode}"
