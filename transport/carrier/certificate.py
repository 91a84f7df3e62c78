"""The certificate that a node makes for itself, and what it demands of a peer's.

A certificate is only the form in which TLS shows a key. It is self-signed with the node's Ed25519 key and stands alone;
no authority is asked, nothing in it is believed but the key. So every other kind is refused, whoever signed it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID, SignatureAlgorithmOID

from domain.ids import DeviceKey
from domain.keys import is_sound_key
from transport.carrier.limits import CERTIFICATE_BYTES_MAX

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

LIFETIME: Final = timedelta(days=30)
RENEWED_AFTER: Final = timedelta(days=1)
SKEW: Final = timedelta(days=1)
"""How far back a new certificate is valid: peers' clocks are off, too."""
_NAME: Final = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "gitant node")])


class CertificateFault(Exception):
    """A peer's certificate is not taken; the words follow "its certificate"."""


def certificate_for(key: Ed25519PrivateKey, now: datetime) -> x509.Certificate:
    """A certificate that shows `key`, valid from a day ago."""
    return (
        x509.CertificateBuilder()
        .subject_name(_NAME)
        .issuer_name(_NAME)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, None)
    )


def key_shown(certificate: x509.Certificate, now: datetime) -> DeviceKey:
    """The key in a peer's certificate; raises `CertificateFault` for one that no node makes for itself."""
    try:
        return _key_shown(certificate, now)
    except (ValueError, UnsupportedAlgorithm, x509.DuplicateExtension) as fault:
        raise CertificateFault("cannot be read") from fault


def _key_shown(certificate: x509.Certificate, now: datetime) -> DeviceKey:
    if len(certificate.public_bytes(Encoding.DER)) > CERTIFICATE_BYTES_MAX:
        raise CertificateFault(f"has more than {CERTIFICATE_BYTES_MAX} bytes")
    key = certificate.public_key()
    if not isinstance(key, Ed25519PublicKey):
        raise CertificateFault("is not for an Ed25519 key")
    if certificate.signature_algorithm_oid != SignatureAlgorithmOID.ED25519:
        raise CertificateFault("is not signed with Ed25519")
    if certificate.issuer != certificate.subject:
        raise CertificateFault("was issued by somebody else")
    _check_time(certificate, now)
    _check_use(certificate)
    raw = key.public_bytes_raw()
    if not is_sound_key(raw):
        raise CertificateFault("shows a key that anybody can sign for")
    try:
        key.verify(certificate.signature, certificate.tbs_certificate_bytes)
    except InvalidSignature:
        raise CertificateFault("is not signed with the key that it shows") from None
    return DeviceKey(raw)


def _check_time(certificate: x509.Certificate, now: datetime) -> None:
    now = now.astimezone(UTC)
    if now < certificate.not_valid_before_utc:
        raise CertificateFault(f"is not valid before {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC")
    if now > certificate.not_valid_after_utc:
        raise CertificateFault(f"expired on {certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC")


def _check_use(certificate: x509.Certificate) -> None:
    for extension in certificate.extensions:
        if isinstance(extension.value, x509.BasicConstraints):
            if extension.value.ca:
                raise CertificateFault("is an authority's")
        elif extension.critical:
            raise CertificateFault("demands something that is unknown here")
