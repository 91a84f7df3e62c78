"""`member.granted.v1`: a principal gets a role. It outlives every limit on the principal that is in its past."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.authority.acts import Grant
from domain.authority.roles import BY_WORD, GRANTABLE, Role
from domain.fold.kind import Kind, Payload
from domain.ids import Did
from domain.member.state import touching_member
from domain.words import did_problem

if TYPE_CHECKING:
    from domain.envelope import Event


class MemberGranted(Payload, frozen=True, kw_only=True):
    """`role` is viewer, developer, maintainer, admin or owner; guest ends a block."""

    principal: str
    role: str

    def problem(self) -> str:
        role = BY_WORD.get(self.role)
        if role not in GRANTABLE and role is not Role.GUEST:
            return "role is not guest, viewer, developer, maintainer, admin or owner"
        return did_problem(self.principal, "principal")


def _deed(_: Event, payload: MemberGranted) -> Grant:
    return Grant(Did(payload.principal), BY_WORD[payload.role])


KIND = Kind(
    name="member.granted.v1",
    payload=MemberGranted,
    action="member.change",
    touches=touching_member("granted", lambda payload: payload.role),
    acts_on=("repository",),
    deed=_deed,
)
