"""Whatever is changed in a stored event, `verify` finds it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from domain.ports_log import new_row
from gitant.verify import Report, verify
from storage.log.eventlog import SQLiteEventLog
from storage.log.rows import decode_state, encode_state
from tests.making import Story, begin, key, write

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from domain.envelope import Event


def stored(path: Path, events: Sequence[Event]) -> Path:
    """A log with these events."""
    with closing(SQLiteEventLog(path)) as log:
        log.append([new_row(event) for event in events])
    return path


def verified(path: Path) -> tuple[Report, list[str]]:
    faults: list[str] = []
    with closing(SQLiteEventLog(path, create=False)) as log:
        report = verify(log, faults.append)
    assert report.faults == len(faults)
    return report, faults


def change(path: Path, statement: str, *values: Any) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        assert connection.execute(statement, values).rowcount == 1


@pytest.fixture
def story() -> Story:
    story = Story()
    issue = story.issue("ann")
    story.write("ann", "comment.added.v1", {"body": "Still."}, on=issue)
    story.write("bob", "comment.added.v1", {"body": "Here, too."}, on=issue)
    return story


@pytest.fixture
def log(tmp_path: Path, story: Story) -> Path:
    return stored(tmp_path / "log.sqlite", story.events)


def test_a_sound_log(log: Path) -> None:
    report, faults = verified(log)
    assert faults == []
    assert (report.events, report.streams, report.feeds) == (4, 1, 3)
    assert (report.signatures, report.payloads, report.holes, report.forks) == (4, 4, 0, [])


def test_an_empty_log(tmp_path: Path) -> None:
    report, faults = verified(stored(tmp_path / "log.sqlite", []))
    assert (report.events, faults) == (0, [])


@pytest.mark.slow
def test_a_flipped_bit_in_any_byte_of_an_event(log: Path) -> None:
    with closing(sqlite3.connect(log)) as connection:
        state = connection.execute("SELECT state FROM stored_events WHERE rowid = 3").fetchone()[0]
    for place in range(len(state)):
        flipped = bytearray(state)
        flipped[place] ^= 1 << place % 8
        change(log, "UPDATE stored_events SET state = ? WHERE rowid = 3", bytes(flipped))
        _, faults = verified(log)
        assert any(fault.startswith("event 3") for fault in faults), f"byte {place} of {len(state)}"
    change(log, "UPDATE stored_events SET state = ? WHERE rowid = 3", state)
    assert verified(log)[1] == []


@pytest.mark.parametrize("part", ["header", "signature", "payload"])
def test_another_part_is_named(log: Path, part: str) -> None:
    with closing(sqlite3.connect(log)) as connection:
        parts = list(decode_state(connection.execute("SELECT state FROM stored_events WHERE rowid = 3").fetchone()[0]))
    place = ["header", "signature", "payload"].index(part)
    whole = parts[place]
    assert whole
    parts[place] = whole[:-1] + bytes([whole[-1] ^ 1])
    change(
        log,
        "UPDATE stored_events SET state = ? WHERE rowid = 3",
        encode_state(parts[0] or b"", parts[1] or b"", parts[2]),
    )
    _, faults = verified(log)
    reason = {"header": "event 3: ", "signature": "event 3: signature-", "payload": "event 3: payload-mismatch"}[part]
    assert faults[0].startswith(reason)


COLUMNS: dict[str, Callable[[str], str]] = {
    "stream": lambda text: ("0" if text[0] != "0" else "1") + text[1:],
    "device": lambda text: text[:65] + ("0" if text[65] != "0" else "1") + text[66:],
    "branch": lambda text: text + "ab" * 32,
    "letter case": lambda text: text.upper(),
    "form": lambda text: text[:-1],
}


@pytest.mark.parametrize("part", COLUMNS)
def test_another_originator(log: Path, part: str) -> None:
    with closing(sqlite3.connect(log)) as connection:
        text = connection.execute("SELECT originator_id FROM stored_events WHERE rowid = 4").fetchone()[0]
    change(log, "UPDATE stored_events SET originator_id = ? WHERE rowid = 4", COLUMNS[part](text))
    assert verified(log)[1][0].startswith("event 4")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE stored_events SET originator_version = 7 WHERE rowid = 4",
        "UPDATE stored_events SET originator_version = 'x' WHERE rowid = 4",
        "UPDATE stored_events SET topic = 'comment.added.v2' WHERE rowid = 4",
        "UPDATE stored_events SET topic = 'comment.Added.v1' WHERE rowid = 4",
        "UPDATE stored_events SET state = CAST(state AS TEXT) WHERE rowid = 4",
        "UPDATE stored_events SET state = zeroblob(0) WHERE rowid = 4",
        "UPDATE stored_events SET rowid = 9 WHERE rowid = 4",
    ],
)
def test_another_column(log: Path, statement: str) -> None:
    change(log, statement)
    assert verified(log)[1][0].startswith("event 4")


def test_a_row_that_is_gone(log: Path) -> None:
    change(log, "DELETE FROM stored_events WHERE rowid = 2")
    _, faults = verified(log)
    assert faults[0] == "event 2: its row is damaged: it is missing"
    assert "its past is not in the log before it" in faults[1]


def test_rows_that_changed_places(log: Path) -> None:
    for before, after in ((2, 9), (3, 2), (9, 3)):
        change(log, "UPDATE stored_events SET rowid = ? WHERE rowid = ?", after, before)
    assert any("its past is not in the log before it" in fault for fault in verified(log)[1])


def test_a_lamport_time_that_does_not_follow(tmp_path: Path) -> None:
    genesis = begin()
    late = write("ann", "issue.opened.v1", {"title": "Late", "number": 1}, genesis=genesis, lamport=7)
    (fault,) = verified(stored(tmp_path / "log.sqlite", [genesis, late]))[1]
    assert f"({late.id.hex()}): lamport-wrong" in fault


def test_a_prev_that_is_somebody_else_s(tmp_path: Path) -> None:
    genesis = begin()
    ann = write("ann", "issue.opened.v1", {"title": "One", "number": 1}, genesis=genesis)
    bob = write("bob", "issue.opened.v1", {"title": "Two", "number": 1}, genesis=genesis, prev=ann)
    path = stored(tmp_path / "log.sqlite", [genesis, ann])
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "INSERT INTO stored_events VALUES (?, ?, ?, ?)",
            (
                f"{bob.stream.hex()}/{bob.device.hex()}/{bob.id.hex()}",
                bob.seq,
                bob.kind,
                encode_state(bob.header, bob.signature, bob.payload),
            ),
        )
    assert any("prev-mismatch" in fault for fault in verified(path)[1])


def test_a_fork_is_told_with_its_proof_and_is_no_fault(tmp_path: Path) -> None:
    genesis = begin()
    first = write("ann", "issue.opened.v1", {"title": "One", "number": 1}, genesis=genesis)
    rivals = [
        write("ann", "issue.opened.v1", {"title": f"Rival {number}", "number": 1}, genesis=genesis, prev=first)
        for number in range(3)
    ]
    after = write("ann", "issue.opened.v1", {"title": "On", "number": 1}, genesis=genesis, prev=rivals[1])
    path = stored(tmp_path / "log.sqlite", [genesis, first, *rivals, after])
    report, faults = verified(path)
    assert faults == []
    (fork,) = report.forks
    assert [fork.low, fork.high] == sorted(rival.id for rival in rivals)[:2]
    assert (fork.stream, fork.device, fork.seq) == (genesis.stream, key("ann").device, 2)
    change(
        path,
        "UPDATE stored_events SET originator_id = replace(originator_id, ?, ?) WHERE rowid = 4",
        rivals[1].id.hex(),
        first.id.hex(),
    )
    assert "another branch" in verified(path)[1][0]


def test_a_missing_payload(log: Path, story: Story) -> None:
    with closing(SQLiteEventLog(log)) as opened:
        opened.forget_payloads([3])
    (fault,) = verified(log)[1]
    assert fault.startswith(f"event 3 ({story.events[2].id.hex()}): payload-missing")


@pytest.mark.parametrize(("who", "covered"), [("ann", True), ("root", True), ("bob", False)])
def test_only_an_accepted_redaction_covers_a_missing_payload(log: Path, story: Story, who: str, covered: bool) -> None:
    comment = story.events[2]
    story.write(who, "event.redacted.v1", {"events": [comment.id]}, on=comment)
    stored(log, story.events)
    with closing(SQLiteEventLog(log)) as opened:
        opened.forget_payloads([3])
    report, faults = verified(log)
    assert (report.holes, faults == []) == (int(covered), covered)


def test_a_redaction_of_what_is_redacted_too(log: Path, story: Story) -> None:
    """The issue's own payload is gone, and what redacts a comment on it is still judged."""
    issue, comment = story.events[1], story.events[2]
    story.write("root", "event.redacted.v1", {"events": [issue.id]}, on=issue)
    story.write("ann", "event.redacted.v1", {"events": [comment.id]}, on=comment)
    stored(log, story.events)
    with closing(SQLiteEventLog(log)) as opened:
        opened.forget_payloads([2, 3])
    report, faults = verified(log)
    assert (report.holes, faults) == (2, [])


def test_a_chain_of_hostile_entities_does_not_go_deep(tmp_path: Path) -> None:
    """Each event acts on the one before, thousands deep, and the last redacts: nobody recurses that far."""
    genesis = begin()
    events = [genesis]
    for _ in range(1_500):
        prev = events[-1] if len(events) > 1 else None
        fields = {"title": "x", "number": 1}
        events.append(
            write("ann", "issue.opened.v1", fields, genesis=genesis, after=events[-1:], prev=prev, entity=events[-1].id)
        )
    targets = {"events": [events[-1].id]}
    last = write(
        "ann", "event.redacted.v1", targets, genesis=genesis, after=events[-1:], prev=events[-1], entity=events[-1].id
    )
    path = stored(tmp_path / "log.sqlite", [*events, last])
    with closing(SQLiteEventLog(path)) as opened:
        opened.forget_payloads([len(events)])
    (fault,) = verified(path)[1]
    assert "payload-missing" in fault


def test_progress_ends_at_the_end(log: Path) -> None:
    seen: list[tuple[int, int]] = []
    with closing(SQLiteEventLog(log)) as opened:
        verify(opened, lambda _: None, lambda done, total: seen.append((done, total)))
    assert seen[-1] == (4, 4)


def test_damage_outside_the_events_is_found(tmp_path: Path) -> None:
    story = Story()
    for number in range(200):
        story.issue("ann", f"Issue {number}")
    path = stored(tmp_path / "log.sqlite", story.events)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        root = connection.execute("SELECT rootpage FROM sqlite_master WHERE type = 'index' LIMIT 1").fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff")
    assert any(fault.startswith("storage: ") for fault in verified(path)[1])
