"""A node's disk: what is flushed stays, what is not is gone after a crash; and it can be full, or set back to a backup.

The log on it is the in-memory twin of the real one, so forks and repeats are placed as they are in a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.ports_log import new_row
from replication.effects import Outcome
from storage.log.memory import MemoryEventLog

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from domain.envelope import Event
    from tests.simulation.clock import Clock


class Disk:
    """Batches of events, flushed one after the other, `flush_ms` after they were written."""

    def __init__(self, clock: Clock, flush_ms: int) -> None:
        self._clock = clock
        self._flush_ms = flush_ms
        self._life = 0
        self.full: Callable[[], None] | None = None
        """Told of every batch that there is no room for."""
        self.rows: list[Event] = []
        """What is durable, in the order of its arrival."""
        self.log = MemoryEventLog()
        self._ends: list[int] = []
        """How many events there were after each batch, which is one transaction: a backup has all of it or nothing."""
        self.writing = 0
        self.lost_batches = 0

    def write(
        self, events: Sequence[Event], done: Callable[[Outcome], None], allowed: Callable[[], bool] = lambda: True
    ) -> None:
        """Append what is `allowed` by then; `done` is called when it is durable, or is not going to be.

        Neither is called on a node that has crashed by then.
        """
        life = self._life
        self.writing += 1
        self._clock.after(self._flush_ms, lambda: self._flushed(life, events, done, allowed))

    def _flushed(
        self, life: int, events: Sequence[Event], done: Callable[[Outcome], None], allowed: Callable[[], bool]
    ) -> None:
        if life != self._life:
            self.lost_batches += 1
            return
        self.writing -= 1
        if self.full is not None:
            self.full()
            done(Outcome.FAILED)
        elif not allowed():
            done(Outcome.REFUSED)
        else:
            self._append(events)
            done(Outcome.STORED)

    def _append(self, events: Sequence[Event]) -> None:
        before = self.log.last_position()
        positions = self.log.append([new_row(event) for event in events])
        for event, position in zip(events, positions, strict=True):
            if position > before:
                self.rows.append(event)
                before = position
        self._ends.append(len(self.rows))

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
        self.rows, self.log = [], MemoryEventLog()
        self._append(kept)
        self._ends = ends
        return lost
