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
class Watch:
    """Looks once in a while at every answer of a process that waits for its client: a timer for all of them."""

    def __init__(self, limits: GitLimits, turns: Turns) -> None:
        """Who waits for a place among `turns` has it sooner if somebody slow gives it up."""
        self.limits = limits
        self.turns = turns
        self._look_s = min(_LOOK_S, limits.stall_s, limits.slow_s)
        self._waiting: set[Pace] = set()
        self._looking = False

    def begin(self, pace: Pace) -> None:
        self._waiting.add(pace)
        if not self._looking:
            self._looking = True
            asyncio.get_running_loop().call_later(self._look_s, self._look)

    def end(self, pace: Pace) -> None:
        self._waiting.discard(pace)

    def _look(self) -> None:
        self._looking = bool(self._waiting)
        if not self._looking:
            return
        for pace in list(self._waiting):
            pace.look()
        asyncio.get_running_loop().call_later(self._look_s, self._look)


@final
class Pace:
    """One answer on its way out. Only the time that the client takes counts, not what the node needs itself."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._clock = asyncio.get_running_loop().time
        self._task = asyncio.current_task()
        self._began = self._looked = 0.0
        self._cut = False
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
        self._began = self._looked = self._clock()
        self._watch.begin(self)
        try:
            await work
        except asyncio.CancelledError:
            if not self._cut:
                raise
        finally:
            self._watch.end(self)
        if self._cut:
            if self._task is not None:
                self._task.uncancel()
            raise ClientGone
        now = self._clock()
        self._spent_s += now - self._looked
        self._sent_bytes += size
        return now - self._began

    def look(self) -> None:
        """See how long it takes; called in the midst of it."""
        now = self._clock()
        self._spent_s += now - self._looked
        self._looked = now
        if self._is_too_slow(now - self._began) and self._task is not None and not self._cut:
            self._cut = True
            self._task.cancel()

    def _is_too_slow(self, waited_s: float) -> bool:
        limits = self._watch.limits
        if waited_s > limits.stall_s:
            return True
        if self._spent_s > limits.slow_s:
            if self._sent_bytes < limits.slow_bytes_per_s * self._spent_s and self._watch.turns.waiting:
                return True
            # Anew, or what the buffers took at first would count for ever.
            self._sent_bytes, self._spent_s = 0, 0.0
        return False
