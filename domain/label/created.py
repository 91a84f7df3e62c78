"""`label.created.v1`: a label that issues can carry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.fold.kind import Kind, Payload, Touch
from domain.label.state import LabelState
from domain.words import Colour, Description, LabelName, body_problem, line_problem

if TYPE_CHECKING:
    from domain.envelope import Event


class LabelCreated(Payload, frozen=True, kw_only=True):
    """`colour` is six lowercase hex digits without a hash sign."""

    name: LabelName
    colour: Colour
    description: Description = ""

    def problem(self) -> str:
        return line_problem(self.name, "name") or body_problem(self.description, "description")


def _apply(state: LabelState, event: Event, payload: LabelCreated | None) -> None:
    assert payload is not None, "the payload that names a label is not redactable"
    state.stream = event.stream
    state.lamport = event.lamport
    state.time = event.time
    state.name.write(event, payload.name)
    state.colour.write(event, payload.colour)
    state.description.write(event, payload.description)


def _touches(event: Event, _: LabelCreated | None) -> tuple[Touch, ...]:
    return (Touch(event.id, LabelState, _apply),)


KIND = Kind(
    name="label.created.v1",
    payload=LabelCreated,
    action="label.manage",
    touches=_touches,
    acts_on=("repository",),
    creates="label",
)
