"""Certificates in payloads of identity streams, and what follows from them alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from domain.authority.enrolment import RANK_PLAIN, RANK_ROOT, read_certificate, read_chain
from domain.fold.kind import Touch
from domain.identity.state import IdentityState
from domain.keys import did_of
from domain.limits import CERTIFICATE_BYTES_MAX, CERTIFICATES_MAX

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from domain.authority.enrolment import Chain, Enrolment
    from domain.envelope import Event
    from domain.ids import DeviceKey


class SignedCertificate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One certificate's bytes, and the signature over them."""

    certificate: Annotated[bytes, msgspec.Meta(min_length=1, max_length=CERTIFICATE_BYTES_MAX)]
    signature: Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]


Certificates = Annotated[list[SignedCertificate], msgspec.Meta(max_length=CERTIFICATES_MAX)]


def chain_in(certificates: Sequence[SignedCertificate]) -> Chain:
    """As the header of an event would hold them."""
    return tuple((each.certificate, each.signature) for each in certificates)


def enrolment_in(chain: Chain, event: Event, device: DeviceKey) -> Enrolment:
    """What a chain says of a device for the event's author; where its certificates hold does not matter here."""
    last = read_certificate(chain[-1][0])
    found = read_chain(chain, device, (last.stream if last else None) or event.stream)
    if not found.fault and found.principal != event.author:
        return found._replace(fault="enrolment-forged")
    return found


def signer_rank(event: Event, certificates: Sequence[SignedCertificate]) -> int:
    """The rank of an event's own device, shown by its key or by the certificates in the payload; 0 for a plain one."""
    if did_of(event.device) == event.author:
        return RANK_ROOT
    if not certificates:
        return RANK_PLAIN
    found = enrolment_in(chain_in(certificates), event, event.device)
    return RANK_PLAIN if found.fault else found.rank


def touching_identity(
    apply: Callable[[IdentityState, Event, Any], None],
) -> Callable[[Event, Any], tuple[Touch, ...]]:
    """The `touches` of a kind that acts on an identity."""

    def touches(event: Event, _: Any) -> tuple[Touch, ...]:
        return (Touch(bytes(event.stream), IdentityState, apply),)

    return touches
