"""`Journal` over `audit.sqlite`. Whoever writes appends under the file's write lock, so there is one chain."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, final

from domain.audit import BEGINNING, PRUNED, AuditHead, AuditRow, Entry, Verified, row_hash, trimmed
from domain.ids import Did, EventId
from storage.audit.checking import verify_rows
from storage.audit.questions import COLUMNS, conditions
from storage.datadir import FILE_MODE
from storage.kept import KeptFile
from storage.schema.versions import AUDIT, bring_up

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from domain.audit import EntryFilter

DAY_MS: Final = 86_400_000
LOOK_EVERY: Final = 1_000
"""After so many rows it is looked whether old ones are to go."""
PRUNED_MAX: Final = 20_000
"""How many go at once, so that nobody waits long."""
_EVENTS_AT_ONCE: Final = 500
_ADDED: Final = f"INSERT INTO entries ({COLUMNS}) VALUES ({', '.join('?' * len(COLUMNS.split(',')))})"


def make_audit(path: Path) -> None:
    """Make the file, or bring it to this version; for its owner only. The caller holds the folder's lock."""
    path.touch(FILE_MODE)
    bring_up(path, AUDIT)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


@final
class SqliteJournal:
    """The file that the node's start has made, written `quick` or durably (`KeptFile`). Safe from any thread.

    Rows older than `keep_days` go in the end; 0 keeps all.
    """

    def __init__(
        self, path: Path, *, keep_days: int = 0, quick: bool = False, now_ms: Callable[[], int] = _now_ms
    ) -> None:
        self._file = KeptFile(path, quick=quick)
        self._keep_days = keep_days
        self._now_ms = now_ms

    def note(self, entries: Sequence[Entry], position: int = 0) -> None:
        now = self._now_ms()
        with self._file.changing() as db:
            seq, previous = _head(db)
            begin = seq
            for entry in entries:
                seq, previous = _append(db, seq, previous, now, trimmed(entry), position)
            if self._keep_days and begin // LOOK_EVERY != seq // LOOK_EVERY:
                _prune(db, now - self._keep_days * DAY_MS, now, position)

    def prune(self, position: int = 0) -> None:
        """Have the oldest rows go that are too old, if there are any."""
        if self._keep_days:
            now = self._now_ms()
            with self._file.changing() as db:
                _prune(db, now - self._keep_days * DAY_MS, now, position)

    def page(self, which: EntryFilter, *, before: tuple[int, int] | None = None, limit: int = 30) -> list[AuditRow]:
        where, values = conditions(which)
        if before is not None:
            where, values = f"{where} AND (position, seq) < (?, ?)", [*values, *before]
        found = self._file.rows(
            f"SELECT {COLUMNS} FROM entries WHERE {where} ORDER BY position DESC, seq DESC LIMIT ?", *values, limit
        )
        return [_row(each) for each in found]

    def count(self, which: EntryFilter) -> int:
        where, values = conditions(which)
        return int(self._file.rows(f"SELECT count(*) FROM entries WHERE {where}", *values)[0][0])

    def of_events(self, events: Sequence[EventId]) -> dict[EventId, Entry]:
        found: dict[EventId, Entry] = {}
        for start in range(0, len(events), _EVENTS_AT_ONCE):
            some = events[start : start + _EVENTS_AT_ONCE]
            marks = ", ".join("?" * len(some))
            rows = self._file.rows(f"SELECT {COLUMNS} FROM entries WHERE event IN ({marks}) ORDER BY seq DESC", *some)
            found |= {entry.event: entry for each in rows if (entry := _row(each).entry).event is not None}
        return found

    def verify(self, noted: AuditHead | None = None) -> Verified:
        with self._file.reading() as db:
            return verify_rows(db, noted)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def _head(db: sqlite3.Connection) -> tuple[int, bytes]:
    row = db.execute("SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
    if row is None:
        row = db.execute("SELECT seq, hash FROM gone").fetchone() or (0, BEGINNING)
    return int(row[0]), bytes(row[1])


def _place(db: sqlite3.Connection) -> int:
    row = db.execute("SELECT position FROM entries ORDER BY position DESC LIMIT 1").fetchone()
    return 0 if row is None else int(row[0])


def _append(
    db: sqlite3.Connection, seq: int, previous: bytes, now: int, fields: tuple[Any, ...], position: int
) -> tuple[int, bytes]:
    # Who does not know where the log is puts it behind what was noted last.
    fields = (fields[0] or position or _place(db), *fields[1:])
    own = row_hash(seq + 1, now, fields, previous)
    db.execute(_ADDED, (seq + 1, now, *fields, previous, own))
    return seq + 1, own


def _prune(db: sqlite3.Connection, before_ms: int, now: int, position: int) -> None:
    """Remove the rows before the first that is to stay, and say in a row of the chain which was the last to go."""
    first = db.execute("SELECT min(seq) FROM entries").fetchone()[0]
    kept = db.execute("SELECT min(seq) FROM entries WHERE time_ms >= ?", (before_ms,)).fetchone()[0]
    if first is None:
        return
    last = min(_head(db)[0] if kept is None else kept - 1, first + PRUNED_MAX - 1)
    if last < first:
        return
    (gone,) = db.execute("SELECT hash FROM entries WHERE seq=?", (last,)).fetchone()
    seq, previous = _head(db)
    _append(db, seq, previous, now, trimmed(Entry(PRUNED, target=f"{last} {gone.hex()}")), position)
    db.execute("DELETE FROM entries WHERE seq<=?", (last,))
    db.execute("INSERT OR REPLACE INTO gone VALUES (1, ?, ?)", (last, gone))


def _row(values: Sequence[Any]) -> AuditRow:
    seq, time_ms, position, act, actor, door, credential, address, target, event, count, previous, own = values
    entry = Entry(
        act=act,
        actor=None if actor is None else Did(actor),
        door=door,
        credential=credential,
        address=address,
        target=target,
        event=None if event is None else EventId(event),
        position=position,
        count=count,
    )
    return AuditRow(seq, time_ms, entry, previous, own)
