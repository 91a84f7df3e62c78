"""`branch.protected.v1`: pushes to branches of a pattern have to keep rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from domain.authority.acts import Hold, Rules
from domain.authority.roles import BY_WORD, Role
from domain.fold.kind import Kind, Payload, Touch
from domain.ids import Did, EventId
from domain.limits import APPROVALS_MAX, CHECKS_MAX, LABEL_NAME_CHARS_MAX, PUSHERS_MAX
from domain.protection.state import Pattern, ProtectionState, pattern_problem, protection_key
from domain.words import Cut, Replaces, cut_problem, did_problem, line_problem

if TYPE_CHECKING:
    from domain.envelope import Event

CheckName = Annotated[str, msgspec.Meta(min_length=1, max_length=LABEL_NAME_CHARS_MAX)]


class BranchProtected(Payload, frozen=True, kw_only=True):
    """The rules bind whoever could not lift them; pushes already made count up to `cut` (none: this event's parents).

    With `approvals` or `checks`, changes come by a merge that has them, not by a push.
    """

    pattern: Pattern
    replaces: Replaces
    push_role: str = "developer"
    pushers: Annotated[list[str], msgspec.Meta(max_length=PUSHERS_MAX)] = []
    allow_force: bool = False
    allow_delete: bool = False
    approvals: Annotated[int, msgspec.Meta(ge=0, le=APPROVALS_MAX)] = 0
    dismiss_stale: bool = False
    checks: Annotated[list[CheckName], msgspec.Meta(max_length=CHECKS_MAX)] = []
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
