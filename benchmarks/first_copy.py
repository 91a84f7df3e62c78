"""The first copy of a big repository: how long until a second node has all of it, beside what git and the core need."""

from __future__ import annotations

import argparse
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import closing
from http import HTTPStatus
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks._catching import Catcher
from benchmarks._git_history import git, repository
from benchmarks._git_sides import PeerSide, tree_cpu_s
from domain.actor import Actor
from domain.errors import LocalFault
from domain.ids import StreamId, parse_stream_id
from domain.keys import SigningKey
from domain.ports_git import ZERO_OID, PackCaps
from gitant.writer.opening import open_core
from gitant.writer.request import Request
from storage import keys
from storage.datadir import DataDir
from storage.git.store import DiskGitStore
from storage.log.eventlog import SQLiteEventLog
from tests.gitant.network.meeting import Member

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.ports_views import Answer
    from gitant.writer.core import WriterCore

NAME = "copy"
GOAL = (
    "a repository of 200,000 git objects and 20,000 events: ≤ 1.3 × `git clone` of it, plus the log at the core's rate"
)

_BATCH = 500
_LOOK_S = 0.05
_PATIENCE_S = 900
_REST_S, _REST_CPU_S = 1.0, 0.05
_FEEDS = 8
_BATCH_BYTES = 1 << 20


def main(argv: Sequence[str]) -> None:
    """Print how long the copy took, what `git clone` and a catch-up of as many events take, and the ratio."""
    parser = argparse.ArgumentParser(prog=f"benchmarks {NAME}", description=GOAL)
    parser.add_argument("--objects", type=int, default=200_000)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="where what is made stays for the next time")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as scratch:
        kept: Path = options.keep or Path(scratch)
        kept.mkdir(parents=True, exist_ok=True)
        made = repository(kept, options.objects)
        first = _prepared(kept, made, options.events)
        runs = range(options.runs)
        clones = [_cloned(Path(scratch), made, number) for number in runs]
        caught = [_caught_up(Path(scratch), options.events, number) for number in runs]
        copies = [_copied(Path(scratch), first, number) for number in runs]
    for sort, tolls in (("git clone", clones), ("catch-up of the core", caught), ("first copy", copies)):
        print(f"{sort}: {', '.join(f'{each.wall_s:.2f} s (processor {each.cpu_s:.2f})' for each in tolls)}")
    print(f"  of the first copy, the log took {', '.join(f'{each.log_s:.2f} s' for each in copies)}")
    for sort, pick in (("by the clock", attrgetter("wall_s")), ("processor", attrgetter("cpu_s"))):
        clone, log, copy = (min(map(pick, tolls)) for tolls in (clones, caught, copies))
        goal = 1.3 * clone + log
        words = f"{copy:.2f} s against 1.3 × {clone:.2f} + {log:.2f} = {goal:.2f} s"
        print(f"best of {options.runs}, {sort}: {words}: {copy / goal:.2f} (goal ≤ 1)")


class _Toll(NamedTuple):
    """What something took, the processor time of both sides together."""

    wall_s: float
    cpu_s: float
    log_s: float = 0.0


# --- what is copied -------------------------------------------------------------------------------


def _prepared(kept: Path, made: Path, events: int) -> Path:
    """The data folder of a node that has the repository and so many events; made once."""
    path = kept / f"node-{made.stem}-{events}"
    if path.exists():
        return path
    draft = path.with_suffix(".draft")
    shutil.rmtree(draft, ignore_errors=True)
    folder = DataDir(draft)
    folder.create()
    core = open_core(folder, PackCaps())
    try:
        repo = parse_stream_id(_do(core, folder, "repository.create", name="big").events[-1])
        _push(core, folder, repo, made)
        issue = bytes.fromhex(_do(core, folder, "issue.open", repo=repo, title="All of it").events[-1])
        me = _me(folder)
        for start in range(0, events, _BATCH):
            core.execute(
                [
                    Request(
                        "comment.add", me, {"repo": repo, "issue": issue, "body": f"Comment {number}. " + "x" * 160}
                    )
                    for number in range(start, min(events, start + _BATCH))
                ]
            )
    finally:
        core.close()
    draft.rename(path)
    return path


def _push(core: WriterCore, folder: DataDir, repo: StreamId, made: Path) -> None:
    lines = git("-C", str(made), "for-each-ref", "--format=%(refname) %(objectname)").split("\n")
    refs = [line.split(" ") for line in lines if line]
    quarantine = DiskGitStore(folder.repos).quarantine(repo)
    (pack,) = (made / "objects" / "pack").glob("*.pack")
    with pack.open("rb") as file:
        while piece := file.read(1 << 20):
            quarantine.feed(piece)
    quarantine.finish([oid for _, oid in refs])
    commands = [[ref, ZERO_OID, oid] for ref, oid in refs]
    _do(core, folder, "refs.move", repo=repo, commands=commands, quarantine=quarantine.token, atomic=True)


def _do(core: WriterCore, folder: DataDir, command: str, **args: Any) -> Answer:
    (outcome,) = core.execute([Request(command, _me(folder), args)])
    if isinstance(outcome, LocalFault):
        raise outcome
    return outcome


def _me(folder: DataDir) -> Actor:
    return Actor(did=SigningKey(keys.load_or_create(folder.identity_key)).did, operator=True)


# --- what is timed --------------------------------------------------------------------------------


def _cloned(scratch: Path, made: Path, number: int) -> _Toll:
    """`git clone` from stock git over HTTP, polished for that."""
    folder = scratch / f"git-{number}"
    folder.mkdir()
    shutil.copytree(made, folder / "big.git")
    side = PeerSide(folder)
    side.polish("big")
    side.start()
    try:
        served, client, began = side.cpu_s(), _children_cpu_s(), time.perf_counter()
        git("clone", "-q", side.url("big"), str(folder / "clone"))
        wall = time.perf_counter() - began
        return _Toll(wall, side.cpu_s() - served + _children_cpu_s() - client)
    finally:
        side.stop()
        shutil.rmtree(folder)


def _caught_up(scratch: Path, events: int, number: int) -> _Toll:
    """From the received bytes of so many events to a durable log, by the core alone."""
    folder = scratch / f"core-{number}"
    folder.mkdir()
    path = folder / "history"
    words = [sys.executable, "-m", "benchmarks._catching", str(path), str(events), str(_FEEDS), str(_BATCH_BYTES)]
    subprocess.run(words, check=True)
    with closing(SQLiteEventLog(folder / "log.sqlite")) as log:
        catcher = Catcher(path, _FEEDS, log)
        assert catcher.run() == events
    return _Toll(catcher.seconds, catcher.processor_seconds)


def _copied(scratch: Path, first: Path, number: int) -> _Toll:
    """From the wish for a repository to all its events, refs and objects; both nodes are at rest before."""
    shutil.copytree(first, scratch / f"first-{number}")
    nodes = [Member(scratch / f"{name}-{number}") for name in ("first", "second")]
    try:
        for node in nodes:
            node.wait_ready()
        have, want = (DataDir(node.folder) for node in nodes)
        (repo,) = have.repos.glob("*.git")
        _until(lambda: _is_ready(nodes[0]) and any((repo / "objects" / "pack").glob("*.gt")), time.perf_counter())
        nodes[1].meets(nodes[0])
        _until(lambda: _rest(nodes), time.perf_counter())
        before = sum(tree_cpu_s(node.node.pid) for node in nodes)
        began = time.perf_counter()
        nodes[1].ask("POST", "/follows", {"repo": repo.stem})
        stream = bytes.fromhex(repo.stem)
        events = _events(have, stream)
        log = _until(lambda: _events(want, stream) == events, began)
        refs = (repo / "packed-refs").read_bytes()
        copy = want.repos / repo.name / "packed-refs"
        wall = _until(lambda: copy.exists() and copy.read_bytes() == refs, began)
        return _Toll(wall, sum(tree_cpu_s(node.node.pid) for node in nodes) - before, log)
    finally:
        for node in nodes:
            node.end(signal.SIGTERM)
            shutil.rmtree(node.folder)


def _rest(nodes: Sequence[Member]) -> bool:
    """Whether they do nothing for a moment: what tends repositories goes on after the first of its files is there."""
    before = sum(tree_cpu_s(node.node.pid) for node in nodes)
    time.sleep(_REST_S)
    return sum(tree_cpu_s(node.node.pid) for node in nodes) - before < _REST_CPU_S


def _is_ready(node: Member) -> bool:
    """Whether its code index is made, too."""
    try:
        with urllib.request.urlopen(f"{node.url}/ready", timeout=60) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except urllib.error.HTTPError:
        return False


def _children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _events(folder: DataDir, stream: bytes) -> int:
    try:
        with closing(sqlite3.connect(f"{folder.views.as_uri()}?mode=ro", uri=True)) as views:
            return int(views.execute("SELECT count(*) FROM events WHERE stream=?", (stream,)).fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def _until(holds: Any, began: float) -> float:
    while not holds():
        assert time.perf_counter() - began < _PATIENCE_S, "the copy does not come"
        time.sleep(_LOOK_S)
    return time.perf_counter() - began
