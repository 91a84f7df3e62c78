"""Telling a service manager how it goes, in systemd's way: a datagram to the socket that `NOTIFY_SOCKET` names."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from typing import Final

READY: Final = "READY=1\nSTATUS=serving"
STOPPING: Final = "STOPPING=1\nSTATUS=ending what is under way"


def notify(words: str) -> None:
    """Tell whoever started the node; nobody, if nobody asked."""
    name = os.environ.get("NOTIFY_SOCKET", "")
    if not name.startswith(("/", "@")):
        return
    address = "\0" + name[1:] if name.startswith("@") else name
    # That the manager does not listen is no reason not to serve.
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
        line.sendto(words.encode(), address)
