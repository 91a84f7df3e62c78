"""`member.demoted.v1`: a principal's roles are reduced."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from domain.authority.acts import Limit
from domain.authority.roles import BY_WORD, Role
from domain.fold.kind import Kind, Payload, Touch
from domain.ids import Did, EventId
from domain.member.state import MemberState, member_key, note
from domain.words import Cut, cut_problem, did_problem

if TYPE_CHECKING:
    from domain.envelope import Event


class MemberDemoted(Payload, frozen=True, kw_only=True):
    """No more than `role` from now on; what took more counts up to `cut` (none: up to this event's parents)."""

    principal: str
    role: str
    cut: Cut = []

    def problem(self) -> str:
        if not Role.VIEWER <= BY_WORD.get(self.role, Role.BLOCKED) <= Role.ADMIN:
            return "role is not viewer, developer, maintainer or admin"
        return did_problem(self.principal, "principal") or cut_problem(self.cut)


def _apply(principal: Did, state: MemberState, event: Event, payload: MemberDemoted) -> None:
    note(state, event, principal, "demoted", payload.role)


def _touches(event: Event, payload: MemberDemoted | None) -> tuple[Touch, ...]:
    assert payload is not None, "payloads of authority cannot be redacted"
    principal = Did(payload.principal)
    return (Touch(member_key(event.stream, principal), MemberState, partial(_apply, principal)),)


def _deed(_: Event, payload: MemberDemoted) -> Limit:
    return Limit(BY_WORD[payload.role], principal=Did(payload.principal), cut=tuple(map(EventId, payload.cut)))


KIND = Kind(
    name="member.demoted.v1",
    payload=MemberDemoted,
    action="member.change",
    touches=_touches,
    acts_on=("repository",),
    deed=_deed,
)
