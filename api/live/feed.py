"""One worker's view of the log as it grows, shared by all streams that it feeds.

One task reads each new line once, however many streams want it, and keeps the last ones in memory. A stream is a
position and a filter: it takes lines when its client has room for them, from memory or, when it has fallen far behind,
from the views. So a slow client costs nothing but its connection.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, final

import structlog

from api.gate import visible_stream
from api.ports import POSITION_POLL_S
from domain.errors import Unavailable
from domain.kinds import KINDS
from domain.ports_views import LogFilter

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence

    from api.ports import ApiPorts
    from domain.actor import Actor
    from domain.ids import StreamId
    from domain.ports_views import LogLine

LINES_KEPT_MAX: Final = 4_096
CHUNK_LINES_MAX: Final = 256
CHUNK_BYTES_MAX: Final = 64 << 10
"""What one stream is handed at a time, the last line not counted."""
REST_S: Final = 0.01
REST_EACH_S: Final = 0.000_2
REST_MOST_S: Final = 0.25
"""After each wake the follower rests, longer the more streams there are, so that a busy log wakes them in batches."""
FAULT_REST_S: Final = 1.0
_EVERYTHING: Final = LogFilter()
_log = structlog.get_logger("gitant.live")


@final
class Reader:
    """One stream: what it wants, for whom, and how far it has got."""

    __slots__ = ("actor", "cursor", "idle", "wanted", "woken")

    def __init__(self, actor: Actor, wanted: LogFilter, cursor: int) -> None:
        self.actor = actor
        self.wanted = wanted
        self.cursor = cursor
        """Everything up to this position has been looked at."""
        self.idle = False
        """Whether it has looked at everything, so that only what is new can concern it."""
        self.woken = asyncio.Event()


@final
class Feed:
    """Follows the log while anybody listens. Used on the worker's event loop only."""

    def __init__(self, ports: ApiPorts, count: Callable[[int], None]) -> None:
        """`count` is told of each stream that opens (1) or ends (-1)."""
        self._ports = ports
        self._tell_count = count
        self._position = 0
        self._lines: list[LogLine] = []
        """Without a gap up to `_position`."""
        self._by_stream: dict[StreamId | None, set[Reader]] = {}
        self._count = 0
        self._nobodys = 0
        """Streams of whoever sent no credentials."""
        self._task: asyncio.Task[None] | None = None
        self._seen: dict[tuple[StreamId, Actor], bool] = {}
        self._seen_at = -1
        self.ended = False
        """Whether the worker is about to end; streams are to end, too, and their clients go on elsewhere."""

    def __len__(self) -> int:
        return self._count

    @contextmanager
    def reader(self, actor: Actor, wanted: LogFilter, after: int) -> Generator[Reader]:
        """A new stream of what comes after a position."""
        if self.ended:
            raise Unavailable("the node is stopping", hint="connect again in a moment")
        most = self._ports.settings.streams_max
        if self._count >= most or (actor.did is None and self._nobodys >= (most + 1) // 2):
            raise Unavailable(f"{self._count} event streams are open already", hint="try again later")
        reader = Reader(actor, wanted, after)
        groups: Sequence[StreamId | None] = tuple(wanted.streams) or (None,)
        for group in groups:
            self._by_stream.setdefault(group, set()).add(reader)
        self._count += 1
        self._tell_count(1)
        self._nobodys += actor.did is None
        self._begin()
        try:
            yield reader
        finally:
            self._count -= 1
            self._tell_count(-1)
            self._nobodys -= actor.did is None
            for group in groups:
                self._by_stream[group].discard(reader)
                if not self._by_stream[group]:
                    del self._by_stream[group]
            if not self._count:
                self._rest()

    def take(self, reader: Reader) -> list[LogLine]:
        """The next lines for a stream, which moves on; nothing when it has looked at everything there is."""
        while reader.cursor < self._position:
            lines, reached = self._next(reader)
            reader.cursor = reached
            if lines and (shown := self._shown(reader.actor, lines)):
                return shown
        reader.idle = True
        reader.woken.clear()
        return []

    def looked_at(self, reader: Reader) -> int:
        """The position up to which a stream has been handed everything it wants."""
        if reader.idle:
            reader.cursor = max(reader.cursor, self._position)
        return reader.cursor

    def end(self) -> None:
        """Let all streams end."""
        self.ended = True
        for group in self._by_stream.values():
            for reader in group:
                reader.woken.set()

    def _begin(self) -> None:
        if self._task is None:
            self._position = self._ports.views.position()
            self._task = asyncio.create_task(self._follow())

    def _rest(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None
            self._lines.clear()

    def _next(self, reader: Reader) -> tuple[list[LogLine], int]:
        oldest = self._position - len(self._lines)
        if reader.cursor < oldest:
            lines, reached = self._ports.views.since(reader.cursor, reader.wanted, limit=CHUNK_LINES_MAX)
            return [*lines], max(reached, reader.cursor)
        found: list[LogLine] = []
        size = 0
        start = reader.cursor - oldest
        for line in self._lines[start : start + LINES_KEPT_MAX]:
            if size >= CHUNK_BYTES_MAX or len(found) >= CHUNK_LINES_MAX:
                return found, line.position - 1
            if reader.wanted.takes(line):
                found.append(line)
                size += len(line.doc)
        return found, min(self._position, reader.cursor + LINES_KEPT_MAX)

    def _shown(self, actor: Actor, lines: Iterable[LogLine]) -> list[LogLine]:
        """Those that somebody may see as the views stand now."""
        position = self._ports.views.position()
        if position != self._seen_at:
            self._seen_at = position
            self._seen.clear()
        return [line for line in lines if self._sees(actor, line.stream)]

    def _sees(self, actor: Actor, stream: StreamId) -> bool:
        known = self._seen.get((stream, actor))
        if known is None:
            known = self._seen[stream, actor] = visible_stream(self._ports.views, actor, stream)
        return known

    async def _follow(self) -> None:
        while True:
            try:
                if self._read_on():
                    await asyncio.sleep(min(REST_S + REST_EACH_S * self._count, REST_MOST_S))
                elif self._ports.changes is None:
                    await asyncio.sleep(POSITION_POLL_S)
                else:
                    await self._ports.changes.wait(self._position)
            except Exception:  # noqa: BLE001 - a view that cannot be read now must not end all streams
                _log.exception("the log could not be followed")
                await asyncio.sleep(FAULT_REST_S)

    def _read_on(self) -> bool:
        """Take in what is new and wake whom it concerns. Whether there was anything."""
        lines, reached = self._ports.views.since(self._position, _EVERYTHING, limit=CHUNK_LINES_MAX)
        if reached <= self._position:
            return False
        before, self._position = self._position, reached
        self._lines += lines
        # What a line tells of its subject was read before: words taken away since must not be told from memory.
        del self._lines[: None if any(_takes_away(line.kind) for line in lines) else -LINES_KEPT_MAX]
        for stream in {None, *(line.stream for line in lines)}:
            for reader in self._by_stream.get(stream, ()):
                if reader.idle:
                    reader.idle = False
                    reader.cursor = max(reader.cursor, before)
                    reader.woken.set()
        return True


def _takes_away(name: str) -> bool:
    """Whether events of a kind change what earlier ones tell: redactions, and acts that decide which of those count."""
    kind = KINDS.get(name)
    return kind is not None and (kind.refolds or kind.deed is not None)
