"""`body.reset.v1`: a new text in place of the documents it names (after a redaction, or to settle rivals)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.content.bodies import touching_body
from domain.fold.kind import Kind, Payload
from domain.links.bound import mentions_problem, note_links
from domain.words import Body, Commits, Mentions, References, Replaces, body_problem

if TYPE_CHECKING:
    from domain.envelope import Event


class BodyReset(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """The whole new text; `replaces` names an event of each document that it ends.

    `mentions`, `references` and `commits` are what the text names now and did not before.
    """

    text: Body
    replaces: Replaces
    mentions: Mentions = []
    references: References = []
    commits: Commits = []

    def problem(self) -> str:
        return body_problem(self.text, "text") or mentions_problem(self)


def _apply(state: Any, event: Event, payload: BodyReset | None) -> None:
    if payload is not None:
        state.body.open(event, payload.text, payload.replaces)
        state.updated = max(state.updated, event.time)
        note_links(state, event, payload)


KIND = Kind(
    name="body.reset.v1",
    payload=BodyReset,
    action="body.edit",
    touches=touching_body(_apply),
    acts_on=("issue", "comment"),
    redactable=True,
)
