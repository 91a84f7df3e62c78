"""Bringing the views to the end of the log, in batches, with progress."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.ports_log import batches
from projections.source import event_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.ports_log import EventLog
    from projections.projector import Projector

BATCH_EVENTS = 2_000


def catch_up(
    projector: Projector, log: EventLog, progress: Callable[[int, int], None] = lambda _done, _all: None
) -> int:
    """Apply what the log has beyond the views' position; how many events that was. `progress` gets (done, all)."""
    first, last = projector.position, log.last_position()
    for rows in batches(log, projector.position, BATCH_EVENTS):
        for row in rows:
            projector.apply(event_of(row), row.position)
        projector.flush()
        progress(projector.position - first, last - first)
    return projector.position - first
