"""Where connections arrive that came through the HTTP port: a socket in the file system, for this node's own workers.

A worker passes bytes on and knows nothing (`web_door.py`); keys are proven here, as for any other connection. It begins
with a line that says whose bytes they are: the client's address and port.
"""

from __future__ import annotations

import os
import socket
from functools import partial
from typing import TYPE_CHECKING, Final

import trio

from domain.errors import Unavailable
from transport.carrier.address import Tcp
from transport.carrier.ground import Reached

if TYPE_CHECKING:
    from pathlib import Path

    from transport.carrier.ground import Taker

PREFACE_BYTES_MAX: Final = 128
PATH_BYTES_MAX: Final = 100
"""What a system lets the path of a socket be, at least."""
_PREFACE_S: Final = 5.0
_BACKLOG: Final = 64


def preface(host: str, port: int) -> bytes:
    """The line that a worker sends first."""
    return f"{host[: PREFACE_BYTES_MAX - 16]} {port}\n".encode()


async def listen_relay(path: Path, take: Taker, ears: trio.Nursery, tasks: trio.Nursery) -> None:
    """Take what workers pass on, until `ears` is cancelled. Raises `Unavailable` if there can be no socket at `path`.

    Only whoever may use the folder that it lies in can connect.
    """
    if len(os.fsencode(path)) > PATH_BYTES_MAX:
        raise Unavailable(
            f"{path} is too long for a socket", hint=f"choose a data folder of under {PATH_BYTES_MAX - 16} characters"
        )
    listener = trio.SocketListener(trio.socket.from_stdlib_socket(_bound(path)))
    ears.start_soon(partial(trio.serve_listeners, partial(_taken, take), [listener], handler_nursery=tasks))
    await trio.lowlevel.checkpoint()


def _bound(path: Path) -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.unlink(missing_ok=True)  # what an earlier run left behind
        made.bind(str(path))
        path.chmod(0o600)
        made.listen(_BACKLOG)
    except OSError as fault:
        made.close()
        raise Unavailable(f"{path} cannot be a socket: {fault.strerror}", hint="look at the folder's owner") from fault
    return made


async def _taken(take: Taker, stream: trio.SocketStream) -> None:
    line = ""
    with trio.move_on_after(_PREFACE_S):
        line = await _line(stream)
    host, _, port = line.partition(" ")
    if host and port.isdigit():
        await take(Reached(stream, host, f"{Tcp(host, int(port))} (WebSocket)"))


async def _line(stream: trio.SocketStream) -> str:
    """The first line, read byte by byte: what follows belongs to somebody else."""
    found = b""
    while len(found) < PREFACE_BYTES_MAX:
        try:
            byte = await stream.receive_some(1)
        except trio.BrokenResourceError:
            return ""
        if byte in {b"", b"\n"}:
            return found.decode("ascii", "replace")
        found += byte
    return ""
