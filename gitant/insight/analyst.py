"""`Insight` of one HTTP worker: has children work out what is asked, and remembers what many ask for."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from asyncio.subprocess import PIPE
from collections import OrderedDict
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, final

import msgspec

from domain.errors import LOCAL_FAULTS, TooLarge, Unavailable
from gitant.insight.limits import (
    CHART_BYTES_MAX,
    CHART_ROWS_MAX,
    CHART_S_MAX,
    FEED_S_MAX,
    GRACE_S,
    KEEP_S,
    KEEP_SAME_S,
    KEPT_MAX,
    PATIENCE_S,
    QUERY_S_MAX,
    TOLD_BYTES_MAX,
    WAITING_MAX,
)
from gitant.insight.wire import FED, Job, Told, Wanted, decode_told, encode_job
from projections.analytics.questions import NAMES, REPOSITORY, question

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import Callable, Coroutine, Mapping
    from pathlib import Path

    from domain.actor import Actor
    from domain.ids import StreamId
    from domain.ports_insight import Table
    from projections.analytics.questions import Scope


class _Kept(NamedTuple):
    tables: Mapping[str, Table]
    position: int
    at_s: float


@final
class Analyst:
    """Used on a worker's event loop. One child at a time; `close` ends it.

    A child is made by the loop's thread, which lives as long as the worker: the kernel ends a child with the thread
    that made it.
    """

    def __init__(
        self,
        folder: Path,
        *,
        clock: Callable[[], float] = time.monotonic,
        patience_s: float = PATIENCE_S,
        query_s: float = QUERY_S_MAX,
    ) -> None:
        """`patience_s` is how long a page waits, `query_s` how long a question of somebody's own may take."""
        self._folder = folder
        self._clock = clock
        self._patience_s = patience_s
        self._query_s = query_s
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._under_way: dict[str, asyncio.Task[Mapping[str, Table]]] = {}
        self._free = asyncio.Lock()
        self._waiting = 0
        self._tasks: set[asyncio.Task[Mapping[str, Table]]] = set()
        self.children = 0
        """How many were started so far."""

    async def of(self, reader: Actor, repo: StreamId | None, position: int) -> Mapping[str, Table]:
        """As `Insight.of`."""
        scope: Scope = "one" if repo is not None else "all" if reader.operator else "public"
        key = repo.hex() if repo is not None else scope
        kept = self._kept.get(key)
        if kept is not None and self._clock() - kept.at_s < (KEEP_SAME_S if kept.position == position else KEEP_S):
            self._kept.move_to_end(key)
            return kept.tables
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = self._begin(self._charts(key, scope, position))
        return await _within(self._patience_s, task)

    async def query(self, sql: str, *, rows_max: int, bytes_max: int) -> Table:
        """As `Insight.query`."""
        job = Job(str(self._folder), (Wanted("query", sql),), rows_max, bytes_max, self._query_s)
        tables = await _within(self._query_s + GRACE_S + self._patience_s, self._begin(self._worked_out(job)))
        return tables["query"]

    async def close(self) -> None:
        """End what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, work: Coroutine[Any, Any, Mapping[str, Table]]) -> asyncio.Task[Mapping[str, Table]]:
        if self._waiting >= WAITING_MAX:
            work.close()
            raise Unavailable("too many questions wait already", hint="try again in a moment", retry_after_s=10)
        task = asyncio.create_task(work)
        self._waiting += 1
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Mapping[str, Table]]) -> None:
        self._waiting -= 1
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waited was told; nobody may have

    async def _charts(self, key: str, scope: Scope, position: int) -> Mapping[str, Table]:
        values = {REPOSITORY: key} if scope == "one" else {}
        wanted = tuple(Wanted(name, question(name, scope), values) for name in NAMES)
        job = Job(str(self._folder), wanted, CHART_ROWS_MAX, CHART_BYTES_MAX, CHART_S_MAX)
        try:
            tables = await self._worked_out(job)
        finally:
            del self._under_way[key]
        self._kept[key] = _Kept(tables, position, self._clock())
        self._kept.move_to_end(key)
        if len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)
        return tables

    async def _worked_out(self, job: Job) -> Mapping[str, Table]:
        async with self._free:
            self.children += 1
            told = await _asked(job)
        if told.fault is not None:
            kind = LOCAL_FAULTS.get(told.fault.code, Unavailable)
            raise kind(told.fault.message, hint=told.fault.hint)
        return told.tables


async def _within(patience_s: float, task: asyncio.Task[Mapping[str, Table]]) -> Mapping[str, Table]:
    """A task's outcome, if it comes soon; the task goes on in any case, for whoever asks next."""
    done, _ = await asyncio.wait({task}, timeout=patience_s)
    if not done:
        raise Unavailable(
            "the numbers are still being worked out",
            hint="load the page again in a few seconds",
            retry_after_s=int(PATIENCE_S),
        )
    return task.result()


async def _asked(job: Job) -> Told:
    """What a child of its own says to a job; killed when its time is over."""
    # -P: nothing is imported from the folder the node happens to be started in. Settings may hold secrets.
    words = [sys.executable, "-P", "-m", "gitant.insight.child", str(os.getpid())]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GITANT_")}
    child = await asyncio.create_subprocess_exec(*words, stdin=PIPE, stdout=PIPE, env=environ)
    try:
        told = await _heard(child, job)
        async with asyncio.timeout(GRACE_S):
            await child.wait()
    except TimeoutError:
        raise TooLarge(
            f"it took over {job.timeout_s:g} s", hint="ask for less; `gitant query` takes what is longer"
        ) from None
    finally:
        if child.returncode is None:
            with suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    return told


async def _heard(child: Process, job: Job) -> Told:
    assert child.stdin is not None
    assert child.stdout is not None
    with suppress(ConnectionError):
        child.stdin.write(encode_job(job))
        await child.stdin.drain()
    child.stdin.close()
    async with asyncio.timeout(FEED_S_MAX):
        first = await child.stdout.read(len(FED))
        if first and len(first) < len(FED):
            first += await child.stdout.read(len(FED) - len(first))
    async with asyncio.timeout(job.timeout_s * len(job.questions) + GRACE_S):
        data = bytearray(b"" if first == FED else first)
        while (piece := await child.stdout.read(1 << 16)) and len(data) <= TOLD_BYTES_MAX:
            data += piece
    try:
        return decode_told(data)
    except msgspec.DecodeError:
        raise TooLarge(
            "working it out took more than a process may have", hint="ask for less: an aggregate, a narrower WHERE"
        ) from None
