"""Checks on how the node is reached: its port, its address, its certificate, the proxy before it."""

from __future__ import annotations

import ipaddress
import re
import socket
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import httpx

from domain.errors import LocalFault
from gitant.doctor.finding import failed, ok, warning
from gitant.tls import end_of_life, tls_files, trust_only

if TYPE_CHECKING:
    import ssl

    from gitant.doctor.finding import Finding, Patient

ANSWER_S_MAX: Final = 5.0
_REFUSED: Final = re.compile(r'^gitant_http_requests_total\{[^}]*status="421"[^}]*\} (\S+)', re.MULTILINE)
RENEW_DAYS: Final = 14
_DID: Final = "/.well-known/did.json"


def port(patient: Patient) -> Finding:
    """Free for a node that is to be started; a node that runs has it."""
    host, number = patient.settings.host, patient.settings.port
    if patient.running is not None:
        return ok("port", f"the running node listens at {patient.running.url or 'nothing yet'}")
    try:
        family = socket.getaddrinfo(host, number, type=socket.SOCK_STREAM)[0][0]
        with closing(socket.socket(family, socket.SOCK_STREAM)) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, number))
    except OSError as fault:
        seen = f"{host}:{number} cannot be listened on: {fault.strerror or fault}{_holder(number)}"
        return failed("port", seen, "end the program that has it, or choose another: --port, GITANT_PORT (0: any)")
    return ok("port", f"{host}:{number} is free")


def exposure(patient: Patient) -> Finding:
    """Tokens do not travel in the clear beyond this machine."""
    settings = patient.settings
    if _is_loopback(settings.host):
        return ok("exposure", f"it listens on {settings.host}, for this machine alone")
    if settings.tls_cert or settings.public_url.startswith("https://"):
        return ok("exposure", "others reach it by HTTPS")
    fix = "set tls_cert and tls_key, or listen on 127.0.0.1 behind a proxy that speaks HTTPS and set public_url"
    return warning("exposure", f"it listens on {settings.host} and speaks plain HTTP", fix)


def public_url(patient: Patient) -> Finding:
    """Clone URLs and links are made from it."""
    settings = patient.settings
    if not settings.public_url:
        if _is_loopback(settings.host):
            if count := _misdirected(patient):
                seen = f"not set, and {count} requests were refused for the name they used: is a proxy in front?"
                return warning("public_url", seen, "set it to the address clients use, or name that in allowed_hosts")
            return ok("public_url", "not set, nor needed")
        return warning("public_url", "not set: links say whatever name a client used", "set it to the node's address")
    parts = urlsplit(settings.public_url)
    if parts.path.strip("/"):
        return failed("public_url", f"{settings.public_url} has a path", "give the node a host name of its own")
    if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        return warning("public_url", f"{settings.public_url} sends tokens in the clear", "serve it by https://")
    return ok("public_url", settings.public_url)


def proxy(patient: Patient) -> Finding:
    """Whoever asks at `public_url` gets this node, under that name."""
    address = patient.settings.public_url
    if address and not patient.settings.tls_cert and not patient.settings.trusted_proxies:
        seen = "the proxy is not trusted, so all who come through it share one rate limit"
        return warning("proxy", seen, "set trusted_proxies to its address, as the node sees it: 127.0.0.1, say")
    if not address or not patient.url:
        return ok("proxy", "not asked: " + ("no node runs" if address else "there is no public_url"))
    try:
        told = _told(address + _DID, True)
        told_here = _told(patient.url + _DID, trust_only(patient.cert) if patient.cert else True)
    except (httpx.HTTPError, ValueError) as fault:
        return warning("proxy", f"{address} does not answer as a node: {fault}", "look at the proxy's log and settings")
    if told.get("id") != told_here.get("id"):
        return failed("proxy", f"{address} leads to another node", "point the proxy at this node, or mend public_url")
    return ok("proxy", f"{address} leads here")


def certificate(patient: Patient) -> Finding:
    """The node's own certificate can be used, and will be for a while."""
    settings = patient.settings
    try:
        files = tls_files(settings)
        if files is None:
            return ok("certificate", "plain HTTP, or a proxy has it")
        left = end_of_life(Path(settings.tls_cert)) - datetime.fromtimestamp(patient.now_ms / 1000, UTC)
    except LocalFault as fault:
        return failed("certificate", fault.message, fault.hint)
    if left.total_seconds() < 0:
        return failed("certificate", f"expired {-left.days} days ago", "renew it, then: gitant reload")
    if left.days < RENEW_DAYS:
        return warning("certificate", f"{left.days} days are left", "renew it, then: gitant reload")
    return ok("certificate", f"{left.days} days are left")


def _told(url: str, verify: ssl.SSLContext | bool) -> dict[str, Any]:
    answer: dict[str, Any] = httpx.get(url, timeout=ANSWER_S_MAX, trust_env=False, verify=verify).json()
    return answer


def _misdirected(patient: Patient) -> int:
    """How many requests the running node has answered with 421."""
    if not patient.url:
        return 0
    try:
        verify = trust_only(patient.cert) if patient.cert else True
        told = httpx.get(patient.url + "/metrics", timeout=ANSWER_S_MAX, trust_env=False, verify=verify).text
    except httpx.HTTPError:
        return 0  # another check says that nobody answers
    return sum(int(float(count)) for count in _REFUSED.findall(told))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _holder(number: int) -> str:
    """Which program listens on a port, where the system tells: it does of programs of the same user."""
    inodes = {f"socket:[{inode}]" for table in ("tcp", "tcp6") for inode in _listening(table, number)}
    for descriptor in Path("/proc").glob("[0-9]*/fd/*") if inodes else ():
        try:
            if str(descriptor.readlink()) in inodes:
                process = descriptor.parent.parent
                return f" by {(process / 'comm').read_text().strip()} (pid {process.name})"
        except OSError:
            continue
    return ""


def _listening(table: str, number: int) -> list[str]:
    try:
        lines = Path(f"/proc/net/{table}").read_text().splitlines()[1:]
    except OSError:
        return []
    rows = [line.split() for line in lines]
    return [row[9] for row in rows if row[3] == "0A" and int(row[1].rpartition(":")[2], 16) == number]
