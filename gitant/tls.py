"""The node's own certificate: whether it can be used, and how a command beside the node knows it."""

from __future__ import annotations

import hashlib
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, final

from domain.errors import InvalidInput, Unavailable

if TYPE_CHECKING:
    import ssl
    from datetime import datetime

    from gitant.settings import Settings

_NOT_FOR_OTHERS: Final = stat.S_IRWXO | stat.S_IWGRP
"""A group may read the key: that is how one key serves several programs (Debian's `ssl-cert`)."""


@final
@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Where certificate and key are."""

    cert: Path
    key: Path

    def digest(self) -> bytes:
        """Changes when either file does."""
        return hashlib.sha256(_bytes_of(self.cert) + b"\0" + _bytes_of(self.key)).digest()


def tls_files(settings: Settings) -> TlsFiles | None:
    """The files that the settings name, found to be usable; None for plain HTTP. Raises a `LocalFault`."""
    if not settings.tls_cert and not settings.tls_key:
        return None
    if not settings.tls_cert or not settings.tls_key:
        given, missing = ("tls_cert", "tls_key") if settings.tls_cert else ("tls_key", "tls_cert")
        raise InvalidInput(f"{given} is set and {missing} is not", hint="set both for HTTPS, or neither")
    files = TlsFiles(Path(settings.tls_cert), Path(settings.tls_key))
    check_mode(files.key)
    _check_pair(files)
    return files


def check_mode(key: Path) -> None:
    """Raise `Unavailable` if others may read the key, or somebody else could put another in its place."""
    try:
        mode = stat.S_IMODE(key.stat().st_mode)
    except OSError as fault:
        raise _unreadable(key, fault) from fault
    if mode & _NOT_FOR_OTHERS:
        raise Unavailable(
            f"the TLS key {key} is open to others (its mode is {mode:o})",
            hint=f"chmod 600 {key}, and get a new certificate if somebody may have read it",
        )


def end_of_life(cert: Path) -> datetime:
    """When the certificate expires, in UTC; raises `Unavailable` for what is no certificate."""
    from cryptography.x509 import load_pem_x509_certificate

    try:
        return load_pem_x509_certificate(_bytes_of(cert)).not_valid_after_utc
    except ValueError as fault:
        raise Unavailable(f"{cert} is no certificate in PEM: {fault}", hint="give the full chain, in PEM") from fault


def trust_only(cert: str) -> ssl.SSLContext:
    """What a client trusts that knows the node by its very certificate, whatever name it is issued for."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # The node is reached at a loopback address, which a certificate for the world does not name.
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        context.load_verify_locations(cert)
    except OSError as fault:
        raise Unavailable(
            f"the node's certificate {cert} cannot be read: {fault}", hint="name the node by its public URL with --url"
        ) from fault
    return context


def _check_pair(files: TlsFiles) -> None:
    import ssl

    for path in (files.cert, files.key):
        _bytes_of(path)
    try:
        # The password is asked for when the key has one, and this one opens none: no service can type one.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(files.cert, files.key, password="")
    except OSError as fault:  # ssl.SSLError is one
        raise Unavailable(
            f"{files.cert} and {files.key} cannot be used for TLS: {fault}",
            hint="give PEM files: the certificate with its chain, and its own key without a password",
        ) from fault


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as fault:
        raise _unreadable(path, fault) from fault


def _unreadable(path: Path, fault: OSError) -> Unavailable:
    return Unavailable(
        f"{path} cannot be read: {fault.strerror}",
        hint="look at tls_cert and tls_key, and at that file's owner and mode",
    )
