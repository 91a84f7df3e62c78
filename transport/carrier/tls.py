"""Mutual TLS 1.3 between nodes, over any stream of bytes: both ends prove the Ed25519 key that is their name.

One code path proves keys, whatever the bytes travel on. A dialler checks the other side's key before it shows its own,
so whoever answers at a wrong address learns nothing.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, cast, final

import trio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from OpenSSL import SSL

from domain.ids import DeviceKey
from domain.keys import did_of
from transport.carrier.certificate import RENEWED_AFTER, CertificateFault, certificate_for, key_shown
from transport.carrier.limits import HANDSHAKE_BYTES_MAX, PROTOCOL, PROVING
from transport.carrier.seam import Why, WireClosed

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.x509 import Certificate
    from OpenSSL.crypto import X509

    from domain.ids import Did

CIPHER: Final = b"TLS_AES_128_GCM_SHA256"
"""The one that every implementation of TLS 1.3 has: with nothing to choose from, nobody can choose badly."""
_SELF_SIGNED: Final = 18
"""OpenSSL's X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: what every peer's certificate must be."""
_CHUNK_BYTES: Final = 256 << 10
_PLAIN_BYTES: Final = 16 << 10
"""One record of TLS holds no more."""


_TAKING: Final = b""
"""What whoever listens offers: it takes what comes."""


def utc_now() -> datetime:
    """The time of day, as certificates need it."""
    return datetime.now(UTC)


@final
@dataclass(slots=True)
class Expectation:
    """Who must be at the other end of one connection, and who was found there."""

    did: Did | None
    now: datetime
    peer: Did | None = None
    fault: WireClosed | None = None

    def look_at(self, shown: X509) -> None:
        """Set `peer`, or `fault` if the certificate is not taken or somebody else's."""
        try:
            peer = did_of(key_shown(shown.to_cryptography(), self.now))
        except CertificateFault as fault:
            self.fault = WireClosed(Why.NOT_PROVEN, f"its certificate {fault}")
            return
        except Exception as fault:  # noqa: BLE001  # whatever a parser makes of hostile bytes, it must stay here
            self.fault = WireClosed(Why.NOT_PROVEN, f"its certificate cannot be read: {type(fault).__name__}")
            return
        if self.did not in {None, peer}:
            self.fault = WireClosed(Why.WRONG_KEY, f"{peer} answers where {self.did} should be")
            return
        self.peer = peer


@final
class Credentials:
    """A node's key, in the form that TLS wants it. `seed` is the Ed25519 seed of the node's identity."""

    def __init__(self, seed: bytes, clock: Callable[[], datetime] = utc_now) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.did = did_of(_raw(self._key))
        self._clock = clock
        self._made_at: datetime | None = None
        self._contexts: dict[bytes, SSL.Context] = {}

    async def secure(
        self, stream: trio.abc.Stream, *, dialled: bool, expected: Did | None = None, proving: bool = False
    ) -> TlsPipe:
        """Prove this node's key and have the peer's proven; raises `WireClosed`. The caller has the deadline.

        `expected` is whose key it must be. Without it any node's will do, and `peer` says whose it was. A dialler that
        is `proving` wants nothing more than that.
        """
        now = self._clock()
        connection = SSL.Connection(
            self._context(now, _TAKING if not dialled else PROVING if proving else PROTOCOL), None
        )
        expectation = Expectation(expected, now)
        connection.set_app_data(expectation)
        if dialled:
            connection.set_connect_state()
        else:
            connection.set_accept_state()
        pipe = TlsPipe(stream, connection)
        await pipe.shake(expectation)
        return pipe

    def _context(self, now: datetime, offers: bytes) -> SSL.Context:
        if self._made_at is None or not self._made_at <= now < self._made_at + RENEWED_AFTER:
            self._made_at = now
            certificate = certificate_for(self._key, now)
            self._contexts = {each: _context(self._key, certificate, each) for each in (_TAKING, PROTOCOL, PROVING)}
        return self._contexts[offers]


@final
class TlsPipe:
    """A stream of bytes whose other end is `peer`. One task may send while another receives."""

    def __init__(self, stream: trio.abc.Stream, connection: SSL.Connection) -> None:
        self._stream = stream
        self._tls = connection
        self._peer: Did | None = None
        self.speaks = b""
        """The protocol that both ends offered; empty if there is none."""

    @property
    def peer(self) -> Did:
        """Whose key the other end has proven to hold."""
        assert self._peer is not None
        return self._peer

    async def shake(self, expectation: Expectation) -> None:
        """Do the handshake. Raises `WireClosed`; what stream and TLS raise does not get out."""
        received = 0
        while True:
            try:
                self._tls.do_handshake()
            except SSL.WantReadError:
                await self._flush()
            except SSL.Error as error:
                await self._flush_alert()
                raise expectation.fault or _refused(error) from error
            else:
                break
            data = await self._from_stream()
            if not data:
                raise WireClosed(Why.CUT, "the connection ended in the middle of the handshake")
            received += len(data)
            if received > HANDSHAKE_BYTES_MAX:
                raise WireClosed(Why.MALFORMED, f"the handshake took more than {HANDSHAKE_BYTES_MAX} bytes")
            self._tls.bio_write(data)
        await self._flush()
        if expectation.peer is None:  # OpenSSL asked about no certificate: then there was none
            raise WireClosed(Why.NOT_PROVEN, "the peer showed no certificate")
        self._check_alone()
        self._peer = expectation.peer
        self.speaks = self._tls.get_alpn_proto_negotiated()

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send bytes; raises `WireClosed` if the connection broke."""
        try:
            self._tls.sendall(data)
        except SSL.Error as error:
            raise _refused(error) from error
        await self._flush()

    async def receive_some(self, max_bytes: int = _CHUNK_BYTES) -> bytes:
        """What has come, of so many bytes below; `b""` when the peer ended it in good order. Raises `WireClosed`."""
        while True:
            try:
                if found := self._decrypted():
                    return found
            except SSL.ZeroReturnError:
                return b""
            except SSL.Error as error:
                raise _refused(error) from error
            data = await self._from_stream(max_bytes)
            if not data:
                raise WireClosed(Why.CUT, "the connection broke without a word")
            self._tls.bio_write(data)

    async def aclose(self) -> None:
        """Close the stream below, after a last word of TLS if it can be had."""
        try:
            self._tls.shutdown()
            with trio.move_on_after(0.1):
                await self._flush()
        except (SSL.Error, WireClosed):
            pass  # it is closed one way or the other
        finally:
            await trio.aclose_forcefully(self._stream)

    def _decrypted(self) -> bytes:
        """All that can be read without more bytes from below."""
        parts: list[bytes] = []
        try:
            while True:
                parts.append(self._tls.recv(_PLAIN_BYTES))
        except SSL.WantReadError:
            pass
        except SSL.ZeroReturnError:
            if not parts:
                raise
        return b"".join(parts)

    def _check_alone(self) -> None:
        """Refuse a certificate that brings others along, although nobody would ask them."""
        shown = self._tls.get_peer_certificate(as_cryptography=True)
        chain = self._tls.get_peer_cert_chain(as_cryptography=True) or []
        if len(chain) > 1 or any(each != shown for each in chain):
            raise WireClosed(Why.NOT_PROVEN, "the peer's certificate brings others along, where it must stand alone")

    async def _flush(self) -> None:
        parts: list[bytes] = []
        with suppress(SSL.WantReadError):
            while not parts or len(parts[-1]) == _CHUNK_BYTES:
                parts.append(self._tls.bio_read(_CHUNK_BYTES))
        if parts:
            try:
                await self._stream.send_all(parts[0] if len(parts) == 1 else b"".join(parts))
            except (trio.BrokenResourceError, trio.ClosedResourceError) as fault:
                raise WireClosed(Why.CUT, "the connection broke") from fault

    async def _flush_alert(self) -> None:
        """Tell the peer why, if it still listens."""
        with trio.move_on_after(0.1):
            with suppress(WireClosed):
                await self._flush()

    async def _from_stream(self, max_bytes: int = HANDSHAKE_BYTES_MAX) -> bytes:
        try:
            return bytes(await self._stream.receive_some(max_bytes))
        except (trio.BrokenResourceError, trio.ClosedResourceError) as fault:
            raise WireClosed(Why.CUT, "the connection broke") from fault


def _context(key: Ed25519PrivateKey, certificate: Certificate, offers: bytes) -> SSL.Context:
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_min_proto_version(SSL.TLS1_3_VERSION)
    context.set_max_proto_version(SSL.TLS1_3_VERSION)
    context.set_tls13_ciphersuites(CIPHER)
    context.use_certificate(certificate)
    context.use_privatekey(key)
    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, _is_expected)
    # Each connection proves both keys anew: nothing is resumed, and nothing is sent before that.
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_options(SSL.OP_NO_TICKET | SSL.OP_NO_COMPRESSION | SSL.OP_NO_RENEGOTIATION)
    if offers == _TAKING:
        context.set_alpn_select_callback(_chosen)
    else:
        context.set_alpn_protos([offers])
    return context


def _chosen(_: SSL.Connection, offered: list[bytes]) -> Any:
    """None in common is no reason to end TLS: inside it the peer can be told which versions are spoken."""
    return next((each for each in (PROTOCOL, PROVING) if each in offered), SSL.NO_OVERLAPPING_PROTOCOLS)


def _is_expected(connection: SSL.Connection, shown: X509, error: int, depth: int, _: int) -> bool:
    """What OpenSSL asks about each certificate it looks at. Must not raise: that would end up in another connection."""
    expectation: Expectation = connection.get_app_data()
    if depth != 0 or error not in {0, _SELF_SIGNED}:
        words = "its certificate does not stand alone" if depth else f"its certificate is not taken (OpenSSL: {error})"
        expectation.fault = expectation.fault or WireClosed(Why.NOT_PROVEN, words)
    elif expectation.peer is None and expectation.fault is None:
        expectation.look_at(shown)
    return expectation.fault is None


def _refused(error: SSL.Error) -> WireClosed:
    """What a failure of TLS means."""
    # pyOpenSSL raises the queue of OpenSSL's errors: (library, function, reason) of each
    queue = cast("list[tuple[str, str, str]]", error.args[0] if error.args else [])
    reason = queue[0][2] if queue else "it failed without a reason"
    if "alert" in reason:
        if "version" in reason:
            return WireClosed(Why.VERSION, "the peer does not speak TLS 1.3", by_peer=True)
        why = Why.NOT_PROVEN if "certificate" in reason or "unknown ca" in reason else Why.CUT
        return WireClosed(why, f"the peer refused TLS: {reason}", by_peer=True)
    if "did not return a certificate" in reason:
        return WireClosed(Why.NOT_PROVEN, "the peer showed no certificate")
    if "unsupported protocol" in reason or "version" in reason:
        return WireClosed(Why.VERSION, "the peer does not speak TLS 1.3")
    return WireClosed(Why.MALFORMED, f"the peer breaks TLS: {reason}")


def _raw(key: Ed25519PrivateKey) -> DeviceKey:
    return DeviceKey(key.public_key().public_bytes_raw())
