"""`identity.device_enrolled.v1`: a principal makes a device known. The certificate counts, not who publishes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.authority.enrolment import read_certificate
from domain.fold.kind import Kind, Payload
from domain.identity.certificates import Certificates, chain_in, enrolment_in, touching_identity

if TYPE_CHECKING:
    from domain.envelope import Event
    from domain.identity.state import IdentityState


class DeviceEnrolled(Payload, frozen=True, kw_only=True):
    """The device's certificate, last, behind the one of the recovery key that signed it, if one did."""

    certificates: Certificates

    def problem(self) -> str:
        return "" if self.certificates else "certificates are missing"


def _check(event: Event, payload: DeviceEnrolled) -> str:
    chain = chain_in(payload.certificates)
    last = read_certificate(chain[-1][0])
    return "enrolment-invalid" if last is None else enrolment_in(chain, event, last.device).fault


def _apply(state: IdentityState, _: Event, payload: DeviceEnrolled | None) -> None:
    assert payload is not None, "it cannot be redacted"
    chain = chain_in(payload.certificates)
    last = read_certificate(chain[-1][0])
    assert last is not None, "it was judged"
    state.devices.setdefault(last.device, set()).add(chain)


KIND = Kind(
    name="identity.device_enrolled.v1",
    payload=DeviceEnrolled,
    action="identity.edit",
    touches=touching_identity(_apply),
    acts_on=("identity",),
    check=_check,
)
