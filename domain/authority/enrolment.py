"""Enrolment certificates: a principal's root key says that another key may act for it.

A feed's first event carries the certificate (header field `enrolment`), so that whoever has the stream can check it for
ever without any other stream. One certificate is signed by the root key; a second may follow, signed by a key that the
first gave the power `enrol` (a recovery key), which is how a principal lives on after its root key is lost.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from domain.canonical import NotCanonical, decode, encode
from domain.errors import InvalidInput
from domain.ids import DeviceKey, Did, StreamId
from domain.keys import is_did, is_sound_key, is_sound_signature, key_of, verify
from domain.limits import CERTIFICATE_BYTES_MAX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.keys import SigningKey

CERTIFICATE_TAG: Final = b"gitant/enrolment/v1/signature\0"
POWERS: Final = ("enrol", "manage")
"""`manage` revokes the principal's lesser devices; `enrol` adds devices."""

RANK_ROOT: Final = 3
RANK_ENROL: Final = 2
RANK_MANAGE: Final = 1
RANK_PLAIN: Final = 0
"""Among one principal's devices: who may revoke whom (only the strictly lower)."""

Chain = tuple[tuple[bytes, bytes], ...]
"""Certificates with their signatures, as the header holds them."""


class Certificate(NamedTuple):
    """What one certificate says. `node` keeps a custodial key; `stream` is where alone it holds."""

    principal: Did
    device: DeviceKey
    powers: tuple[str, ...] = ()
    node: Did | None = None
    stream: StreamId | None = None


class Enrolment(NamedTuple):
    """What a device may do for its principal; `fault` is the void reason of one that may nothing."""

    principal: Did
    rank: int
    node: Did | None = None
    fault: str = ""


NOT_ENROLLED: Final = Enrolment(Did(""), RANK_PLAIN, None, "not-enrolled")


def certify(certificate: Certificate, key: SigningKey) -> tuple[bytes, bytes]:
    """Sign a certificate: its bytes and the signature. Raises `InvalidInput` for one that nobody would take."""
    data = encode({name: _plain(value) for name, value in certificate._asdict().items() if value is not None})
    if read_certificate(data) is None:
        raise InvalidInput(
            "the certificate is not well formed", hint="a device key is 32 bytes, powers are enrol, manage"
        )
    return data, key.sign(CERTIFICATE_TAG + data)


def read_chain(chain: Chain, device: DeviceKey, stream: StreamId) -> Enrolment:
    """What the certificates of a feed's first event come to, for its device and stream. Never raises."""
    found = _read_chain(chain, device)
    if found.fault:
        return found
    for data, _ in chain:
        certificate = read_certificate(data)
        assert certificate is not None
        if certificate.stream is not None and certificate.stream != stream:
            return found._replace(fault="enrolment-elsewhere")
    return found


@lru_cache(maxsize=4096)
def _read_chain(chain: Chain, device: DeviceKey) -> Enrolment:
    certificates = [read_certificate(data) for data, _ in chain]
    first, last = certificates[0], certificates[-1]
    if first is None or last is None:
        return NOT_ENROLLED._replace(fault="enrolment-invalid")
    signer = key_of(first.principal)
    for number, (certificate, (data, signature)) in enumerate(zip(certificates, chain, strict=True), 1):
        assert certificate is not None
        if certificate.principal != first.principal or not is_sound_signature(signature):
            return NOT_ENROLLED._replace(fault="enrolment-invalid")
        if not verify(signer, signature, CERTIFICATE_TAG + data):
            return NOT_ENROLLED._replace(fault="enrolment-forged")
        if number < len(chain) and "enrol" not in certificate.powers:
            return NOT_ENROLLED._replace(fault="enrolment-forged")
        signer = certificate.device
    if last.device != device:
        return NOT_ENROLLED._replace(fault="enrolment-forged")
    if len(chain) > 1 and "enrol" in last.powers:
        # A recovery key makes no further recovery keys: chains stay at two, and its holder gains no lasting power.
        return NOT_ENROLLED._replace(fault="enrolment-invalid")
    return Enrolment(first.principal, _rank(last.powers), last.node)


def rank_of(chain: Chain) -> int:
    """The rank that a sound chain gives its device."""
    last = read_certificate(chain[-1][0])
    return RANK_PLAIN if last is None else _rank(last.powers)


def _rank(powers: Sequence[str]) -> int:
    if "enrol" in powers:
        return RANK_ENROL
    return RANK_MANAGE if "manage" in powers else RANK_PLAIN


@lru_cache(maxsize=4096)
def read_certificate(data: bytes) -> Certificate | None:
    """A certificate's bytes as what they say, or None if they are none."""
    if len(data) > CERTIFICATE_BYTES_MAX:
        return None
    try:
        value = decode(data)
    except NotCanonical:
        return None
    if not isinstance(value, dict):
        return None
    fields = cast("dict[str, Any]", value)
    if not {"principal", "device", "powers"} <= fields.keys() <= set(Certificate._fields):
        return None
    principal, device, powers = fields["principal"], fields["device"], fields["powers"]
    node, stream = fields.get("node"), fields.get("stream")
    if not (isinstance(principal, str) and is_did(principal) and isinstance(device, bytes) and is_sound_key(device)):
        return None
    if not isinstance(powers, list) or powers != sorted({power for power in POWERS if power in powers}):
        return None
    if node is not None and not (isinstance(node, str) and is_did(node)):
        return None
    if stream is not None and not (isinstance(stream, bytes) and len(stream) == 32):
        return None
    return Certificate(
        Did(principal),
        DeviceKey(device),
        tuple(cast("list[str]", powers)),
        None if node is None else Did(node),
        None if stream is None else StreamId(stream),
    )


def _plain(value: Any) -> Any:
    return [*value] if isinstance(value, tuple) else value
