"""The event log after power cuts: what was acknowledged is there, and the rest is whole or absent."""

from __future__ import annotations

import sqlite3
import sys
from typing import TYPE_CHECKING

import pytest

from storage.log.eventlog import SQLiteEventLog
from tests.contracts.chains import Chain
from tests.crash.writes import cuts, record, why_not
from tests.storage.log.appender import FORGET_EVERY

if TYPE_CHECKING:
    from pathlib import Path

    from tests.crash.writes import Recording

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")]

BATCHES = 40
SIZE = 30


def record_program(tmp_path: Path, *words: str) -> tuple[Recording, Path]:
    """Run a module on `data/` with its stdout in a file; the recording, and that file."""
    folder, said = tmp_path / "data", tmp_path / "said"
    folder.mkdir()
    with said.open("wb") as stdout:
        return record([sys.executable, "-m", *words], folder, tmp_path, stdout=stdout), said


def acknowledged(recording: Recording, said: Path, point: int) -> int:
    """The last number that was printed before the power went."""
    return max((int(text) for number, text in recording.said(said) if number < point and text.strip()), default=0)


@pytest.mark.parametrize("seed", [1, 2])
def test_every_acknowledged_append_survives_a_power_cut(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "data" / "log.sqlite"
    words = ("tests.storage.log.appender", str(path), str(seed), str(BATCHES), str(SIZE), "FORGET")
    recording, said = record_program(tmp_path, *words)
    expected = [row.header for row in Chain(seed).run(BATCHES * SIZE)]
    for cut in cuts(recording, seed=seed, count=100, into=tmp_path):
        promised = acknowledged(recording, said, cut.point)
        log = SQLiteEventLog(cut.folder / "log.sqlite")
        last = log.last_position()
        assert log.check_storage() == [], cut
        assert promised <= last, cut
        assert last % SIZE == 0, cut
        rows = log.read(0, 100_000)
        assert [row.header for row in rows] == expected[:last], cut
        forgotten = {row.position for row in rows if row.payload is None}
        assert forgotten >= set(range(1, promised + 1, FORGET_EVERY * SIZE)), cut
        assert (log.receipt(f"{seed}/{last // SIZE - 1}".encode()) is not None) == (last > 0), cut
        log.append(Chain(99).run(3))
        assert log.last_position() == last + 3, cut
        log.close()
    assert acknowledged(recording, said, len(recording.calls)) == BATCHES * SIZE


def test_a_database_that_does_not_flush_is_caught(tmp_path: Path) -> None:
    path = tmp_path / "data" / "numbers.sqlite"
    recording, said = record_program(tmp_path, "tests.crash.careless", str(path), "100")
    lost = 0
    for cut in cuts(recording, seed=1, count=40, into=tmp_path):
        lost += acknowledged(recording, said, cut.point) > _greatest(cut.folder / path.name)
    assert lost > 10


def _greatest(path: Path) -> int:
    connection = sqlite3.connect(path)
    try:
        return int(connection.execute("SELECT max(number) FROM numbers").fetchone()[0] or 0)
    except sqlite3.DatabaseError:
        return 0
    finally:
        connection.close()
