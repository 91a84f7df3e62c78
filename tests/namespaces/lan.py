"""A network on one machine: a namespace for each host, two bridges that can be parted, and weather.

Everything here is made in the network namespace that this process is in, which `outside.py` has made for it: it goes
when the process does, whatever happened.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDE: Final = "10.77.0"
"""Where nodes speak with nodes: this is what is lossy, slow and parted."""
NEAR: Final = "10.78.0"
"""Where the tests ask each node, undisturbed."""
RELAY_HOST: Final = 254
_FILES: Final = Path("/run/netns")


@final
class Lan:
    """Hosts by name. The wide network is one bridge, of which hosts may be moved to another."""

    def __init__(self, names: Sequence[str]) -> None:
        self._numbers = {name: number for number, name in enumerate(names, 1)}
        _run("ip", "link", "set", "lo", "up")
        for bridge in ("wide0", "wide1", "near"):
            _run("ip", "link", "add", bridge, "type", "bridge")
            _run("ip", "link", "set", bridge, "up")
        _run("ip", "address", "add", f"{WIDE}.{RELAY_HOST}/24", "dev", "wide0")
        _run("ip", "address", "add", f"{NEAR}.{RELAY_HOST}/24", "dev", "near")
        _FILES.mkdir(parents=True, exist_ok=True)
        for name in names:
            self._add(name)

    def near(self, name: str) -> str:
        """Where this process reaches a host."""
        return f"{NEAR}.{self._numbers[name]}"

    def wide(self, name: str) -> str:
        """Where other hosts reach it."""
        return f"{WIDE}.{self._numbers[name]}"

    def through(self, name: str) -> tuple[str, ...]:
        """What to put before a command that is to run on a host."""
        return ("nsenter", f"--net={_FILES / name}")

    def part(self, *, apart: Sequence[str], down: Sequence[str]) -> None:
        """Have some hosts reach each other only, and some nobody; no connection is told."""
        for name in apart:
            _run("ip", "link", "set", f"w-{name}", "master", "wide1")
        for name in down:
            _run("ip", "link", "set", f"w-{name}", "down")

    def heal(self) -> None:
        """All reach all."""
        for name in self._numbers:
            _run("ip", "link", "set", f"w-{name}", "master", "wide0", "up")

    def storm(self, *, lost: float, bits_per_s: int) -> None:
        """From now on this share of packets is lost on their way into each host, and they leave it no faster."""
        for name in self._numbers:
            on = self.through(name)
            # What waits for an answer is sent again every so often, not half as often each time: healing takes seconds.
            _run(*on, "sh", "-c", "echo 1 >/proc/sys/net/ipv4/tcp_thin_linear_timeouts")
            rule = ("INPUT", "-i", "wide", "-m", "statistic", "--mode", "random", "--probability", str(lost))
            _run(*on, "iptables", "-w", "-A", *rule, "-j", "DROP")
            shape = ("root", "tbf", "rate", f"{bits_per_s}bit", "burst", "64kb", "latency", "400ms")
            _run(*on, "tc", "qdisc", "add", "dev", "wide", *shape)

    def calm(self) -> None:
        """The weather is fine again."""
        for name in self._numbers:
            _run(*self.through(name), "iptables", "-w", "-F", "INPUT")
            _run(*self.through(name), "tc", "qdisc", "del", "dev", "wide", "root")

    def _add(self, name: str) -> None:
        _run("ip", "netns", "add", name)
        for inner, bridge, network in (("wide", "wide0", WIDE), ("near", "near", NEAR)):
            outer = f"{inner[0]}-{name}"
            _run("ip", "link", "add", outer, "type", "veth", "peer", "name", inner, "netns", name)
            _run("ip", "link", "set", outer, "master", bridge, "up")
            _run("ip", "-n", name, "address", "add", f"{network}.{self._numbers[name]}/24", "dev", inner)
            _run("ip", "-n", name, "link", "set", inner, "up")
        _run("ip", "-n", name, "link", "set", "lo", "up")
        _run("ip", "-n", name, "route", "add", "default", "via", f"{WIDE}.{RELAY_HOST}")


def _run(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 0, f"{' '.join(words)}: {done.stderr}"
