"""`body.reset.v1`: a new text in place of the documents it names (after a redaction, or to settle rivals)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.content.bodies import touching_body
from domain.fold.kind import Kind, Payload
from domain.words import Body, Replaces, body_problem

if TYPE_CHECKING:
    from domain.envelope import Event


class BodyReset(Payload, frozen=True, kw_only=True):
    """The whole new text; `replaces` names an event of each document that it ends."""

    text: Body
    replaces: Replaces

    def problem(self) -> str:
        return body_problem(self.text, "text")


def _apply(state: Any, event: Event, payload: BodyReset | None) -> None:
    if payload is not None:
        state.body.open(event, payload.text, payload.replaces)
        state.updated = max(state.updated, event.time)


KIND = Kind(
    name="body.reset.v1",
    payload=BodyReset,
    action="body.edit",
    touches=touching_body(_apply),
    acts_on=("issue", "comment"),
    redactable=True,
)
