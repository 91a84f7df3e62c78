"""`branch.protected.v1`: pushes to branches of a pattern have to keep rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.authority.acts import Hold, Rules
from domain.authority.roles import BY_WORD, Role
from domain.fold.kind import Kind, Touch
from domain.ids import Did, EventId
from domain.protection.state import BranchRules, Pattern, ProtectionState, pattern_problem, protection_key
from domain.words import Cut, Replaces, cut_problem, did_problem, line_problem

if TYPE_CHECKING:
    from domain.envelope import Event


class BranchProtected(BranchRules, frozen=True, kw_only=True):
    """The rules bind whoever could not lift them; pushes already made count up to `cut` (none: the event's parents)."""

    pattern: Pattern
    replaces: Replaces
    cut: Cut = []

    def problem(self) -> str:
        if not Role.DEVELOPER <= BY_WORD.get(self.push_role, Role.BLOCKED) <= Role.ADMIN:
            return "push_role is not developer, maintainer or admin"
        for each in self.pushers:
            if problem := did_problem(each, "pushers"):
                return problem
        for each in self.checks:
            if problem := line_problem(each, "a check's name"):
                return problem
        return pattern_problem(self.pattern) or cut_problem(self.cut)


def _apply(state: ProtectionState, event: Event, payload: BranchProtected) -> None:
    state.stream, state.pattern = event.stream, payload.pattern
    state.rules.write(event, payload, payload.replaces)


def _touches(event: Event, payload: BranchProtected | None) -> tuple[Touch, ...]:
    assert payload is not None, "payloads of authority cannot be redacted"
    return (Touch(protection_key(event.stream, payload.pattern), ProtectionState, _apply),)


def _deed(_: Event, payload: BranchProtected) -> Hold:
    return Hold(
        "protection",
        payload.pattern.encode(),
        on=True,
        replaces=tuple(map(EventId, payload.replaces)),
        cut=tuple(map(EventId, payload.cut)),
        rules=rules_of(payload),
    )


def rules_of(payload: BranchProtected) -> Rules:
    """The rules as the court reads them."""
    return Rules(
        BY_WORD[payload.push_role],
        tuple(map(Did, payload.pushers)),
        payload.allow_force,
        payload.allow_delete,
        payload.approvals,
        tuple(payload.checks),
    )


KIND = Kind(
    name="branch.protected.v1",
    payload=BranchProtected,
    action="branch.protect",
    touches=_touches,
    acts_on=("repository",),
    deed=_deed,
)
