"""What a service manager is to the node: told how it goes, in systemd's way, and it may keep what is printed."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from typing import Final

READY: Final = "READY=1\nSTATUS=serving"
_STDOUT: Final = 1
STOPPING: Final = "STOPPING=1\nSTATUS=ending what is under way"


def is_kept() -> bool:
    """Whether a journal keeps what is printed, so that no secret belongs there."""
    with suppress(OSError):
        found = os.fstat(_STDOUT)
        return os.environ.get("JOURNAL_STREAM", "") == f"{found.st_dev}:{found.st_ino}"
    return False


def notify(words: str) -> None:
    """Tell whoever started the node, by a datagram to the socket that `NOTIFY_SOCKET` names."""
    name = os.environ.get("NOTIFY_SOCKET", "")
    if not name.startswith(("/", "@")):
        return
    address = "\0" + name[1:] if name.startswith("@") else name
    # That the manager does not listen is no reason not to serve.
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
        line.sendto(words.encode(), address)
