"""`member.revoked.v1`: every role of a principal ends; about oneself, it is leaving."""

from __future__ import annotations

from domain.authority.roles import Role
from domain.fold.kind import Kind, Payload
from domain.member.state import limiting, touching_member
from domain.words import Cut, cut_problem, did_problem


class MemberRevoked(Payload, frozen=True, kw_only=True):
    """What the principal did counts up to `cut` (none: up to this event's parents)."""

    principal: str
    cut: Cut = []

    def problem(self) -> str:
        return did_problem(self.principal, "principal") or cut_problem(self.cut)


KIND = Kind(
    name="member.revoked.v1",
    payload=MemberRevoked,
    action="member.change",
    touches=touching_member("revoked", lambda _: Role.GUEST.word),
    acts_on=("repository",),
    deed=limiting(lambda _: Role.GUEST),
)
