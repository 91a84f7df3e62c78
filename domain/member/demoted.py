"""`member.demoted.v1`: a principal's roles are reduced."""

from __future__ import annotations

from domain.authority.roles import BY_WORD, Role
from domain.fold.kind import Kind, Payload
from domain.member.state import limiting, touching_member
from domain.words import Cut, cut_problem, did_problem


class MemberDemoted(Payload, frozen=True, kw_only=True):
    """No more than `role` from now on; what took more counts up to `cut` (none: up to this event's parents)."""

    principal: str
    role: str
    cut: Cut = []

    def problem(self) -> str:
        if not Role.VIEWER <= BY_WORD.get(self.role, Role.BLOCKED) <= Role.ADMIN:
            return "role is not viewer, developer, maintainer or admin"
        return did_problem(self.principal, "principal") or cut_problem(self.cut)


KIND = Kind(
    name="member.demoted.v1",
    payload=MemberDemoted,
    action="member.change",
    touches=touching_member("demoted", lambda payload: payload.role),
    acts_on=("repository",),
    deed=limiting(lambda payload: BY_WORD[payload.role]),
)
