"""The writer as the network process sees it: its one socket, on trio."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, final

import trio

from domain.actor import Actor
from domain.errors import LocalFault, Unavailable
from gitant.network.tally import NetworkTally
from gitant.writer.request import FOLLOW, Request
from gitant.writer.wire import Frames, decode_outcome, encode_request

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

    from domain.ports_views import Answer
    from gitant.writer.request import Outcome

NODE: Final = Actor(None, operator=True, door="replication")
"""Who takes in what peers send: the node itself, for nobody."""
_RECEIVE_BYTES: Final = 256 << 10
STORE: Final = "replica.store"
"""The command that takes in what peers sent."""


@final
class TrioWriter:
    """Any number of tasks may `send`; answers find their asker by number. `run` ends when the writer is gone."""

    def __init__(self, connection: socket.socket, tally: NetworkTally | None = None) -> None:
        self._tally = tally or NetworkTally()
        connection.setblocking(False)
        self._stream = trio.SocketStream(trio.socket.from_stdlib_socket(connection))
        self._frames = Frames()
        self._number = 0
        self._sending = trio.Lock()
        self._waiting: dict[int, tuple[trio.Event, list[Outcome]]] = {}
        self._gone = False

    async def run(self) -> None:
        """Take answers in, until the writer is gone."""
        try:
            while data := await self._stream.receive_some(_RECEIVE_BYTES):
                for body in self._frames.feed(data):
                    number, outcome = decode_outcome(body)
                    if (waiting := self._waiting.pop(number, None)) is not None:
                        waiting[1].append(outcome)
                        waiting[0].set()
        except trio.BrokenResourceError:
            pass
        finally:
            self._gone = True
            for event, _ in self._waiting.values():
                event.set()

    async def send(self, command: str, args: Mapping[str, Any]) -> Answer:
        """Have one command carried out; raises the `LocalFault` it ended in."""
        if self._gone:
            raise _lost()
        self._number += 1
        number, done, outcomes = self._number, trio.Event(), list[Any]()
        self._waiting[number] = done, outcomes
        try:
            async with self._sending:
                await self._stream.send_all(encode_request(number, Request(command, NODE, args)))
            await done.wait()
        except trio.BrokenResourceError:
            raise _lost() from None
        finally:
            self._waiting.pop(number, None)
        if not outcomes:
            raise _lost()
        if isinstance(outcomes[0], LocalFault):
            self._count(command, args, failed=True)
            raise outcomes[0]
        answer: Answer = outcomes[0]
        self._count(command, args, held=len(answer.extra.get("held", ())))
        return answer

    def _count(self, command: str, args: Mapping[str, Any], *, held: int = 0, failed: bool = False) -> None:
        if command == STORE:
            events = len(args["events"])
            self._tally.add("events_failed" if failed else "events_stored", events - held)
            self._tally.add("events_held", held)

    async def grown(self, after: int) -> None:
        """Wait until the views are past a log position."""
        await self.send(FOLLOW, {"after": after})


def _lost() -> Unavailable:
    return Unavailable("the writer is gone", hint="the node is stopping or starting again")
