"""Who wrote which event, and by which door they came in: noted in the local audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.audit import Entry
from domain.errors import Unavailable
from domain.ports_views import Answer
from gitant.log import get_logger

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from domain.audit import Journal
    from domain.envelope import Event
    from gitant.writer.request import Outcome, Request

_log = get_logger(__name__)


def note_events(
    journal: Journal | None,
    batch: Sequence[Request],
    outcomes: Mapping[int, Outcome],
    events: Sequence[Event],
    before: int,
) -> None:
    """Note the events of a batch, the first of which is at the position behind `before`.

    What somebody hands in whom no door knows is left out: their signature says all there is to say. The log is what
    counts, so a fault stops nobody.
    """
    if journal is None:
        return
    makers = {
        name: batch[index].actor
        for index, outcome in outcomes.items()
        if isinstance(outcome, Answer) and not outcome.replayed and batch[index].actor.did is not None
        for name in outcome.events
    }
    entries = [
        Entry(
            *(event.kind, actor.did, actor.door, actor.credential),
            target=event.stream.hex(),
            event=event.id,
            position=position,
        )
        for position, event in enumerate(events, before + 1)
        if (actor := makers.get(event.id.hex())) is not None
    ]
    try:
        if entries:
            journal.note(entries)
    except Unavailable as fault:
        _log.error("who wrote these events could not be noted", events=len(entries), fault=fault.message)
