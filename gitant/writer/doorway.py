"""A socket in the data folder where commands of whoever owns the folder reach the writer of a running node.

The folder is its owner's alone, and so is the socket: who can open it could read the node's key as well. So nothing is
asked of whoever comes.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import trio

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_WAITING: int = 16
"""Connections that wait to be accepted."""


async def keep_open(path: Path, attach: Callable[[socket.socket], None]) -> None:
    """Take connections at `path` and hand them to the writer, until cancelled."""
    path.unlink(missing_ok=True)  # noqa: ASYNC240  # once, before anybody waits
    with trio.socket.socket(trio.socket.AF_UNIX, trio.socket.SOCK_STREAM) as listener:
        await listener.bind(str(path))
        path.chmod(0o600)  # noqa: ASYNC240
        listener.listen(_WAITING)
        while True:
            taken, _ = await listener.accept()
            attach(socket.socket(fileno=taken.detach()))
