"""Answers to clients that take them slowly, or not at all: a place among those served at once is not for ever."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, final

from transport.git.asgi import ClientGone

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from transport.git.asgi import Reply
    from transport.git.limits import GitLimits
    from transport.git.turns import Turns

_LOOK_S: Final = 1.0


@final
class Pace:
    """One answer on its way out. Only the time that the client takes counts, not what the node needs itself."""

    def __init__(self, limits: GitLimits, turns: Turns) -> None:
        self._limits = limits
        self._turns = turns
        self._look_s = min(_LOOK_S, limits.stall_s, limits.slow_s)
        # of the stretch of time that is being measured
        self._sent_bytes = 0
        self._spent_s = 0.0

    async def write(self, reply: Reply, chunk: bytes) -> float:
        """Pass on a piece and say how many seconds it took; raises `ClientGone` if that is longer than it may be."""
        return await self._wait_for(reply.write(chunk), len(chunk))

    async def end(self, reply: Reply, chunk: bytes) -> None:
        """Pass on the last piece."""
        await self._wait_for(reply.end(chunk), len(chunk))

    async def _wait_for(self, work: Coroutine[None, None, None], size: int) -> float:
        clock = asyncio.get_running_loop().time
        began = looked = clock()
        writing = asyncio.ensure_future(work)
        try:
            while not (await asyncio.wait({writing}, timeout=self._look_s))[0]:
                self._spent_s += clock() - looked
                looked = clock()
                self._check(looked - began)
            writing.result()
        finally:
            writing.cancel()
        self._spent_s += clock() - looked
        self._sent_bytes += size
        return clock() - began

    def _check(self, waited_s: float) -> None:
        limits = self._limits
        if waited_s > limits.stall_s:
            raise ClientGone
        if self._spent_s > limits.slow_s:
            if self._sent_bytes < limits.slow_bytes_per_s * self._spent_s and self._turns.waiting:
                raise ClientGone
            # Anew, or what the buffers took at first would count for ever.
            self._sent_bytes, self._spent_s = 0, 0.0
