"""`branch.unprotected.v1`: the branches of a pattern are protected no longer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.authority.acts import Hold
from domain.fold.kind import Kind, Payload, Touch
from domain.ids import EventId
from domain.protection.state import Pattern, ProtectionState, pattern_problem, protection_key
from domain.words import Replaces

if TYPE_CHECKING:
    from domain.envelope import Event


class BranchUnprotected(Payload, frozen=True, kw_only=True):
    """The pattern, and the protections that end."""

    pattern: Pattern
    replaces: Replaces

    def problem(self) -> str:
        return pattern_problem(self.pattern)


def _apply(state: ProtectionState, event: Event, payload: BranchUnprotected) -> None:
    state.stream, state.pattern = event.stream, payload.pattern
    state.rules.write(event, None, payload.replaces)


def _touches(event: Event, payload: BranchUnprotected | None) -> tuple[Touch, ...]:
    assert payload is not None, "payloads of authority cannot be redacted"
    return (Touch(protection_key(event.stream, payload.pattern), ProtectionState, _apply),)


def _deed(_: Event, payload: BranchUnprotected) -> Hold:
    return Hold("protection", payload.pattern.encode(), on=False, replaces=tuple(map(EventId, payload.replaces)))


KIND = Kind(
    name="branch.unprotected.v1",
    payload=BranchUnprotected,
    action="branch.protect",
    touches=_touches,
    acts_on=("repository",),
    deed=_deed,
)
