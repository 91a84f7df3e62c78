"""The local audit log: one chain whoever writes, and every way to break it is told."""

from __future__ import annotations

import hashlib
import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from domain.audit import (
    BEGINNING,
    PRUNED,
    TARGET_CHARS_MAX,
    AuditHead,
    Entry,
    EntryFilter,
    row_hash,
    trimmed,
)
from domain.errors import Unavailable
from domain.ids import Did, EventId
from storage.audit import journal as journals
from storage.audit.journal import DAY_MS, SqliteJournal, make_audit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ALICE, BOB = Did("did:key:zAlice"), Did("did:key:zBob")


class Clock:
    now = 1_790_000_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "audit.sqlite"
    make_audit(made)
    return made


@pytest.fixture
def journal(path: Path) -> Iterator[SqliteJournal]:
    with closing(SqliteJournal(path, now_ms=Clock())) as made:
        yield made


def _fill(journal: SqliteJournal, count: int = 6) -> None:
    for number in range(count):
        journal.note([Entry("login", ALICE if number % 2 else BOB, "session", f"s{number}", target=str(number))])


def test_rows_hold_what_was_done_and_only_their_owner_reads_the_file(journal: SqliteJournal, path: Path) -> None:
    event = EventId(hashlib.sha256(b"event").digest())
    journal.note(
        [
            Entry("login", ALICE, "session", "s1", "203.0.113.9", "alice"),
            Entry("issue.opened.v1", ALICE, "token", "t1", event=event, position=12),
        ],
        position=10,
    )
    last, first = journal.page(EntryFilter())
    assert (first.seq, first.previous, first.entry.position) == (1, BEGINNING, 10)
    assert (last.seq, last.previous, last.entry.event, last.entry.position) == (2, first.hash, event, 12)
    assert first.entry == Entry("login", ALICE, "session", "s1", "203.0.113.9", "alice", position=10)
    assert last.hash == row_hash(2, last.time_ms, trimmed(last.entry), first.hash)
    assert journal.of_events([event, EventId(bytes(32))]) == {event: last.entry}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_filters_and_pages(journal: SqliteJournal) -> None:
    _fill(journal)
    journal.note([Entry("token.created", ALICE), Entry("token.revoked", ALICE), Entry("pushed", ALICE)], position=3)
    everything = [row.seq for row in journal.page(EntryFilter())]
    assert everything == [9, 8, 7, 6, 5, 4, 3, 2, 1]
    first = journal.page(EntryFilter(), limit=4)
    place = (first[-1].entry.position, first[-1].seq)
    assert [row.seq for row in journal.page(EntryFilter(), before=place)] == everything[4:]
    for which, seqs in (
        (EntryFilter(about=BOB), [5, 3, 1]),
        (EntryFilter(act="token.*"), [8, 7]),
        (EntryFilter(act="login", about=ALICE), [6, 4, 2]),
        (EntryFilter(without=["login", "pushed"]), [8, 7]),
        (EntryFilter(since_ms=Clock.now + 1), []),
        (EntryFilter(until_ms=Clock.now), []),
    ):
        assert [row.seq for row in journal.page(which)] == seqs
        assert journal.count(which) == len(seqs)


def test_who_does_not_know_where_the_log_is_comes_behind_who_did(journal: SqliteJournal) -> None:
    journal.note([Entry("login")], position=40)
    journal.note([Entry("settings.changed")])
    assert [(row.entry.act, row.entry.position) for row in journal.page(EntryFilter())] == [
        ("settings.changed", 40),
        ("login", 40),
    ]
    assert journal.verify().broken == ""


def test_several_who_write_make_one_chain(path: Path) -> None:
    writers = [SqliteJournal(path, quick=bool(number % 2)) for number in range(4)]
    with ThreadPoolExecutor(len(writers)) as pool:
        for done in [pool.submit(_fill, writer, 10) for writer in writers]:
            done.result()
    found = writers[0].verify()
    assert (found.rows, found.first, found.head.seq, found.broken) == (40, 1, 40, "")
    for writer in writers:
        writer.close()


def test_words_of_strangers_are_cut(journal: SqliteJournal) -> None:
    journal.note([Entry("login.failed", credential="x" * 10_000, target="y" * 10_000)])
    (row,) = journal.page(EntryFilter())
    assert len(row.entry.target) == TARGET_CHARS_MAX
    assert journal.verify().broken == ""


_HEX = "00" * 32


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ("UPDATE entries SET target='9' WHERE seq=3", "row 3 was changed"),
        ("UPDATE entries SET time_ms=time_ms+1 WHERE seq=3", "row 3 was changed"),
        ("UPDATE entries SET actor=NULL WHERE seq=3", "row 3 was changed"),
        ("UPDATE entries SET count=2 WHERE seq=6", "row 6 was changed"),
        ("UPDATE entries SET target=x'ff' WHERE seq=4", "row 4 was changed"),
        (f"UPDATE entries SET hash=x'{_HEX}' WHERE seq=3", "row 3 was changed"),
        (f"UPDATE entries SET previous=x'{_HEX}' WHERE seq=3", "row 3 does not follow from the row before"),
        ("DELETE FROM entries WHERE seq=1", "row 1 missing"),
        ("DELETE FROM entries WHERE seq IN (2, 3)", "rows 2 to 3 missing"),
        ("INSERT INTO gone SELECT 1, seq, hash FROM entries WHERE seq=2", "row 1 is one of those that are gone"),
    ],
)
def test_what_was_changed_is_found(journal: SqliteJournal, path: Path, change: str, broken: str) -> None:
    _fill(journal)
    assert journal.verify().broken == ""
    with closing(sqlite3.connect(path)) as db:
        db.execute(change)
        db.commit()
    assert journal.verify().broken == broken


def test_rows_that_were_cut_off_or_written_anew_are_found_by_a_noted_head(journal: SqliteJournal, path: Path) -> None:
    _fill(journal)
    noted = journal.verify().head
    _fill(journal, 2)
    assert journal.verify(noted).broken == ""
    with closing(sqlite3.connect(path)) as db:
        db.execute("DELETE FROM entries WHERE seq>4")
        db.commit()
    assert journal.verify().broken == ""
    assert journal.verify(noted).broken == "row 6 is not what was noted"
    _fill(journal, 4)
    assert journal.verify(AuditHead(6, noted.hash)).broken == "row 6 is not what was noted"


def test_old_rows_go_and_the_chain_says_so(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    with closing(SqliteJournal(path, keep_days=10, now_ms=clock)) as journal:
        _fill(journal, 4)
        early, clock.now = journal.verify().head, clock.now + 9 * DAY_MS
        _fill(journal, 3)
        journal.prune()
        assert journal.verify().rows == 7
        clock.now += 2 * DAY_MS
        monkeypatch.setattr(journals, "LOOK_EVERY", 8)
        journal.note([Entry("login", ALICE)], position=5)
        found = journal.verify(early)
        assert (found.rows, found.first, found.head.seq, found.broken) == (5, 5, 9, "")
        (told,) = journal.page(EntryFilter(act=PRUNED))
        assert told.entry.target == f"4 {early.hash.hex()}"
        assert journal.verify(AuditHead(2, BEGINNING)).broken == "row 2 was removed when it was old"
        clock.now += 100 * DAY_MS
        journal.prune()
        assert (journal.verify().rows, journal.verify().broken) == (1, "")
        with closing(sqlite3.connect(path)) as db:
            db.execute("DELETE FROM entries")
            db.execute("UPDATE gone SET seq=10")
            db.commit()
        assert journal.verify().broken == "rows up to 10 are gone, and no row says so"


def test_a_folder_that_was_never_served_has_none(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="is not there"):
        SqliteJournal(tmp_path / "audit.sqlite").page(EntryFilter())
