"""Peers through HTTPS: the node's own TLS in front, with a certificate of an authority that the test makes."""

from __future__ import annotations

import json
import signal
import ssl
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from domain.ids import Did
from tests.gitant.network.meeting import free_port, soon
from tests.gitant.running import PATIENCE_S, Node
from tests.making import key
from tests.transport.carrier.kit import in_real_time, node
from transport.carrier.address import PeerAddress, Web
from transport.carrier.seam import Why, WireClosed
from transport.carrier.sockets import Sockets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Front(NamedTuple):
    """A node behind HTTPS, and the authority that vouches for its name, `localhost`."""

    did: Did
    port: int
    authority: Path

    def at(self, host: str, did: Did | None = None) -> PeerAddress:
        return PeerAddress(did or self.did, Web(True, host, self.port, "/peer"))


def _signed(name: str, issuer: str, signer: ec.EllipticCurvePrivateKey, own: ec.EllipticCurvePrivateKey) -> bytes:
    """A certificate for a host name, or (of itself) for an authority."""
    now, is_authority = datetime.now(UTC), name == issuer
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    )
    return made.sign(signer, SHA256()).public_bytes(Encoding.PEM)


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp("front")
    authority, own = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    paths = [folder / name for name in ("ca.pem", "cert.pem", "key.pem")]
    paths[0].write_bytes(_signed("authority.test", "authority.test", authority, authority))
    paths[1].write_bytes(_signed("localhost", "authority.test", authority, own))
    paths[2].touch(mode=0o600)
    paths[2].write_bytes(own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    flags = ["--tls-cert", str(paths[1]), "--tls-key", str(paths[2]), "--peer-port", str(free_port())]
    started = Node(folder / "node", *flags, port=(port := free_port()))
    try:
        started.wait_ready()
        soon((folder / "node" / "cache" / "relay.sock").exists, "the process behind the port takes peers")
        trust = ssl.create_default_context(cafile=str(paths[0]))
        url = f"https://localhost:{port}/api/v1/status"
        with urllib.request.urlopen(url, timeout=PATIENCE_S, context=trust) as answer:
            did = Did(json.loads(answer.read())["did"])
        yield Front(did, port, paths[0])
    finally:
        started.end(signal.SIGTERM)


def _refused(front: Front, address: PeerAddress, trust: ssl.SSLContext | None = None) -> tuple[Why, str]:
    found = list[tuple[Why, str]]()

    async def main() -> None:
        async with node("alice", Sockets(trust)) as alice:
            with pytest.raises(WireClosed) as caught:
                await alice.carrier.dial(address)
            found.append((caught.value.why, caught.value.words))

    in_real_time(main)
    return found[0]


def test_a_certificate_that_the_system_trusts_leads_in(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(front.authority))

    async def main() -> None:
        async with node("alice", Sockets()) as alice:
            wire = await alice.carrier.dial(front.at("localhost"))
            assert (wire.peer, wire.closed) == (front.did, None)
            await wire.receive()  # its hello
            await wire.aclose()

    in_real_time(main)


def test_nobody_s_certificate_and_the_wrong_name_do_not(front: Front) -> None:
    trusted = ssl.create_default_context(cafile=str(front.authority))
    for address, trust in ((front.at("localhost"), None), (front.at("127.0.0.1"), trusted)):
        why, words = _refused(front, address, trust)
        assert why is Why.UNREACHABLE
        assert "has no certificate that holds" in words


def test_a_good_certificate_proves_no_key(front: Front) -> None:
    trusted = ssl.create_default_context(cafile=str(front.authority))
    assert _refused(front, front.at("localhost", key("bob").did), trusted)[0] is Why.WRONG_KEY
