"""Granian inside one of our own processes, on a listening socket that was made elsewhere.

Granian's own supervisor binds the port again in each worker (SO_REUSEPORT): then nobody notices another program
on the port, and connections that wait for a worker that dies are lost. One socket that all workers accept from
has neither fault. Granian can do that, but offers no argument for it.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, final

from granian._granian import SocketHolder
from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.http import HTTP1Settings
from granian.server.embed import Server

from gitant.limits import BACKLOG, CONNECTIONS_MAX, HEADERS_TIMEOUT_MS

if TYPE_CHECKING:
    from gitant.asgi import ASGIApp
    from gitant.tls import TlsFiles

_DESCRIPTORS: Final = Path("/proc/self/fd")
_NO_LOGGING: Final[dict[str, Any]] = {
    "formatters": {},
    "handlers": {},
    "loggers": {"_granian": {}, "granian.access": {}},
}


@final
class HttpServer(Server):
    """Serves `app` until `end`; then takes no new connections and returns when the last answer is out."""

    def __init__(self, app: ASGIApp, listener: int, tls: TlsFiles | None = None) -> None:
        super().__init__(
            target=app,
            interface=Interfaces.ASGINL,
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(header_read_timeout=HEADERS_TIMEOUT_MS),
            websockets=True,  # of other nodes; nobody else is let in
            backlog=BACKLOG,
            backpressure=CONNECTIONS_MAX,
            log_dictconfig=_NO_LOGGING,
            ssl_cert=tls.cert if tls else None,
            ssl_key=tls.key if tls else None,
            ssl_protocol_min=SSLProtocols.tls12,
        )
        self._listener = listener

    def _init_shared_socket(self) -> None:
        holder: Any = SocketHolder  # the stub does not know that it can be made
        self._ssp = None
        self._shd = holder(self._listener, False, BACKLOG)

    def stop_accepting(self) -> None:
        """Leave new connections to the other processes that listen on the socket. Only where there is /proc.

        Granian accepts until `end`, which also closes connections whose first request has not been read yet: whoever
        was accepted a moment before would be hung up on. So something that nobody connects to is put in the place of
        the listening socket, under every number that Granian knows it by.
        """
        if not _DESCRIPTORS.is_dir():
            return
        with socket.socket(socket.AF_UNIX) as nobody:
            nobody.bind("")  # the system makes up a name
            nobody.listen(1)
            nobody.setblocking(False)
            listening = os.fstat(self._listener)
            for descriptor in [int(path.name) for path in _DESCRIPTORS.iterdir()]:
                with suppress(OSError):  # the one that the folder was read through is closed by now
                    if os.path.samestat(os.fstat(descriptor), listening):
                        os.dup2(nobody.fileno(), descriptor, inheritable=False)

    def end(self) -> None:
        """Return from `serve` once what is under way has been answered."""
        self.stop()  # type: ignore[no-untyped-call]
