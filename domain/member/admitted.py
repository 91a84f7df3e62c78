"""`events.admitted.v1`: events count in spite of the cuts that this act has in its past."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from domain.authority.acts import Admission
from domain.fold.kind import Kind, Payload, Touch
from domain.ids import EventId
from domain.limits import ADMITTED_EVENTS_MAX
from domain.words import Id

if TYPE_CHECKING:
    from domain.envelope import Event


class EventsAdmitted(Payload, frozen=True, kw_only=True):
    """The events' ids, at most 256; whoever could grant their authors' roles may admit them."""

    events: Annotated[list[Id], msgspec.Meta(min_length=1, max_length=ADMITTED_EVENTS_MAX)]


def _touches(_: Event, __: EventsAdmitted | None) -> tuple[Touch, ...]:
    return ()


def _deed(_: Event, payload: EventsAdmitted) -> Admission:
    return Admission(frozenset(map(EventId, payload.events)))


KIND = Kind(
    name="events.admitted.v1",
    payload=EventsAdmitted,
    action="member.change",
    touches=_touches,
    acts_on=("repository",),
    deed=_deed,
)
