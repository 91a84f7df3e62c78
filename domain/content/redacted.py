"""`event.redacted.v1`: named payloads of one entity are to be forgotten; folds treat them as absent at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from domain.content.bodies import touching_body
from domain.fold.kind import Kind, Payload
from domain.limits import REDACTIONS_PER_EVENT_MAX
from domain.words import Id, line_problem

if TYPE_CHECKING:
    from domain.envelope import Event


class EventRedacted(Payload, frozen=True, kw_only=True):
    """Events whose payloads go: each created, or acts on, the entity that this event acts on."""

    events: Annotated[list[Id], msgspec.Meta(min_length=1, max_length=REDACTIONS_PER_EVENT_MAX)]
    reason: Annotated[str, msgspec.Meta(max_length=256)] = ""

    def problem(self) -> str:
        return line_problem(self.reason, "reason") if self.reason else ""


def _apply(state: Any, event: Event, _: EventRedacted | None) -> None:
    """The engine has already withheld the payloads; only the time of the change is left to note."""
    state.updated = max(state.updated, event.time)


KIND = Kind(
    name="event.redacted.v1",
    payload=EventRedacted,
    action="content.redact",
    touches=touching_body(_apply),
    acts_on=("repository", "issue", "comment", "attachment", "identity"),
    refolds=True,
)
