"""A port for a server that has to be told one before it starts."""

from __future__ import annotations

import random
import socket
from contextlib import suppress

_FIRST, _COUNT = 20_000, 12_000
"""Below the ports that the kernel gives to whoever asks for any, so that no connection comes between."""
_chance = random.SystemRandom()


def free_port() -> int:
    """A port of the loopback that nobody has, drawn by chance: two runs at once do not meet at one."""
    for _ in range(100):
        port = _FIRST + _chance.randrange(_COUNT)
        with suppress(OSError), socket.socket() as listener:
            listener.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")
