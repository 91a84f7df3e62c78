"""The plays: a partition in bad weather with a kill and a full disk, then a node that comes back from an old backup."""

from __future__ import annotations

import shutil
import time
import urllib.error
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any, Final

from tests.gitant.network.meeting import push
from tests.namespaces.checks import check_acknowledged, check_objects, wait_equal
from tests.namespaces.fleet import NAMES, SMALL, Fleet, soon
from tests.namespaces.lan import RELAY_HOST, WIDE, Lan
from tests.namespaces.relay import Relay
from tests.namespaces.writers import Writer, Writers
from tests.soak.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.gitant.network.meeting import Member

FIRST, KILLED, RESTORED = "ann", "dee", "eve"
MEETINGS: Final = (("bob", "ann"), ("cem", "ann"), ("dee", "cem"), ("dee", "bob"), ("eve", "dee"))
"""Who dials whom; beside these eve dials ann, through the relay."""
DELAY_S: Final = 0.04
RELAY_PORT: Final = 5000
LOST: Final = 0.03
BITS_PER_S: Final = 4_000_000


def play(rounds: int, seed: int, scratch: Path, say: Callable[[str], None]) -> None:
    """So many partitions on one network of five, then the old backup; raises what it finds."""
    began = time.monotonic()
    fleet = Fleet(Lan(NAMES), scratch)
    try:
        repo = _meet(fleet, scratch)
        say(f"five nodes have met after {time.monotonic() - began:.1f} s")
        ledger = Ledger()
        backup = scratch / "backup"
        fleet.command(RESTORED, "backup", str(backup))
        writers = [
            Writer(name, partial(fleet.__getitem__, name), repo, scratch / f"tree-{name}", ledger) for name in NAMES
        ]
        for number in range(rounds):
            say(f"partition {number + 1}: {_partition(fleet, repo, writers, ledger, seed + number)}")
        check_objects(fleet, repo, scratch)
        say(_old_backup(fleet, repo, backup, ledger))
        if rounds != 1:  # the bounded run of the suite is without it
            say(_fork(fleet, repo, backup))
    finally:
        fleet.stop()


def _meet(fleet: Fleet, scratch: Path) -> str:
    """All follow one repository, in which all may write."""
    first = fleet[FIRST]
    Relay(f"{WIDE}.{RELAY_HOST}", RELAY_PORT, (fleet.lan.wide(FIRST), first.peer_port), DELAY_S)
    for one, other in MEETINGS:
        fleet[one].meets(fleet[other])
    far = f"{_did(first)}@{WIDE}.{RELAY_HOST}:{RELAY_PORT}"
    fleet["eve"].ask("POST", "/peers", {"address": far})
    repo = str(first.ask("POST", "/repos", {"name": "attic"})["id"])
    push(scratch / "first", first, repo, "lamp")
    first.ask("POST", f"/repos/{repo}/issues", {"title": "Everybody's"})
    for member in fleet.all[1:]:
        first.ask("POST", f"/repos/{repo}/collaborators", {"did": _did(member), "role": "maintainer"})
        member.ask("POST", "/follows", {"repo": repo})
    wait_equal(fleet, repo)
    return repo


def _partition(fleet: Fleet, repo: str, people: list[Writer], ledger: Ledger, seed: int) -> str:
    """ann and bob, cem and dee, and eve alone; all write on, dee is killed, cem's disk is full for a while."""
    lan, dice = fleet.lan, Random(seed)
    lan.storm(lost=LOST, bits_per_s=BITS_PER_S)
    lan.part(apart=(SMALL, KILLED), down=(RESTORED,))
    began = time.monotonic()
    for writer in people:
        writer.done = 0
    writing = Writers(people, dice.randrange(2**32))
    soon(lambda: _wrote(writing, 3), lambda: "nobody gets anything done")
    fleet.fill(SMALL)
    full = "disk is full"
    soon(lambda: full in _fault(fleet[KILLED], fleet[SMALL]), lambda: f"dee heard nothing: {_peers(fleet[KILLED])}")
    assert full in _fault(fleet[SMALL], fleet[KILLED]), _peers(fleet[SMALL])
    fleet.kill(KILLED)
    fleet.empty(SMALL)
    fleet.start(KILLED)
    marks = {name: writer.done for name, writer in writing.writers.items()}
    both = (SMALL, KILLED)
    soon(
        lambda: all(writing.writers[name].done > marks[name] for name in both),
        lambda: f"they do not come back: {[writing.writers[name].last for name in both]}",
    )
    wrote, lasted_s = writing.end(), time.monotonic() - began
    lan.heal()
    took_s = wait_equal(fleet, repo)
    lan.calm()
    check_acknowledged(fleet, repo, ledger)
    forks = {member.ask("GET", "/status")["counts"]["forks"] for member in fleet.all}
    assert forks == {0}, f"somebody forked a key: {forks}"
    return f"{wrote} writes were acknowledged in {lasted_s:.1f} s; equal {took_s:.1f} s after it healed"


def _wrote(writing: Writers, least: int) -> bool:
    writing.check()
    return all(writer.done >= least for writer in writing.writers.values())


def _old_backup(fleet: Fleet, repo: str, backup: Path, ledger: Ledger) -> str:
    """eve comes back from a backup that is older than what others have of her, and writes on: no fork."""
    fleet.kill(RESTORED)
    shutil.rmtree(fleet.folder(RESTORED))
    fleet.command(RESTORED, "restore", str(backup))
    fleet.start(RESTORED)
    began = time.monotonic()

    def wrote() -> bool:
        try:
            ledger.note("issue", fleet[RESTORED].ask("POST", f"/repos/{repo}/issues", {"title": "Again"})["id"])
        except urllib.error.HTTPError as fault:
            with fault:
                return fault.code != 503
        return True

    soon(wrote, lambda: f"{RESTORED} may not write: {fleet.said(RESTORED)}")
    took_s = time.monotonic() - began
    wait_equal(fleet, repo)
    check_acknowledged(fleet, repo, ledger)
    for member in fleet.all:
        assert member.ask("GET", "/status")["counts"]["forks"] == 0, "a node that was restored forked its own key"
    return f"a node from an old backup wrote again after {took_s:.1f} s, and nothing forked"


def _fork(fleet: Fleet, repo: str, backup: Path) -> str:
    """eve's operator says wrongly that she is alone, and she forks her feed: all have the proof, and the same."""
    eve = RESTORED
    fleet.kill(eve)
    shutil.rmtree(fleet.folder(eve))
    fleet.command(eve, "restore", "--alone", str(backup))
    fleet.lan.part(apart=(), down=(eve,))
    fleet.start(eve)
    made = fleet[eve].ask("POST", f"/repos/{repo}/issues", {"title": "A second first word"})
    fleet.lan.heal()
    took_s = wait_equal(fleet, repo)
    forks = {member.ask("GET", "/status")["counts"]["forks"] for member in fleet.all}
    assert forks == {1}, f"the fork is not proven everywhere: {forks}"
    first = {member.ask("GET", f"/repos/{repo}/issues/{made['id']}")["title"] for member in fleet.all}
    assert first == {"A second first word"}, "what was written on the other branch is not shown everywhere"
    after = fleet[FIRST].ask("POST", f"/repos/{repo}/issues", {"title": "And on"})["id"]
    wait_equal(fleet, repo)
    assert all(member.ask("GET", f"/repos/{repo}/issues/{after}") for member in fleet.all)
    return f"a node that was wrongly said to be alone forked its feed; proven and equal everywhere after {took_s:.1f} s"


def _peers(member: Member) -> Any:
    return member.ask("GET", "/peers")


def _fault(member: Member, about: Member) -> str:
    """What a node shows as the fault of another."""
    did = _did(about)
    return next((peer["fault"] for peer in _peers(member)["peers"] if peer["did"] == did), "")


_dids: dict[Path, str] = {}


def _did(member: Member) -> str:
    if member.folder not in _dids:
        _dids[member.folder] = str(member.ask("GET", "/status")["did"])
    return _dids[member.folder]
