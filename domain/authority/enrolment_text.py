"""Certificates as one line of text, as people copy them: `gitant-enrolment:` and base64url of the chain's CBOR."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, Final

from domain.authority.enrolment import read_certificate, read_chain
from domain.canonical import NotCanonical, decode, encode
from domain.errors import InvalidInput
from domain.ids import StreamId
from domain.limits import CERTIFICATE_BYTES_MAX, CERTIFICATES_MAX

if TYPE_CHECKING:
    from domain.authority.enrolment import Certificate, Chain

PREFIX: Final = "gitant-enrolment:"
_CHARS_MAX: Final = 2 * CERTIFICATES_MAX * CERTIFICATE_BYTES_MAX


def chain_text(chain: Chain) -> str:
    """A chain as one line."""
    data = encode([[certificate, signature] for certificate, signature in chain])
    return PREFIX + base64.urlsafe_b64encode(data).decode().rstrip("=")


def chain_of(text: str) -> Chain:
    """The chain that a line holds; raises `InvalidInput` for one that enrols no device anywhere."""
    line = text.strip()
    if not line.startswith(PREFIX) or len(line) > _CHARS_MAX:
        raise InvalidInput(f"a certificate is one line that begins with {PREFIX}")
    coded = line.removeprefix(PREFIX)
    try:
        value = decode(base64.b64decode(coded + "=" * (-len(coded) % 4), b"-_", validate=True))
    except (binascii.Error, ValueError, NotCanonical) as fault:
        raise InvalidInput("the certificate is damaged", hint="copy the whole line") from fault
    chain = _links(value)
    certificate = last_of(chain)
    # Where it holds is asked there; here, whether its signatures do.
    found = read_chain(chain, certificate.device, StreamId(b""))
    if found.fault not in ("", "enrolment-elsewhere"):
        raise InvalidInput("the certificate is not signed by a key that may enrol the device", field=found.fault)
    return chain


def last_of(chain: Chain) -> Certificate:
    """What the certificate at a chain's end says: the device's own. Raises `InvalidInput` for one that is none."""
    certificate = read_certificate(chain[-1][0])
    if certificate is None:
        raise InvalidInput("the certificate is not well formed")
    return certificate


def _links(value: Any) -> Chain:
    rows = _listed(value)
    if not 1 <= len(rows) <= CERTIFICATES_MAX:
        raise InvalidInput("the certificate is damaged", hint="copy the whole line")
    links: list[tuple[bytes, bytes]] = []
    for row in rows:
        parts = _listed(row)
        if len(parts) != 2 or not all(isinstance(part, bytes) for part in parts):
            raise InvalidInput("the certificate is damaged", hint="copy the whole line")
        links.append((parts[0], parts[1]))
    return tuple(links)


def _listed(value: Any) -> list[Any]:
    return list[Any](value) if isinstance(value, list) else []  # pyright: ignore[reportUnknownArgumentType]  # whatever it holds
