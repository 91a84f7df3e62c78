"""The one way out: a name is resolved once, every address it has must be allowed, and one of those is connected to."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Final, final

from domain.errors import Forbidden, InvalidInput, Unavailable
from transport.outbound.addresses import read_address

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from transport.outbound.addresses import Allowed

    Resolve = Callable[[str, int], Sequence[str]]

CONNECT_S: Final = 15.0
STALL_S: Final = 60.0
"""How long the other side may say nothing."""
ADDRESSES_MAX: Final = 16


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host, as the system's resolver has them."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as fault:
        raise Unavailable(f"the name {host} cannot be resolved", hint="check the address") from fault
    return list(dict.fromkeys(str(each[4][0]) for each in found))


@final
class Door:
    """Connections of one job. What a name resolved to is remembered, so it cannot become another address later.

    `close` may come from any thread, and ends whatever is under way.
    """

    def __init__(self, allowed: Allowed, resolver: Resolve = resolve, *, stall_s: float = STALL_S) -> None:
        self._allowed = allowed
        self._resolve = resolver
        self._stall_s = stall_s
        self._checked: dict[tuple[str, int], list[str]] = {}
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._closed = False

    def connect(self, host: str, port: int) -> socket.socket:
        """A connected socket; raises `Forbidden` for a place that is not allowed, `Unavailable` if nobody answers."""
        fault: OSError | None = None
        for address in self._addresses(host, port):
            try:
                return self._keep(socket.create_connection((address, port), timeout=CONNECT_S))
            except OSError as error:
                fault = error
        raise Unavailable(f"{host}:{port} cannot be reached: {fault}", hint="check the address, or try again later")

    def secure(self, made: socket.socket, host: str) -> socket.socket:
        """The same connection with TLS; the certificate has to be for `host`."""
        with self._lock:
            self._open = [each for each in self._open if each is not made]
        made.settimeout(CONNECT_S)
        try:
            return self._keep(ssl.create_default_context().wrap_socket(made, server_hostname=host))
        except BaseException:
            made.close()
            raise

    def close(self) -> None:
        """End every connection and make no more."""
        with self._lock:
            self._closed = True
            sockets, self._open = self._open, []
        for each in sockets:
            with suppress(OSError):  # the other side was faster
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _addresses(self, host: str, port: int) -> list[str]:
        if not host or not 0 < port < 65_536:
            raise InvalidInput("the address names no host or port", field="url")
        known = self._checked.get((host, port))
        if known is None:
            known = [*self._resolve(host, port)][:ADDRESSES_MAX]
            if not known:
                raise Unavailable(f"the name {host} has no address")
            for text in known:
                self._check(host, text)
            self._checked[host, port] = known
        return known

    def _check(self, host: str, text: str) -> None:
        try:
            admitted = self._allowed.admits(host, read_address(text))
        except ValueError:
            admitted = False
        if not admitted:
            raise Forbidden(
                f"{host} is not a public address, and this node reaches out to no others",
                hint="the operator can allow it with the setting import_allow",
                field="url",
            )

    def _keep(self, made: socket.socket) -> socket.socket:
        made.settimeout(self._stall_s)
        with self._lock:
            if not self._closed:
                self._open.append(made)
                return made
        made.close()
        raise Unavailable("it was called off")
