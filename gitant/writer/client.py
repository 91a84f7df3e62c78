"""The writer as an HTTP worker sees it: a `Writer` over the one socket the supervisor gave the worker."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, cast, final

from domain.errors import LocalFault, Unavailable
from gitant.writer.request import Request
from gitant.writer.wire import Frames, decode_outcome, encode_request

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

    from domain.actor import Actor
    from domain.ports_views import Answer

WAITING_MAX: Final = 1_024
"""Requests of one worker that wait for the writer; more are turned away, for they would only wait longer."""


@final
class WriterClient(asyncio.Protocol):
    """`Writer` for any number of tasks at once; answers come in any order and find their asker by number.

    There is no reconnecting: the writer lives in the process that started this one, and both end together.
    """

    def __init__(self) -> None:
        self.closed = asyncio.Event()
        """Set once the writer is gone."""
        self._frames = Frames()
        self._number = 0
        self._transport: asyncio.Transport | None = None
        self._waiting: dict[int, asyncio.Future[Answer]] = {}

    @classmethod
    async def over(cls, connection: socket.socket) -> WriterClient:
        """A client over a connected stream socket, which it then owns."""
        client = cls()
        await asyncio.get_running_loop().create_unix_connection(lambda: client, sock=connection)
        return client

    async def send(
        self, command: str, actor: Actor, args: Mapping[str, Any], *, idempotency: tuple[bytes, bytes] | None = None
    ) -> Answer:
        """Have one command carried out; raises the `LocalFault` it ended in."""
        if self._transport is None:
            raise Unavailable("the writer is gone", hint="the node is stopping or starting again; try again soon")
        if len(self._waiting) >= WAITING_MAX:
            raise Unavailable(f"{WAITING_MAX} writes are waiting already", hint="try again when they are done")
        self._number += 1
        number = self._number
        frame = encode_request(number, Request(command, actor, args, idempotency))
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        self._transport.write(frame)
        try:
            return await future
        finally:
            self._waiting.pop(number, None)

    def close(self) -> None:
        """Let go of the writer; whoever still waits is told so."""
        if self._transport is not None:
            self._transport.close()

    # --- what asyncio calls ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are not subclasses

    def data_received(self, data: bytes) -> None:
        for body in self._frames.feed(data):
            number, outcome = decode_outcome(body)
            # A request that was given up (its client hung up) has left nobody to tell.
            if (future := self._waiting.pop(number, None)) is None or future.done():
                continue
            if isinstance(outcome, LocalFault):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio passes it
        self._transport = None
        self.closed.set()
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(_lost())
        self._waiting.clear()


def _lost() -> Unavailable:
    return Unavailable(
        "the writer went away before it answered",
        hint="whether it was done is not known: look, or send it again with the same Idempotency-Key",
    )
