"""`agent.described.v1`: a principal is an agent: what it is for, what it can do, and who answers for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from domain import limits
from domain.fold.kind import Kind, Payload
from domain.identity.certificates import touching_identity
from domain.identity.state import AgentCard, IdentityState
from domain.keys import is_did
from domain.words import Replaces, characters_problem

if TYPE_CHECKING:
    from domain.envelope import Event

_CAPABILITY: Final = re.compile(r"[a-z0-9][a-z0-9.:/-]*")
Capability = Annotated[str, msgspec.Meta(min_length=1, max_length=limits.AGENT_CAPABILITY_CHARS_MAX)]


class AgentDescribed(Payload, frozen=True, kw_only=True):
    """What the agent says of itself, and the events that this replaces. `owner` is a did or empty: no right follows."""

    replaces: Replaces
    purpose: Annotated[str, msgspec.Meta(max_length=limits.AGENT_PURPOSE_CHARS_MAX)] = ""
    owner: str = ""
    capabilities: Annotated[list[Capability], msgspec.Meta(max_length=limits.AGENT_CAPABILITIES_MAX)] = []
    retired: bool = False

    def problem(self) -> str:
        if self.owner and not is_did(self.owner):
            return "owner is no did:key"
        if self.capabilities != sorted(set(self.capabilities)):
            return "capabilities are not in order, each once"
        if not all(_CAPABILITY.fullmatch(each) for each in self.capabilities):
            return "capabilities are of a-z 0-9 . : / - and begin with a letter or digit"
        return characters_problem(self.purpose, "purpose")


def card_of(payload: AgentDescribed) -> AgentCard:
    """What a payload says."""
    return AgentCard(payload.purpose, payload.owner, tuple(payload.capabilities), payload.retired)


def _apply(state: IdentityState, event: Event, payload: AgentDescribed | None) -> None:
    if payload is None:
        return
    state.said.append(event.id)
    state.updated = max(state.updated, event.time)
    state.agent.write(event, card_of(payload), payload.replaces)


KIND = Kind(
    name="agent.described.v1",
    payload=AgentDescribed,
    action="identity.edit",
    touches=touching_identity(_apply),
    acts_on=("identity",),
    redactable=True,
)
