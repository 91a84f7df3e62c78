"""Who was turned away, noted in the local audit log: counted by the minute, so that nobody fills it with tries."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, final

import structlog

from domain.accounts import email_problem, user_name_problem
from domain.audit import Entry
from domain.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.audit import Journal

NAMES_MAX: Final = 100
"""So many names and addresses are told apart within a minute; others are counted together."""
EVERY_S: Final = 60.0
_OTHERS: Final = "(others)"

_log = structlog.get_logger(__name__)


@final
class Refusals:
    """Used on a worker's event loop. The first refusal of a minute is noted at once, the others with their count."""

    def __init__(self, journal: Journal, position: Callable[[], int] = lambda: 0) -> None:
        """`position` is where the views are."""
        self._journal = journal
        self._position = position
        self._counts: dict[tuple[str, str, str], int] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._writing = set[asyncio.Task[None]]()

    def note(self, act: str, name: str, address: str) -> None:
        """Count one; `name` is whom somebody said they are. Other words that come in its place may be secrets."""
        known = not user_name_problem(name) or not email_problem(name)
        key = (act, name if known else "", address)
        if key not in self._counts and len(self._counts) >= NAMES_MAX:
            key = (act, _OTHERS, "")
        if key in self._counts:
            self._counts[key] += 1
            return
        self._counts[key] = 0
        self._write([_entry(key, 1)])
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(EVERY_S, self._flush)

    async def close(self) -> None:
        """Note what is counted, and return when it is on the disk."""
        if self._timer is not None:
            self._timer.cancel()
            self._flush()
        await asyncio.gather(*self._writing)

    def _flush(self) -> None:
        self._timer = None
        more = [_entry(key, count) for key, count in self._counts.items() if count]
        self._counts.clear()
        if more:
            self._write(more)

    def _write(self, entries: list[Entry]) -> None:
        task = asyncio.create_task(asyncio.to_thread(self._note, entries, self._position()))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    def _note(self, entries: list[Entry], position: int) -> None:
        try:
            self._journal.note(entries, position)
        except Unavailable as fault:
            _log.error("refusals could not be noted", fault=fault.message)


def _entry(key: tuple[str, str, str], count: int) -> Entry:
    act, name, address = key
    return Entry(act, credential=name, address=address, target=name or "somebody", count=count)
