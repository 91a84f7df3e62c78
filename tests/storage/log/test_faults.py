"""Full disks, damaged files, other versions: each is said clearly, and nothing is lost by it."""

from __future__ import annotations

import resource
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from eventsourcing.persistence import PersistenceError

from domain.errors import NotFound, Unavailable
from domain.ports_log import BadRow, DamagedRow
from storage.log.eventlog import SQLiteEventLog
from storage.log.recorder import SyncedApplicationRecorder, SyncedSQLiteDatastore
from storage.sqlite import connect_durably
from tests.contracts.chains import Chain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.ports_log import NewRow

SYNCHRONOUS_FULL = 2


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.sqlite"


@pytest.fixture
def log(path: Path) -> Iterator[SQLiteEventLog]:
    log = SQLiteEventLog(path)
    yield log
    log.close()


def alter(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(statement)
    connection.close()


def test_every_connection_flushes_its_commits(path: Path) -> None:
    datastore = SyncedSQLiteDatastore(path)
    held = [datastore.pool.get_connection() for _ in range(4)]
    for connection in held:
        cursor = connection.cursor()
        cursor.execute("PRAGMA synchronous")
        assert cursor.fetchone()[0] == SYNCHRONOUS_FULL
        cursor.execute("PRAGMA journal_mode")
        assert cursor.fetchone()[0] == "wal"
    for connection in held:
        datastore.pool.put_connection(connection)
    datastore.close()


def test_a_place_without_a_write_ahead_log_is_refused() -> None:
    with pytest.raises(sqlite3.OperationalError, match="write-ahead log"):
        connect_durably(":memory:")


def test_a_full_disk_is_said_and_costs_nothing(log: SQLiteEventLog) -> None:
    chain = Chain(1)
    kept = chain.run(20)
    log.append(kept)
    with log._datastore.get_connection(commit=True) as connection:
        cursor = connection.cursor()
        cursor.execute("PRAGMA page_count")
        pages = cursor.fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count = {pages + 2}")
    more = chain.run(200, after=kept[-1])
    with pytest.raises(Unavailable, match="full") as raised:
        log.append(more)
    assert "free some space" in raised.value.hint
    assert log.last_position() == 20
    with log._datastore.get_connection(commit=True) as connection:
        connection.cursor().execute("PRAGMA max_page_count = 1000000")
    assert log.append(more)[-1] == 220
    assert log.check_storage() == []


def test_a_write_that_fails_is_said_and_costs_nothing(path: Path) -> None:
    # In a process of its own: the limit on file sizes holds for all that it writes.
    subprocess.run([sys.executable, "-m", "tests.storage.log.test_faults", str(path)], check=True, timeout=60)
    log = SQLiteEventLog(path)
    assert [row.header for row in log.read(0, 1_000)] == [row.header for row in Chain(1).run(320)]
    log.close()


def within_a_limit(path: Path) -> None:
    """Append until writes fail for the file's size, then again without the limit."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    log, chain = SQLiteEventLog(path), Chain(1)
    kept = chain.run(20)
    log.append(kept)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
    more = chain.run(300, after=kept[-1])
    with pytest.raises(Unavailable, match="cannot be read or written"):
        log.append(more)
    assert log.last_position() == 20
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert log.append(more)[-1] == 320
    log.close()


def test_a_row_that_reads_back_differently_is_not_committed(log: SQLiteEventLog, path: Path) -> None:
    alter(
        path,
        "CREATE TRIGGER liar AFTER INSERT ON stored_events BEGIN "
        "UPDATE stored_events SET state = zeroblob(length(new.state)) WHERE rowid = new.rowid; END",
    )
    with pytest.raises(Unavailable, match="reads back differently"):
        log.append(Chain(1).run(2))
    assert log.last_position() == 0


def test_a_file_held_by_another_process_is_said(
    log: SQLiteEventLog, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with log._datastore.get_connection(commit=True) as connection:
        connection.cursor().execute("PRAGMA busy_timeout = 20")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="held by another process"):
        log.append(Chain(1).run(1))
    other.close()
    assert log.append(Chain(1).run(1)) == [1]


def test_our_own_mistakes_are_not_called_unavailable(log: SQLiteEventLog, path: Path) -> None:
    alter(path, "DROP TABLE receipts")
    with pytest.raises(PersistenceError):
        log.receipt(b"key")


def test_forgotten_bytes_are_gone_from_the_files(log: SQLiteEventLog, path: Path) -> None:
    rows = [row for row in Chain(1).run(40) if row.payload and len(row.payload) > 64]
    log.append(Chain(1).run(40))
    secret = rows[3].payload
    assert secret is not None
    assert _held_in(path.parent, secret)
    log.forget_payloads([rows[3].seq])
    assert not _held_in(path.parent, secret)


def _held_in(folder: Path, secret: bytes) -> bool:
    # Long payloads continue on overflow pages, so a piece is looked for.
    return any(secret[:48] in file.read_bytes() for file in folder.iterdir())


@pytest.mark.parametrize(
    "change",
    [
        "originator_id = replace(originator_id, '/', '-')",
        "originator_id = 'G' || substr(originator_id, 2)",
        "originator_id = upper(originator_id)",
        "originator_id = originator_id || 'ab'",
        "originator_id = substr(originator_id, 2)",
        "originator_id = x'00'",
        "originator_id = CAST(x'ff' || originator_id AS TEXT)",
        "originator_version = 'two'",
        "topic = x'07'",
        "state = NULL",
        "state = x''",
        "state = x'83404040' || x'00'",
        "state = x'82' || substr(state, 2)",
        "state = x'835f'",
        "state = CAST(x'83404140' AS BLOB)",
        "state = x'8340404080'",
        "state = x'83404064'",
        "state = x'83604040'",
        "state = x'83405800f6'",
    ],
)
def test_a_changed_column_is_found(log: SQLiteEventLog, path: Path, change: str) -> None:
    log.append(Chain(1).run(3))
    alter(path, f"UPDATE stored_events SET {change} WHERE rowid = 2")
    found = log.check(0, 10)
    assert [isinstance(row, BadRow) for row in found] == [False, True, False]
    with pytest.raises(DamagedRow):
        log.read(0, 10)


def test_missing_positions_are_named(log: SQLiteEventLog, path: Path) -> None:
    log.append(Chain(1).run(9))
    alter(path, "DELETE FROM stored_events WHERE rowid IN (2, 3, 7)")
    found = log.check(0, 9)
    assert [row.position for row in found] == list(range(1, 10))
    assert [row.position for row in found if isinstance(row, BadRow)] == [2, 3, 7]
    assert [row.position for row in log.check(0, 2)] == [1, 2]
    assert [row.position for row in log.check(2, 2)] == [3, 4]
    with pytest.raises(DamagedRow, match="missing"):
        log.read(0, 9)


def test_a_damaged_file_is_said(log: SQLiteEventLog, path: Path) -> None:
    log.append(Chain(1).run(100))
    log.close()
    data = bytearray(path.read_bytes())
    middle = len(data) // 2 // 4096 * 4096
    data[middle : middle + 4096] = bytes(range(256)) * 16
    path.write_bytes(data)
    again = SQLiteEventLog(path)
    assert again.check_storage() != []
    with pytest.raises(Unavailable, match="damaged"):
        again.read(0, 1_000)
    again.close()


def test_something_else_in_its_place_is_said(path: Path) -> None:
    path.write_text("not a database, but long enough to be taken for one at first sight" * 100)
    with pytest.raises(Unavailable, match="not a SQLite database"):
        SQLiteEventLog(path)


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be opened"):
        SQLiteEventLog(tmp_path / "nowhere" / "log.sqlite")


def test_a_missing_file_is_made_only_when_asked(path: Path) -> None:
    with pytest.raises(NotFound):
        SQLiteEventLog(path, create=False)
    assert not path.exists()


def test_closing_waits_for_nobody_and_crashes_nobody(log: SQLiteEventLog) -> None:
    rows = Chain(1).run(300)
    log.append(rows)
    started, faults = threading.Event(), list[Unavailable]()

    def read_until_closed() -> None:
        try:
            while True:
                log.read(0, 300)
                started.set()
        except Unavailable as fault:
            faults.append(fault)

    readers = [threading.Thread(target=read_until_closed) for _ in range(3)]
    for reader in readers:
        reader.start()
    started.wait()
    log.close()
    for reader in readers:
        reader.join()
    assert ["closed" in fault.message for fault in faults] == [True] * 3


def test_an_event_is_never_stored_twice_by_threads(log: SQLiteEventLog) -> None:
    rows = Chain(1).run(200)
    answers: list[list[int]] = []
    threads = [threading.Thread(target=lambda: answers.append(_in_steps(log, rows))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [list(range(1, 201))] * 4
    assert log.last_position() == 200


def _in_steps(log: SQLiteEventLog, rows: list[NewRow]) -> list[int]:
    return [position for start in range(0, len(rows), 10) for position in log.append(rows[start : start + 10])]


def test_the_recorder_sees_what_the_log_wrote(log: SQLiteEventLog, path: Path) -> None:
    rows = Chain(1).run(3)
    log.append(rows)
    recorder = SyncedApplicationRecorder(SyncedSQLiteDatastore(path))
    found = recorder.select_notifications(None, 10)
    assert [(event.id, event.originator_version, event.topic) for event in found] == [
        (row.seq, row.seq, row.kind) for row in rows
    ]
    recorder.datastore.close()


if __name__ == "__main__":
    within_a_limit(Path(sys.argv[1]))
