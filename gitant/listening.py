"""The one listening socket of a node, and what to say when there is none to be had."""

from __future__ import annotations

import errno
import socket
import time
from typing import Any, Final, cast

from domain.errors import Conflict, InvalidInput, Unavailable
from gitant.limits import BACKLOG

_PATIENCE_S: Final = 3.0
_PAUSE_S: Final = 0.05


def listen(host: str, port: int, *, patient: bool) -> socket.socket:
    """A socket that listens on `host` and `port`, for this process and those it hands it to.

    `patient` waits for a port that is in use: after a kill, the workers of the run before need a moment to end.
    """
    deadline = time.monotonic() + (_PATIENCE_S if patient else 0)
    family, address = _resolve(host, port)
    while True:
        try:
            return _bind(family, address)
        except OSError as fault:
            if fault.errno != errno.EADDRINUSE or time.monotonic() >= deadline:
                raise _explained(host, port, fault) from fault
        time.sleep(_PAUSE_S)


def url_of(listener: socket.socket, scheme: str = "http") -> str:
    """How a client on this machine reaches the socket."""
    host, port = cast("tuple[str, int]", listener.getsockname()[:2])
    local = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - to recognise it, not to listen on it
    return f"{scheme}://[{local}]:{port}" if ":" in local else f"{scheme}://{local}:{port}"


def _resolve(host: str, port: int) -> tuple[socket.AddressFamily, Any]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as fault:
        raise InvalidInput(f"there is no host {host!r}: {fault.strerror}", hint="give --host an IP address") from fault
    # `localhost` is both ::1 and 127.0.0.1, and most who write it mean the latter.
    family, _, _, _, address = min(found, key=lambda each: each[0] != socket.AF_INET)
    return family, address


def _bind(family: socket.AddressFamily, address: Any) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        # Connections of the run before that linger do not keep the port; another program that listens does.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Connections inherit it (Linux): an answer in two pieces would wait 40 ms for the client's word on the first.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if family == socket.AF_INET6 and address[0] == "::":
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind(address)
        listener.listen(BACKLOG)
    except BaseException:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


def _explained(host: str, port: int, fault: OSError) -> Exception:
    match fault.errno:
        case errno.EADDRINUSE:
            return Conflict(
                f"port {port} on {host} is in use by another program",
                hint="stop that program, or take another port with --port or GITANT_PORT (0 takes any free one)",
            )
        case errno.EACCES:
            return Unavailable(
                f"this user may not listen on port {port}", hint="take a port over 1023 with --port or GITANT_PORT"
            )
        case errno.EADDRNOTAVAIL:
            return InvalidInput(
                f"{host} is no address of this machine", hint="give --host one that is, or 0.0.0.0 for all of them"
            )
        case _:
            return Unavailable(f"cannot listen on port {port} of {host}: {fault.strerror}")
