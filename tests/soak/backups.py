"""Backups of one node under writers and pushers, each restored elsewhere and compared with the prefix of the log."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

from domain.ids import StreamId, parse_stream_id
from gitant.digests import stream_digests
from gitant.refs_shown import refs_shown
from projections.database import finish_draft, open_draft, open_readonly
from projections.projector import Projector
from projections.source import LogSource, event_of
from storage import keys
from storage.datadir import DataDir
from storage.git.store import DiskGitStore
from storage.log.eventlog import SQLiteEventLog
from tests.gitant.running import running
from tests.house.tree import BIN
from tests.soak.checks import check_acknowledged
from tests.soak.clients import Caller, at_once, push_commits, write_issues
from tests.soak.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.gitant.running import Node
    from tests.soak.ledger import Fact

WRITERS = 8
PUSHERS = 2
PAUSE_MOST_S = 0.5
ROUNDS_PER_NODE = 10


def run_backups(rounds: int, seed: int, scratch: Path, say: Callable[[str], None]) -> None:
    """Raises `AssertionError` at the first backup that is no prefix of the log.

    A node runs through some rounds; then another begins, for the log grows all the time and is compared each time.
    """
    for first in range(0, rounds, ROUNDS_PER_NODE):
        numbers = range(first + 1, min(rounds, first + ROUNDS_PER_NODE) + 1)
        room = scratch / f"from{first + 1}"
        room.mkdir()
        _one_node(numbers, rounds, seed + first, room, say)
        shutil.rmtree(room)


def _one_node(numbers: range, rounds: int, seed: int, scratch: Path, say: Callable[[str], None]) -> None:
    dice = random.Random(seed)
    folder, ledger = DataDir(scratch / "node"), Ledger()
    with running(folder.path) as node:
        token = keys.load_or_create_token(folder.operator_token)
        with closing(Caller(node.address, token)) as caller:
            repo = parse_stream_id(caller.ask("POST", "/api/v1/repos", {"name": "attic"})["id"])
        for number in numbers:
            stop = threading.Event()
            threads = _load(node, token, repo, ledger, scratch, dice.randrange(2**32), stop)
            try:
                stop.wait(dice.uniform(0.1, PAUSE_MOST_S))
                facts = ledger.before(time.time())
                made = _back_up(folder, scratch, number)
                assert all(thread.is_alive() for thread in threads), "a client was held up or turned away"
            finally:
                stop.set()
                for thread in threads:
                    thread.join(timeout=90)
            say(f"backup {number} of {rounds}: {_compared(folder, repo, ledger, scratch, number, made, facts)}")
        assert node.end() == 0


def _load(
    node: Node, token: str, repo: StreamId, ledger: Ledger, scratch: Path, seed: int, stop: threading.Event
) -> list[threading.Thread]:
    address = f"/api/v1/repos/{repo.hex()}"
    host, port = node.address
    remote = f"http://x:{token}@{host}:{port}/operator/attic.git"

    def writer(number: int) -> Callable[[], None]:
        return lambda: write_issues(Caller(node.address, token), address, ledger, seed + number, stop)

    def pusher(number: int) -> Callable[[], None]:
        return lambda: push_commits(scratch / f"tree{number}", remote, f"branch{number}", ledger, stop)

    return at_once([writer(number) for number in range(WRITERS)] + [pusher(number) for number in range(PUSHERS)])


def _back_up(folder: DataDir, scratch: Path, number: int) -> dict[str, Any]:
    """One backup, onto the one before, which goes; what it says of itself."""
    out, older = scratch / f"out{number}", scratch / f"out{number - 1}"
    onto = ["--onto", str(older)] if older.exists() else []
    made = _gitant("backup", "--data-dir", str(folder.path), *onto, str(out))
    shutil.rmtree(older, ignore_errors=True)
    return made


def _compared(
    folder: DataDir, repo: StreamId, ledger: Ledger, scratch: Path, number: int, made: dict[str, Any], facts: list[Fact]
) -> str:
    """Restore a backup and compare it with the node, which has gone on; what was found, in words."""
    new = DataDir(scratch / "new")
    _gitant("restore", str(scratch / f"out{number}"), "--data-dir", str(new.path))
    assert made["lacking"] == []
    compare_with_prefix(folder, new, made["position"], scratch)
    check_acknowledged(new, repo, ledger, facts)
    shutil.rmtree(new.path)
    pushes = sum(fact.sort == "ref" for fact in facts)
    return (
        f"position {made['position']}, {made['files']} files, {made['shared_bytes']:,} of {made['bytes']:,} bytes "
        f"shared; {len(facts)} answers in it, {pushes} of pushes"
    )


def compare_with_prefix(original: DataDir, restored: DataDir, position: int, scratch: Path) -> None:
    """Whether a restored folder is the original's log up to a position: events, digests, refs and objects."""
    prefix = scratch / "prefix.sqlite"
    with closing(SQLiteEventLog(original.log, create=False)) as log:
        rows = [row for row in log.read(0, position) if row.position <= position]
        while rows[-1].position < position:
            rows += [row for row in log.read(rows[-1].position, position) if row.position <= position]
        connection = open_draft(prefix)
        projector = Projector(connection, LogSource(log))
        for row in rows:
            projector.apply(event_of(row), row.position)
        projector.flush()
        finish_draft(connection)
    with closing(SQLiteEventLog(restored.log, create=False)) as log:
        held = [row for start in range(0, position + 1, 500) for row in log.read(start, 500)]
        assert held == rows, "the restored log is not the original's beginning"
    with closing(open_readonly(prefix)) as wanted, closing(open_readonly(restored.views)) as found:
        assert stream_digests(found) == stream_digests(wanted)
        for (repo,) in wanted.execute("SELECT stream FROM repos WHERE deleted=0").fetchall():
            refs = refs_shown(wanted, repo)
            assert DiskGitStore(restored.repos).refs(repo) == refs
            there = _objects(DiskGitStore(original.repos).path(repo), refs)
            assert _objects(DiskGitStore(restored.repos).path(repo), refs) == there
    prefix.unlink()


def _objects(repo: Path, refs: dict[str, str]) -> list[str]:
    """Every object that these refs lead to; git fails where one is missing."""
    words = ["git", "-C", str(repo), "rev-list", "--objects", "--no-object-names", "--stdin"]
    said = subprocess.run(words, input="\n".join(refs.values()), capture_output=True, text=True, check=True)
    return sorted(said.stdout.split())


def _gitant(*words: str) -> dict[str, Any]:
    """What a command prints as JSON; it must succeed."""
    done = subprocess.run([str(BIN / "gitant"), *words, "--json"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told
