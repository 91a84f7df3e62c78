"""The writer, for a command that may wait: of a running node over its socket, of a stopped one in this process."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Protocol, final

from domain.actor import Actor
from domain.errors import LocalFault, Unavailable
from gitant.disk import disk_faults
from gitant.network.places import writer_socket
from gitant.writer.request import Request
from gitant.writer.wire import Frames, WireFault, decode_outcome, encode_request

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from domain.ports_views import Answer
    from gitant.settings import Settings
    from gitant.writer.core import WriterCore
    from gitant.writer.request import Outcome
    from storage.datadir import DataDir

_RECEIVE_BYTES: Final = 256 << 10
_STOPPED: Final = "the node is stopping or starting again; try again soon"


class Hand(Protocol):
    """Has commands carried out in the name of the node itself, one after the other."""

    def send(self, command: str, args: Mapping[str, Any]) -> Answer:
        """Have one command carried out; raises the `LocalFault` it ended in."""
        ...


@contextmanager
def writer_of(folder: DataDir, settings: Settings, door: str, progress: Callable[[int, int], None]) -> Generator[Hand]:
    """The writer of the node in a folder; while it is stopped, the folder is locked for as long as this lasts.

    `progress` is told how far the views are brought to the log's end, which a stopped node may need.
    """
    if folder.running() is not None:
        with _SocketHand(folder, door) as hand:
            yield hand
        return
    from gitant.writer.opening import open_core

    with folder.lock():
        with disk_faults(folder.path):
            core = open_core(folder, settings.caps, rules=settings.desk_rules, progress=progress)
        try:
            yield _OwnHand(core, door)
        finally:
            core.close()


@final
class _OwnHand:
    """`Hand` of a writer in this process."""

    def __init__(self, core: WriterCore, door: str) -> None:
        self._core = core
        self._actor = Actor(None, operator=True, door=door)

    def send(self, command: str, args: Mapping[str, Any]) -> Answer:
        return _answer(self._core.execute([Request(command, self._actor, args)])[0])


@final
class _SocketHand:
    """`Hand` of a running node's writer."""

    def __init__(self, folder: DataDir, door: str) -> None:
        self._actor = Actor(None, operator=True, door=door)
        self._path = writer_socket(folder)
        self._frames = Frames()
        self._number = 0
        self._connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)

    def __enter__(self) -> Hand:
        try:
            self._connection.connect(str(self._path))
        except OSError as fault:
            self._connection.close()
            raise Unavailable("the running node does not take commands yet", hint=_STOPPED) from fault
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def send(self, command: str, args: Mapping[str, Any]) -> Answer:
        self._number += 1
        try:
            self._connection.sendall(encode_request(self._number, Request(command, self._actor, args)))
            while data := self._connection.recv(_RECEIVE_BYTES):
                for body in self._frames.feed(data):
                    return _answer(decode_outcome(body)[1])
        except (OSError, WireFault) as fault:
            raise Unavailable(f"the running node's writer is gone: {fault}", hint=_STOPPED) from fault
        raise Unavailable("the running node's writer is gone", hint=_STOPPED)


def _answer(outcome: Outcome) -> Answer:
    if isinstance(outcome, LocalFault):
        raise outcome
    return outcome
