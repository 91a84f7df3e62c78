"""A node's disk: what is flushed stays, what is not is gone after a crash; and it can be full, or set back to a backup.

The log on it is the in-memory twin of the real one, so forks and repeats are placed as they are in a file; some runs
have the file itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from domain.ports_log import new_row
from replication.effects import Outcome
from storage.log.memory import MemoryEventLog

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from domain.envelope import Event
    from domain.ports_log import EventLog
    from tests.simulation.clock import Clock

    Done = Callable[[Outcome, Sequence[Event]], None]


class Disk:
    """Batches of events, flushed one after the other, `flush_ms` after they were written."""

    def __init__(self, clock: Clock, flush_ms: int, new_log: Callable[[], EventLog] = MemoryEventLog) -> None:
        self._clock = clock
        self._flush_ms = flush_ms
        self._life = 0
        self.full: Callable[[], None] | None = None
        """Told of every batch that there is no room for."""
        self.rows: list[Event] = []
        """What is durable, in the order of its arrival."""
        self._new_log = new_log
        self.log = new_log()
        self._ends: list[int] = []
        """How many events there were after each batch, which is one transaction: a backup has all of it or nothing."""
        self.writing = 0
        self.lost_batches = 0

    def write(self, events: Sequence[Event], done: Done, kept: Callable[[], Sequence[Event]] | None = None) -> None:
        """Append the events, or what is `kept` of them by then; `done` hears when they are durable, or will not be.

        Neither is called on a node that has crashed by then.
        """
        self._later(lambda: self._append(kept() if kept is not None else events), done)

    def mend(self, events: Sequence[Event], done: Done) -> None:
        """Put other bytes in place of those of events that are here."""
        self._later(lambda: self._mend(events), done)

    def _later(self, action: Callable[[], Sequence[Event]], done: Done) -> None:
        life = self._life
        self.writing += 1

        def flush() -> None:
            if life != self._life:
                self.lost_batches += 1
                return
            self.writing -= 1
            if self.full is not None:
                self.full()
                done(Outcome.FAILED, ())
            else:
                done(Outcome.STORED, action())

        self._clock.after(self._flush_ms, flush)

    def _append(self, events: Sequence[Event]) -> Sequence[Event]:
        before = self.log.last_position()
        positions = self.log.append([new_row(event) for event in events])
        for event, position in zip(events, positions, strict=True):
            if position > before:
                self.rows.append(event)
                before = position
        self._ends.append(len(self.rows))
        return events

    def _mend(self, events: Sequence[Event]) -> Sequence[Event]:
        places = {event.id: place for place, event in enumerate(self.rows)}
        for event in events:
            place = places[event.id]
            old = self.rows[place]
            self.rows[place] = event if event.payload is not None else structs.replace(event, payload=old.payload)
            self.log.mend(place + 1, event.signature, event.payload)
        return events

    def reads_back(self) -> bool:
        """Whether the log holds what was put there, byte by byte."""
        read = [(row.header, row.signature, row.payload) for row in self.log.read(0, len(self.rows) + 1)]
        return read == [(event.header, event.signature, event.payload) for event in self.rows]

    def install(self, events: Sequence[Event]) -> None:
        """Put events there before anything begins."""
        self._append(events)

    def crash(self) -> None:
        """What was not flushed never happened."""
        self._life += 1
        self.writing = 0

    def set_back(self, events_max: int) -> list[Event]:
        """Put a backup in place that holds no more than the first `events_max`; what is lost by that."""
        self._ends = [end for end in self._ends if end <= events_max] or self._ends[:1]
        kept, lost = self.rows[: self._ends[-1]], self.rows[self._ends[-1] :]
        ends = list(self._ends)
        self.log.close()
        self.rows, self.log = [], self._new_log()
        self._append(kept)
        self._ends = ends
        return lost
