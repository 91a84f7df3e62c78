"""The event log in a SQLite file: one transaction and one flush for each append."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, final

from domain.errors import NotFound, Unavailable
from domain.ports_log import LogStatistics, Receipt
from storage.faults import unavailable_on_fault
from storage.log.placing import place
from storage.log.recorder import SyncedApplicationRecorder, SyncedSQLiteDatastore, lenient_text
from storage.log.removing import removed, take_out, take_up
from storage.log.rows import (
    GONE,
    after_feed,
    all_sound,
    decode_state,
    decoded,
    encode_state,
    originator,
    read_rows,
)
from storage.log.shelf import SQLiteShelf
from storage.log.vouching import note_checked, note_vouched, vouched_among, vouched_of
from storage.schema.versions import LOG, bring_up, refuse_earlier, refuse_later, version_of
from storage.shrinking import shrink

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator, Iterator, Sequence
    from pathlib import Path

    from eventsourcing.sqlite import SQLiteCursor

    from domain.ports_log import BadRow, NewRow, StoredRow

_CHUNK_ROWS = 500
_FEED_ROWS = 100
_SELECT = "SELECT rowid, originator_id, originator_version, topic, state FROM stored_events"


@final
class SQLiteEventLog:
    """`EventLog` in the file at `path`, which is made or migrated unless `create` is False."""

    def __init__(self, path: Path, *, create: bool = True) -> None:
        if not create and not path.exists():
            raise NotFound(f"there is no event log at {path}", hint="start the node once, or name another folder")
        self._path = path
        self._datastore = SyncedSQLiteDatastore(path)
        self._recorder = SyncedApplicationRecorder(self._datastore)
        if create:
            bring_up(path, LOG)
        else:
            refuse_earlier(path, version := version_of(path), LOG)
            refuse_later(path, version, LOG)

    def append(
        self, rows: Sequence[NewRow], receipts: Sequence[Receipt] = (), vouched: Collection[bytes] = ()
    ) -> list[int]:
        with self._writing() as cursor:
            plan = place(rows, SQLiteShelf(cursor, self._recorder))
            positions = self._recorder.insert_records(
                cursor,
                [
                    (
                        originator(row.stream, row.device, branch),
                        row.seq,
                        row.kind,
                        encode_state(row.header, row.signature, row.payload),
                    )
                    for row, branch in plan.fresh
                ],
            )
            assert not positions or positions[-1] == max(plan.positions)
            cursor.executemany(
                "INSERT INTO receipts VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                [(r.key, r.fingerprint, r.answer, r.made_at_ms) for r in receipts],
            )
            fresh = zip(positions, plan.fresh, strict=True)
            unchecked = [(position, row.stream) for position, (row, _) in fresh if row.event_id in vouched]
            note_vouched(cursor, unchecked)
            fresh = zip(positions, plan.fresh, strict=True)
            hollow = [(position, row.stream) for position, (row, _) in fresh if row.payload is None]
            cursor.executemany("INSERT INTO hollow VALUES (?, ?)", hollow)
        return plan.positions

    def read(self, after: int, limit: int) -> list[StoredRow]:
        return all_sound(self.check(after, limit))

    def get(self, position: int) -> StoredRow | None:
        return next(iter(self.by_positions([position])), None)

    def by_positions(self, positions: Sequence[int]) -> list[StoredRow]:
        rows: dict[int, StoredRow] = {}
        with self._reading() as cursor:
            for start in range(0, len(positions), _CHUNK_ROWS):
                chunk = positions[start : start + _CHUNK_ROWS]
                marks = ", ".join("?" * len(chunk))
                cursor.execute(f"{_SELECT} WHERE rowid IN ({marks}) AND originator_id <> '{GONE}'", chunk)
                rows.update((row.position, row) for row in all_sound(decoded(*row) for row in cursor.fetchall()))
        return [rows[position] for position in positions if position in rows]

    def slot(self, stream: bytes, device: bytes, seq: int) -> list[StoredRow]:
        with self._reading() as cursor:
            held = SQLiteShelf(cursor, self._recorder).held(stream, device, seq)
        return self.by_positions([row.position for row in held])

    def feed(self, stream: bytes, device: bytes) -> Iterator[StoredRow]:
        branch, seq, end = originator(stream, device), 0, after_feed(stream, device)
        while True:
            with self._reading() as cursor:
                cursor.execute(
                    _SELECT + " WHERE (originator_id, originator_version) > (?, ?) AND originator_id < ? "
                    "ORDER BY originator_id, originator_version LIMIT ?",
                    (branch, seq, end, _FEED_ROWS),
                )
                rows = all_sound(decoded(*row) for row in cursor.fetchall())
            if not rows:
                return
            yield from rows
            branch, seq = originator(stream, device, rows[-1].branch), rows[-1].seq

    def last_position(self) -> int:
        with self._reading() as cursor:
            return self._recorder.last_position(cursor)

    def vouched(self, stream: bytes, after: int, limit: int) -> list[StoredRow]:
        with self._reading() as cursor:
            positions = vouched_of(cursor, stream, after, limit)
        return self.by_positions(positions)

    def are_vouched(self, positions: Sequence[int]) -> set[int]:
        with self._reading() as cursor:
            return vouched_among(cursor, positions)

    def hollow(self, stream: bytes) -> list[int]:
        with self._reading() as cursor:
            cursor.execute("SELECT position FROM hollow WHERE stream = ? ORDER BY position", (stream,))
            return [int(row[0]) for row in cursor.fetchall()]

    def note_checked(self, positions: Sequence[int]) -> None:
        with self._writing() as cursor:
            note_checked(cursor, positions)

    def mend(self, position: int, signature: bytes, payload: bytes | None) -> None:
        with self._writing() as cursor:
            cursor.execute("SELECT state FROM stored_events WHERE rowid = ?", (position,))
            row = cursor.fetchone()
            if row is None:
                raise NotFound(f"there is no event at position {position}")
            header, _, kept = decode_state(row[0])
            state = encode_state(header, signature, kept if payload is None else payload)
            cursor.execute("UPDATE stored_events SET state = ? WHERE rowid = ?", (state, position))
            note_checked(cursor, [position])
            if payload is not None:
                cursor.execute("DELETE FROM hollow WHERE position = ?", (position,))

    def forget_payloads(self, positions: Sequence[int]) -> None:
        with self._writing() as cursor:
            for position in positions:
                cursor.execute("SELECT state FROM stored_events WHERE rowid = ?", (position,))
                row = cursor.fetchone()
                if row is None:
                    raise NotFound(f"there is no event at position {position}")
                header, signature, _ = decode_state(row[0])
                cursor.execute(
                    "UPDATE stored_events SET state = ? WHERE rowid = ?",
                    (encode_state(header, signature, None), position),
                )
        with unavailable_on_fault(self._path), self._datastore.get_connection(commit=True) as connection:
            # The old bytes are still in the write-ahead log until it is emptied.
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def remove(self, stream: bytes, tells_of: Callable[[bytes], bool]) -> int:
        with self._writing() as cursor:
            count = take_out(cursor, stream)
            cursor.execute("SELECT key, answer FROM receipts")
            told = [(key,) for key, answer in cursor.fetchall() if tells_of(answer)]
            cursor.executemany("DELETE FROM receipts WHERE key = ?", told)
            take_up(cursor, self._recorder.last_position(cursor) + 1)
        with unavailable_on_fault(self._path):
            shrink(self._path)
        return count

    def receipt(self, key: bytes) -> Receipt | None:
        with self._reading() as cursor:
            cursor.execute("SELECT * FROM receipts WHERE key = ?", (key,))
            row = cursor.fetchone()
        return None if row is None else Receipt(*row)

    def drop_receipts(self, before_ms: int) -> int:
        with self._writing() as cursor:
            cursor.execute("DELETE FROM receipts WHERE made_at_ms < ?", (before_ms,))
            cursor.execute("SELECT changes()")
            return int(cursor.fetchone()[0])

    def check(self, after: int, limit: int) -> list[StoredRow | BadRow]:
        with self._reading() as cursor:
            try:
                return self._scan(cursor, after, limit)
            except sqlite3.OperationalError:
                # A text column that is no text any more is one row's damage, not a reason to read none.
                with lenient_text(cursor):
                    return self._scan(cursor, after, limit)

    def check_storage(self) -> list[str]:
        try:
            with self._reading() as cursor:
                cursor.execute("PRAGMA integrity_check")
                found = [str(row[0]) for row in cursor.fetchall()]
        except Unavailable as fault:
            return [fault.message]
        return [] if found == ["ok"] else found

    def statistics(self) -> LogStatistics:
        with self._reading() as cursor:
            events = self._recorder.last_position(cursor) - removed(cursor)
            cursor.execute("SELECT count(*) FROM receipts")
            receipts = int(cursor.fetchone()[0])
        files = [self._path, self._path.with_name(self._path.name + "-wal")]
        return LogStatistics(events, receipts, sum(file.stat().st_size for file in files if file.exists()))

    def close(self) -> None:
        self._datastore.close()

    @contextmanager
    def _writing(self) -> Generator[SQLiteCursor]:
        with unavailable_on_fault(self._path), self._datastore.transaction(commit=True) as cursor:
            yield cursor

    @contextmanager
    def _reading(self) -> Generator[SQLiteCursor]:
        with unavailable_on_fault(self._path), self._datastore.transaction(commit=False) as cursor:
            yield cursor

    def _scan(self, cursor: SQLiteCursor, after: int, limit: int) -> list[StoredRow | BadRow]:
        while True:
            cursor.execute(_SELECT + " WHERE rowid > ? ORDER BY rowid LIMIT ?", (after, limit))
            found, reached = read_rows(cursor.sqlite_cursor, after, limit)
            if found or reached == after:
                return found
            after = reached  # all of these were removed
