"""`member.blocked.v1`: a principal may do nothing here any more, not even what everybody may."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from domain.authority.acts import Limit
from domain.authority.roles import Role
from domain.fold.kind import Kind, Payload, Touch
from domain.ids import Did, EventId
from domain.member.state import MemberState, member_key, note
from domain.words import Cut, cut_problem, did_problem

if TYPE_CHECKING:
    from domain.envelope import Event


class MemberBlocked(Payload, frozen=True, kw_only=True):
    """What the principal did counts up to `cut` (none: up to this event's parents)."""

    principal: str
    cut: Cut = []

    def problem(self) -> str:
        return did_problem(self.principal, "principal") or cut_problem(self.cut)


def _apply(principal: Did, state: MemberState, event: Event, _: MemberBlocked) -> None:
    note(state, event, principal, "blocked", Role.BLOCKED.word)


def _touches(event: Event, payload: MemberBlocked | None) -> tuple[Touch, ...]:
    assert payload is not None, "payloads of authority cannot be redacted"
    principal = Did(payload.principal)
    return (Touch(member_key(event.stream, principal), MemberState, partial(_apply, principal)),)


def _deed(_: Event, payload: MemberBlocked) -> Limit:
    return Limit(Role.BLOCKED, principal=Did(payload.principal), cut=tuple(map(EventId, payload.cut)))


KIND = Kind(
    name="member.blocked.v1",
    payload=MemberBlocked,
    action="member.change",
    touches=_touches,
    acts_on=("repository",),
    deed=_deed,
)
