"""`reaction.removed.v1`: its author takes a reaction of their own back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.content.bodies import touching_body
from domain.fold.kind import Kind, Payload
from domain.reaction.contents import Content, member
from domain.words import Replaces

if TYPE_CHECKING:
    from domain.envelope import Event


class ReactionRemoved(Payload, frozen=True, kw_only=True):
    """Which reaction, and the additions of it that the writer had seen."""

    content: Content
    observed: Replaces


def _apply(state: Any, event: Event, payload: ReactionRemoved | None) -> None:
    if payload is not None:
        state.reactions.remove(member(payload.content, event.author), payload.observed)


KIND = Kind(
    name="reaction.removed.v1",
    payload=ReactionRemoved,
    action="content.react",
    touches=touching_body(_apply),
    acts_on=("issue", "comment"),
)
