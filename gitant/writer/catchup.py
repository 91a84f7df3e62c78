"""Bringing the views to the end of the log, in batches, with progress."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.ports_log import batches
from gitant.collector import without_collector
from projections.database import finish_draft, open_draft
from projections.projector import Projector
from projections.source import LogSource, event_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from domain.ports_log import EventLog

FLUSH_EVENTS = 10_000
FLUSH_BYTES = 24 << 20
"""Events are held in memory until the views have them: so many, or of so many bytes. An entity is written once for
however many of them change it."""


def catch_up(
    projector: Projector, log: EventLog, progress: Callable[[int, int], None] = lambda _done, _all: None
) -> int:
    """Apply what the log has beyond the views' position; how many events that was. `progress` gets (done, all)."""
    first, last = projector.position, log.last_position()
    held_events = held_bytes = 0
    with without_collector():
        for rows in batches(log, projector.position):
            for row in rows:
                projector.pass_over(row.position - 1)
                projector.apply(event_of(row), row.position)
                held_bytes += len(row.header) + len(row.payload or b"")
            held_events += len(rows)
            if held_events >= FLUSH_EVENTS or held_bytes >= FLUSH_BYTES:
                projector.flush()
                held_events = held_bytes = 0
            progress(projector.position - first, last - first)
        projector.pass_over(max(last, projector.position))
        projector.flush()
    return projector.position - first


def build_anew(path: Path, log: EventLog, progress: Callable[[int, int], None]) -> int:
    """Make views at `path`, where there are none, of the whole log, faster than by catching up; how many events."""
    connection = open_draft(path)
    count = catch_up(Projector(connection, LogSource(log)), log, progress)
    finish_draft(connection)
    return count
