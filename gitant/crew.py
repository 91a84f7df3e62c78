"""The HTTP workers of a node: started again when they die, and replaced one by one when the plan changes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, final

import trio

from domain.errors import LocalFault, Unavailable
from gitant.child import Worker
from gitant.limits import LEAVE_S, RESTART_FIRST_S, RESTART_MOST_S, STILLBORN_MAX
from gitant.log import get_logger
from gitant.orders import GO, LEAVE, STOP, log_order

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from gitant.plan import Plan
    from gitant.writer.server import WriterServer

_log = get_logger("gitant.serve")


@final
class _Place:
    """Where one worker at a time works, until the place is given up."""

    def __init__(self) -> None:
        self.settled = trio.Event()
        """Its first worker serves, or has ended without that."""
        self.leave = trio.Event()
        self.left = trio.Event()
        self.worker: Worker | None = None

    @property
    def serves(self) -> bool:
        return self.worker is not None and self.worker.was_ready


@final
class Crew:
    """Keeps as many workers as the plan wants. `run` returns when all have ended after `stop`."""

    def __init__(
        self, plan: Plan, listener: socket.socket, writer: WriterServer, give_up: Callable[[LocalFault], None]
    ) -> None:
        self._plan = plan
        self._listener = listener
        self._writer = writer
        self._give_up = give_up
        self._places: list[_Place] = []
        self._replacing = trio.Lock()
        self._stop = trio.Event()
        self._nursery: trio.Nursery | None = None
        self._stillborn = 0
        self._began = time.monotonic()
        self.opened = trio.Event()
        """Set by whoever knows that the writer has opened the log."""
        self.serving = trio.Event()
        """A worker serves, or none will."""
        self.hurry = trio.Event()
        """Set to wait for nobody any more."""

    async def run(self, first: Worker) -> None:
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            self._places.append(self._open(first))
            # One worker is ready sooner when it need not share the processor with its siblings.
            await self.serving.wait()
            if not self._stop.is_set():
                self._places += [self._open() for _ in range(self._plan.settings.workers - 1)]
        self._nursery = None

    def stop(self) -> None:
        """Take nothing new, end what is under way, start nobody again."""
        self._stop.set()
        self.serving.set()

    def tell_of_logging(self, plan: Plan) -> None:
        """Have every worker, and those to come, log as `plan` says."""
        self._plan = plan
        for place in self._places:
            if place.worker is not None:
                place.worker.say(log_order(plan.settings))

    async def replace(self, plan: Plan) -> bool:
        """Put workers of another plan in the places of those there are, one by one; False if they do not come up.

        A worker leaves when its successor serves, so somebody accepts connections at every moment.
        """
        async with self._replacing:
            before, self._plan = self._plan, plan
            fresh: list[_Place] = []
            for _ in range(plan.settings.workers):
                if not await self._add(fresh):
                    self._plan = before
                    for place in fresh:
                        place.leave.set()
                    return self._stop.is_set()
            leaving, self._places = self._places, fresh
            for place in leaving:
                place.leave.set()
            # Those who have nothing under way are gone at once, and with them the last who would answer as before.
            with trio.move_on_after(LEAVE_S):
                for place in leaving:
                    await place.left.wait()
        return True

    async def _add(self, fresh: list[_Place]) -> bool:
        if self._stop.is_set():
            return False
        place = self._open()
        fresh.append(place)
        await place.settled.wait()
        return place.serves

    def _open(self, first: Worker | None = None) -> _Place:
        assert self._nursery is not None
        place = _Place()
        self._nursery.start_soon(self._keep, place, first)
        return place

    async def _keep(self, place: _Place, started: Worker | None) -> None:
        try:
            await self._keep_filled(place, started)
        finally:
            place.left.set()

    async def _keep_filled(self, place: _Place, started: Worker | None) -> None:
        pause = RESTART_FIRST_S
        while not (self._stop.is_set() or place.leave.is_set()):
            worker = place.worker = started or Worker(self._listener)
            started = None
            code = await self._one_life(place, worker)
            place.settled.set()
            if self._stop.is_set() or place.leave.is_set():
                return
            self._stillborn = 0 if worker.was_ready else self._stillborn + 1
            if self._stillborn >= STILLBORN_MAX:
                self._give_up(Unavailable("the HTTP workers end before they serve", hint="the lines above say why"))
                return
            pause = RESTART_FIRST_S if worker.was_ready else min(2 * pause, RESTART_MOST_S)
            _log.error("an HTTP worker ended and is started again", code=code, after_s=pause)
            with trio.move_on_after(pause):
                await self._end_of(place)

    async def _one_life(self, place: _Place, worker: Worker) -> int:
        """One worker from start to end; its exit code."""
        try:
            worker.brief(self._plan)
            self._writer.attach(worker.writing)
            async with trio.open_nursery() as orders:
                orders.start_soon(self._say_go, worker)
                orders.start_soon(self._say_stop, place, worker)
                await worker.hear_ready()
                if worker.was_ready:
                    took_ms = round(1000 * (time.monotonic() - self._began))
                    _log.info("an HTTP worker is ready", pid=worker.pid, ms_since_start=took_ms)
                    place.settled.set()
                    self.serving.set()
                    await worker.hear_end()
                orders.cancel_scope.cancel()
            return await worker.bury()
        finally:
            worker.end()

    async def _say_go(self, worker: Worker) -> None:
        await self.opened.wait()
        worker.say(GO)

    async def _say_stop(self, place: _Place, worker: Worker) -> None:
        await self._end_of(place)
        if worker.was_ready:
            worker.say(STOP if self._stop.is_set() else LEAVE)
            with trio.move_on_after(self._plan.settings.drain_s_max):
                await self.hurry.wait()
            _log.warning("an HTTP worker is cut off", pid=worker.pid)
        worker.kill()

    async def _end_of(self, place: _Place) -> None:
        """Wait for the end of all, or of this place."""
        async with trio.open_nursery() as either:
            either.start_soon(_then, self._stop, either.cancel_scope)
            either.start_soon(_then, place.leave, either.cancel_scope)


async def _then(event: trio.Event, scope: trio.CancelScope) -> None:
    await event.wait()
    scope.cancel()
