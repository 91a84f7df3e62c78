"""Nodes that find each other: by what a common peer tells, through pauses, and as their numbers and commands say."""

from __future__ import annotations

import os
import signal
import subprocess
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.gitant.network.meeting import Member, soon
from tests.gitant.running import PATIENCE_S
from tests.house.tree import BIN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sequence[Member]]:
    """Nodes that have not met."""
    base = tmp_path_factory.mktemp("three")
    nodes = [Member(base / name, "--peer-exchange", "on") for name in "abc"]
    try:
        for node in nodes:
            node.wait_ready()
        yield nodes
    finally:
        for node in nodes:
            node.end(signal.SIGTERM)


def did_of(node: Member) -> str:
    return str(node.ask("GET", "/status")["did"])


def peer(node: Member, other: Member) -> dict[str, Any]:
    """What one says of the other; empty where it knows nothing of it."""
    found = [each for each in node.ask("GET", "/peers")["peers"] if each["did"] == did_of(other)]
    return found[0] if found else {}


def command(node: Member, *words: str) -> str:
    environ = {**os.environ, "GITANT_DATA_DIR": str(node.folder)}
    done = subprocess.run(
        [BIN / "gitant", *words], env=environ, capture_output=True, text=True, check=True, timeout=PATIENCE_S
    )
    return done.stdout + done.stderr


def number(node: Member, name: str) -> float:
    asked = urllib.request.Request(f"{node.url}/metrics", headers={"Authorization": f"Bearer {node.token}"})
    with urllib.request.urlopen(asked, timeout=PATIENCE_S) as answer:
        lines = answer.read().decode().splitlines()
    return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{name} ")), -1.0)


def test_two_who_know_one_find_each_other(three: Sequence[Member]) -> None:
    hub, early, late = three
    early.meets(hub)
    # The hub was dialled by it, looks whether it is where it says, and only then tells others.
    soon(lambda: peer(hub, early).get("addresses"), "the hub noted where the first is")
    late.meets(hub)
    soon(lambda: peer(late, early).get("connected"), "the late one was told, and dialled")
    told = peer(late, early)
    assert (told["source"], told["addresses"]) == ("exchange", [early.peer_address()])
    assert peer(early, late)["connected"]


def test_a_pause_hangs_up_and_lasts_until_it_is_resumed(three: Sequence[Member]) -> None:
    hub, early, _ = three
    assert early.ask("PUT", f"/peers/{did_of(hub)}/pause", {})["paused"]
    soon(lambda: not peer(early, hub)["connected"], "it hung up")
    soon(lambda: "pauses with yours" in peer(hub, early).get("fault", ""), "the other was told why")
    early.ask("PUT", "/network/pause", {})
    soon(lambda: number(early, 'gitant_peers{state="paused"}') >= 1, "it talks with nobody")
    told = command(early, "peer", "list")
    assert "pauses with all others" in told
    assert told.count("paused") > told.count("connected")
    early.ask("DELETE", "/network/pause")
    early.ask("DELETE", f"/peers/{did_of(hub)}/pause")
    soon(lambda: peer(early, hub)["connected"], "they meet again")


def test_a_network_process_that_dies_is_seen(three: Sequence[Member]) -> None:
    hub = three[0]
    before = number(hub, "gitant_network_restarts_total")
    os.kill(_network_process(hub), signal.SIGKILL)
    soon(lambda: number(hub, "gitant_network_restarts_total") == before + 1, "it was noted")
    assert hub.ask("GET", "/network/status")["fault"] == "it was killed by SIGKILL"
    assert "died 1 times since the node started, the last time of this: it was killed by SIGKILL" in command(
        hub, "peer", "list"
    )
    soon(lambda: peer(hub, three[2]).get("connected"), "it talks again")
    told = command(hub, "doctor", "--json")
    assert "the network process died 1 times" in told


def _network_process(node: Member) -> int:
    main = node.node.pid
    for child in Path(f"/proc/{main}/task/{main}/children").read_text().split():
        if b"gitant.network.process" in Path(f"/proc/{child}/cmdline").read_bytes():
            return int(child)
    raise AssertionError("there is no network process")
