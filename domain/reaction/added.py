"""`reaction.added.v1`: its author reacts to an issue or a comment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.content.bodies import touching_body
from domain.fold.kind import Kind, Payload
from domain.limits import REACTION_ADDITIONS_MAX
from domain.reaction.contents import Content, member

if TYPE_CHECKING:
    from domain.envelope import Event


class ReactionAdded(Payload, frozen=True, kw_only=True):
    """Which reaction; whose it is says the event's author, so nobody can react for somebody else."""

    content: Content


def _apply(state: Any, event: Event, payload: ReactionAdded | None) -> None:
    if payload is None:
        return
    mine = member(payload.content, event.author)
    # Once is enough. A few more are kept for devices that add it at the same time; a thousand would be a burden.
    if len(state.reactions.added.get(mine, ())) < REACTION_ADDITIONS_MAX:
        state.reactions.add(mine, event.id)


KIND = Kind(
    name="reaction.added.v1",
    payload=ReactionAdded,
    action="content.react",
    touches=touching_body(_apply),
    acts_on=("issue", "comment"),
)
