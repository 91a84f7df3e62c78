"""Other processes at the same log, and processes that die in the middle of an append."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from storage.log.eventlog import SQLiteEventLog
from tests.contracts.chains import Chain
from tests.storage.log.appender import SHARED_SEED

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


def start(path: Path, seed: int, *words: str) -> subprocess.Popen[str]:
    program = [sys.executable, "-m", "tests.storage.log.appender", str(path), str(seed), *words]
    return subprocess.Popen(program, stdout=subprocess.PIPE, text=True)


def test_processes_append_side_by_side(tmp_path: Path) -> None:
    path, batches, size = tmp_path / "log.sqlite", 20, 10
    children = [start(path, seed, str(batches), str(size), "SHARED") for seed in (1, 2, 3)]
    answers = [[int(line) for line in child.communicate()[0].split()] for child in children]
    assert [child.returncode for child in children] == [0, 0, 0]
    log = SQLiteEventLog(path)
    assert log.last_position() == len(children) * batches * size + 3 * batches
    assert [row.branch for row in log.read(0, 10_000) if row.branch] == []
    for seed, positions in zip((1, 2, 3), answers, strict=True):
        assert positions == sorted(positions)
        expected = [row.header for row in Chain(seed).run(batches * size)]
        chain = Chain(seed)
        assert [row.header for row in log.feed(chain.stream, chain.device)] == expected
    shared = Chain(SHARED_SEED)
    assert [row.seq for row in log.feed(shared.stream, shared.device)] == list(range(1, 3 * batches + 1))
    log.close()


@pytest.mark.parametrize("seed", range(5))
def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path, seed: int) -> None:
    path, size = tmp_path / "log.sqlite", 25
    child = start(path, seed, "1000000", str(size))
    assert child.stdout is not None
    for _ in range(random.Random(seed).randrange(1, 60)):
        child.stdout.readline()
    child.send_signal(signal.SIGKILL)
    acknowledged = child.communicate()[0].split()
    assert child.returncode == -signal.SIGKILL
    log = SQLiteEventLog(path)
    last = log.last_position()
    assert last % size == 0, "a batch is stored whole or not at all"
    assert last >= max(map(int, acknowledged), default=size)
    assert [row.header for row in log.read(0, last)] == [row.header for row in Chain(seed).run(last)]
    assert log.receipt(f"{seed}/{last // size - 1}".encode()) is not None
    assert log.receipt(f"{seed}/{last // size}".encode()) is None
    assert log.check_storage() == []
    log.close()
