"""Asking the network process, from an HTTP worker (asyncio) or a command (blocking)."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import TYPE_CHECKING, Any, Final, final

from domain.errors import Unavailable
from gitant.network.places import asking_socket

if TYPE_CHECKING:
    from storage.datadir import DataDir

_ANSWER_S: Final = 10.0
_ANSWER_BYTES_MAX: Final = 16 << 20


@final
class Network:
    """What the network process says now; raises `Unavailable` while there is none."""

    def __init__(self, folder: DataDir) -> None:
        self._path = asking_socket(folder)

    async def ask(self, what: str, **more: Any) -> dict[str, Any]:
        """One answer, for an event loop."""
        try:
            async with asyncio.timeout(_ANSWER_S):
                reader, writer = await asyncio.open_unix_connection(self._path, limit=_ANSWER_BYTES_MAX)
                try:
                    writer.write(_line(what, more))
                    return _read(await reader.readline())
                finally:
                    writer.close()
        except (OSError, TimeoutError, ValueError) as fault:
            raise _away() from fault

    def ask_now(self, what: str, **more: Any) -> dict[str, Any]:
        """One answer, for whoever can wait."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(_ANSWER_S)
                connection.connect(str(self._path))
                connection.sendall(_line(what, more))
                with connection.makefile("rb") as lines:
                    return _read(lines.readline(_ANSWER_BYTES_MAX))
        except (OSError, ValueError) as fault:
            raise _away() from fault


def _line(what: str, more: dict[str, Any]) -> bytes:
    return json.dumps({"ask": what, **more}).encode() + b"\n"


def _read(line: bytes) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(line)
    if "fault" in answer:
        raise Unavailable(f"the network process says: {answer['fault']}")
    return answer


def _away() -> Unavailable:
    return Unavailable("this node's network process does not answer", hint="it starts again by itself; try again soon")
