"""`identity.device_revoked.v1`: nodes take nothing more from a device; `device.revoked.v1` ends it in a repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.authority.enrolment import RANK_PLAIN, RANK_ROOT
from domain.fold.kind import Kind, Payload
from domain.identity.certificates import Certificates, signer_rank, touching_identity
from domain.ids import DeviceKey
from domain.words import Id

if TYPE_CHECKING:
    from domain.envelope import Event
    from domain.identity.state import IdentityState


class DeviceEnded(Payload, frozen=True, kw_only=True):
    """The device, and the certificates of the one that signs this, unless that is the root key or the device itself."""

    device: Id
    certificates: Certificates = []


def _rank(event: Event, payload: DeviceEnded) -> int:
    if payload.device == event.device:
        return RANK_ROOT + 1  # whoever gives his own key up is believed
    return signer_rank(event, payload.certificates)


def _check(event: Event, payload: DeviceEnded) -> str:
    return "no-authority" if _rank(event, payload) == RANK_PLAIN else ""


def _apply(state: IdentityState, event: Event, payload: DeviceEnded | None) -> None:
    assert payload is not None, "it cannot be redacted"
    device = DeviceKey(payload.device)
    state.ended[device] = max(state.ended.get(device, RANK_PLAIN), _rank(event, payload))


KIND = Kind(
    name="identity.device_revoked.v1",
    payload=DeviceEnded,
    action="identity.edit",
    touches=touching_identity(_apply),
    acts_on=("identity",),
    check=_check,
)
