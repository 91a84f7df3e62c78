"""kill -9 at a random moment under concurrent writes and pushes, over and over on one data folder."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING

from domain.ids import parse_stream_id
from storage import keys
from storage.datadir import DataDir
from tests.gitant.running import Node, running
from tests.soak.checks import check_acknowledged, check_folder
from tests.soak.clients import Caller, at_once, push_commits, write_issues
from tests.soak.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from domain.ids import StreamId

WRITERS = 4
PUSHERS = 2
LIFE_MOST_S = 1.5


def run_kills(rounds: int, seed: int, scratch: Path, say: Callable[[str], None]) -> None:
    """Raises `AssertionError` at the first round that lost something."""
    dice = random.Random(seed)
    folder, ledger = DataDir(scratch / "node"), Ledger()
    repo = _prepare(folder)
    for number in range(1, rounds + 1):
        life_s = dice.uniform(0.05, LIFE_MOST_S)
        _one_life(folder, repo, ledger, scratch, dice.randrange(2**32), life_s)
        with running(folder.path):
            facts = ledger.before(time.time())
            check_acknowledged(folder, repo, ledger, facts)
        check_folder(folder)
        pushes = sum(fact.sort == "ref" for fact in facts)
        say(f"round {number} of {rounds}: killed after {life_s:.2f} s; {len(facts)} answers kept, {pushes} of pushes")


def _prepare(folder: DataDir) -> StreamId:
    with running(folder.path) as node:
        with closing(_caller(node, folder)) as caller:
            made = caller.ask("POST", "/api/v1/repos", {"name": "attic"})
        assert node.end() == 0
    return parse_stream_id(made["id"])


def _one_life(folder: DataDir, repo: StreamId, ledger: Ledger, scratch: Path, seed: int, life_s: float) -> None:
    """Start the node, load it, kill all its processes after `life_s`, and wait for the clients to notice."""
    stop = threading.Event()
    with running(folder.path) as node:
        address = f"/api/v1/repos/{repo.hex()}"
        jobs = [_writer(node, folder, address, ledger, seed + n, stop) for n in range(WRITERS)]
        jobs += [_pusher(node, folder, scratch / f"tree{n}", f"branch{n}", ledger, stop) for n in range(PUSHERS)]
        threads = at_once(jobs)
        stop.wait(life_s)
        os.killpg(node.pid, signal.SIGKILL)
        stop.set()
        for thread in threads:
            thread.join(timeout=90)
            assert not thread.is_alive(), "a client hangs although the node is gone"


def _writer(
    node: Node, folder: DataDir, address: str, ledger: Ledger, seed: int, stop: threading.Event
) -> Callable[[], None]:
    caller = _caller(node, folder)
    return lambda: write_issues(caller, address, ledger, seed, stop)


def _pusher(
    node: Node, folder: DataDir, tree: Path, branch: str, ledger: Ledger, stop: threading.Event
) -> Callable[[], None]:
    host, port = node.address
    remote = f"http://x:{keys.load_or_create_token(folder.operator_token)}@{host}:{port}/operator/attic.git"
    return lambda: push_commits(tree, remote, branch, ledger, stop)


def _caller(node: Node, folder: DataDir) -> Caller:
    return Caller(node.address, keys.load_or_create_token(folder.operator_token))


def git_version() -> str:
    """Which git did it, for the banner."""
    return subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout.strip()
