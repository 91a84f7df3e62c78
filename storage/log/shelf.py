"""What placing a batch asks of the SQLite file, answered from the primary key's index alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

from domain.envelope import event_id
from storage.log.placing import Held, Tip
from storage.log.rows import after_feed, before_feed, decode_state, originator, parse_originator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from eventsourcing.sqlite import SQLiteCursor

    from storage.log.recorder import SyncedApplicationRecorder


@final
class SQLiteShelf:
    """The stored events as the transaction of `cursor` sees them.

    There is no index from event id to position: its keys are random, and keeping it made an append of 500 to a
    log of 200,000 four times slower. A feed's place (stream, device, seq) finds an event as well.
    """

    def __init__(self, cursor: SQLiteCursor, recorder: SyncedApplicationRecorder) -> None:
        self._cursor = cursor
        self._recorder = recorder

    def last_position(self) -> int:
        return self._recorder.last_position(self._cursor)

    def tips(self, stream: bytes, device: bytes) -> dict[bytes, Tip]:
        # From the last branch backwards: the unnamed one sorts first, so a feed without a fork takes one seek.
        tips: dict[bytes, Tip] = {}
        end, branch = after_feed(stream, device), b"?"
        while branch and (
            row := self._row(
                "SELECT originator_id, originator_version, state FROM stored_events "
                "WHERE originator_id > ? AND originator_id < ? "
                "ORDER BY originator_id DESC, originator_version DESC LIMIT 1",
                before_feed(stream, device),
                end,
            )
        ):
            end, seq, state = row
            branch = parse_originator(end)[2]
            tips[event_id(decode_state(state)[0])] = Tip(branch, seq)
        return tips

    def held(self, stream: bytes, device: bytes, seq: int) -> list[Held]:
        held: list[Held] = []
        for branch in self._branches(stream, device):
            row = self._row(
                "SELECT rowid, state FROM stored_events WHERE originator_id = ? AND originator_version = ?",
                originator(stream, device, branch),
                seq,
            )
            if row is not None:
                held.append(Held(row[0], branch, decode_state(row[1])[0]))
        return held

    def _branches(self, stream: bytes, device: bytes) -> Iterator[bytes]:
        """One seek for each, however long they are; the unnamed one comes first."""
        text, end = before_feed(stream, device), after_feed(stream, device)
        while row := self._row(
            "SELECT originator_id FROM stored_events WHERE originator_id > ? AND originator_id < ? "
            "ORDER BY originator_id LIMIT 1",
            text,
            end,
        ):
            text = row[0]
            yield parse_originator(text)[2]

    def _row(self, statement: str, *parameters: str | int) -> Any:
        self._cursor.execute(statement, parameters)
        return self._cursor.fetchone()
