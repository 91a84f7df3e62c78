"""`device.revoked.v1`: one device counts no longer in this repository, for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.authority.acts import Limit
from domain.authority.roles import Role
from domain.fold.kind import Kind, Payload, Touch
from domain.ids import DeviceKey, EventId
from domain.words import Cut, Id, cut_problem

if TYPE_CHECKING:
    from domain.envelope import Event


class DeviceRevoked(Payload, frozen=True, kw_only=True):
    """The device's public key; what it wrote counts up to `cut` (none: up to this event's parents)."""

    device: Id
    cut: Cut = []

    def problem(self) -> str:
        return cut_problem(self.cut)


def _touches(_: Event, __: DeviceRevoked | None) -> tuple[Touch, ...]:
    return ()


def _deed(_: Event, payload: DeviceRevoked) -> Limit:
    return Limit(Role.BLOCKED, device=DeviceKey(payload.device), cut=tuple(map(EventId, payload.cut)))


KIND = Kind(
    name="device.revoked.v1",
    payload=DeviceRevoked,
    action="device.revoke",
    touches=_touches,
    acts_on=("repository",),
    deed=_deed,
)
