"""`custodian.revoked.v1`: every device that one node keeps counts no longer in this repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.authority.acts import Limit
from domain.authority.roles import Role
from domain.fold.kind import Kind, Payload, Touch
from domain.ids import Did, EventId
from domain.words import Cut, cut_problem, did_problem

if TYPE_CHECKING:
    from domain.envelope import Event


class CustodianRevoked(Payload, frozen=True, kw_only=True):
    """The node's did; what its devices wrote counts up to `cut` (none: up to this event's parents)."""

    node: str
    cut: Cut = []

    def problem(self) -> str:
        return did_problem(self.node, "node") or cut_problem(self.cut)


def _touches(_: Event, __: CustodianRevoked | None) -> tuple[Touch, ...]:
    return ()


def _deed(_: Event, payload: CustodianRevoked) -> Limit:
    return Limit(Role.BLOCKED, node=Did(payload.node), cut=tuple(map(EventId, payload.cut)))


KIND = Kind(
    name="custodian.revoked.v1",
    payload=CustodianRevoked,
    action="device.revoke",
    touches=_touches,
    acts_on=("repository",),
    deed=_deed,
)
