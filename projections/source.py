"""Whole events from the log, for the projector."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.envelope import event_id, read_own

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.envelope import Event
    from domain.ids import EventId
    from domain.ports_log import EventLog, StoredRow


class LogSource:
    """An `EventSource` over the event log."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    def events_at(self, positions: Sequence[int]) -> Sequence[Event]:
        """The events at these positions, in the order asked for."""
        rows = self._log.by_positions(positions)
        assert len(rows) == len(positions), "the views name positions that the log does not have"
        return [event_of(row) for row in rows]

    def siblings(self, event: Event) -> Sequence[EventId]:
        """The ids of stored events with the same stream, device, seq and prev as `event`, itself included."""
        names = {event.id}
        for row in self._log.slot(event.stream, event.device, event.seq):
            other = event_of(row)
            if other.prev == event.prev:
                names.add(event_id(row.header))
        return sorted(names)


def event_of(row: StoredRow) -> Event:
    """The event that a row of this node's own log holds."""
    return read_own(row.header, row.signature, row.payload)
