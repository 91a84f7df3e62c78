"""The code index and the languages in the background: a thread of the main process that follows the default branches.

A push is answered before its code is searchable. The thread has a connection of its own to the views, writes in short
transactions and rests between them for as long as SQLite takes to look again whether the lock is free, so that the
writer, which answers requests, is held up by one of its transactions at most; and several times as long as it has
worked where the writer was at work, too. While the writer is busy all the time, it waits with a repository for a while.
"""

from __future__ import annotations

import threading
import time
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Final, final

from domain.errors import LocalFault, NotFound
from gitant.log import get_logger
from projections.code import CodeIndex, open_index
from projections.code_check import check_code_tables
from projections.code_follow import behind, follow
from projections.database import open_readonly
from projections.fts_check import check_full_text
from projections.languages import check_languages, follow_languages, languages_behind

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from pathlib import Path

    from domain.ids import StreamId
    from domain.ports_git import GitReader

SWEEP_S: Final = 60.0
"""How often all tips are compared, for what nobody woke us for and what failed."""
REPORT_S: Final = 10.0
STOP_S: Final = 5.0
RESTS: Final = 4
"""Beside a busy writer it rests so many times as long as it works."""
REST_S_MAX: Final = 2.0
PATIENCE_S: Final = 10.0
"""How long a repository's code waits for a busy writer to have less to do."""
LULL_LOOK_S: Final = 0.1

_log = get_logger("gitant.indexer")


class _Stopped(Exception):
    """The node is stopping; the rest is for the next start."""


@final
class Indexer:
    """Every method may be called from any thread. `start` once the writer has brought the views up to date."""

    def __init__(
        self,
        views_path: Path,
        reader: GitReader,
        *,
        clock: Callable[[], float] = time.monotonic,
        is_busy: Callable[[], bool] = lambda: False,
    ) -> None:
        self._views_path = views_path
        self._reader = reader
        self._clock = clock
        self._is_busy = is_busy
        self._patient_until = 0.0
        self._changed = threading.Condition()
        self._waiting: dict[StreamId, None] = {}
        self._current: StreamId | None = None
        self._index: CodeIndex | None = None
        self._failed: set[StreamId] = set()
        self._compared = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="code-index", daemon=True)
        self._reported = 0.0
        self._version = 0
        """SQLite's count of what other connections have committed."""
        self._woke_at = 0.0

    def start(self) -> None:
        """Compare all repositories with the index, catch up, then wait to be woken."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the transaction at hand and end."""
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(STOP_S)

    def wake(self, stream: StreamId) -> None:
        """A repository's default branch has moved, was chosen anew, or the repository was deleted."""
        with self._changed:
            self._waiting[stream] = None
            self._changed.notify_all()

    def idle(self) -> bool:
        """Whether everything that can be indexed is."""
        with self._changed:
            return self._is_idle()

    def behind(self) -> int:
        """How many repositories are not indexed as they are now, those included that could not be."""
        with self._changed:
            return len((self._failed | self._waiting.keys() | {self._current}) - {None})

    def wait_idle(self, timeout_s: float) -> bool:
        """Return when it is idle, or False when that takes too long."""
        with self._changed:
            return self._changed.wait_for(self._is_idle, timeout_s)

    def _is_idle(self) -> bool:
        return self._compared and not self._waiting and self._current is None

    def _is_wanted(self) -> bool:
        return bool(self._waiting) or self._stopping.is_set()

    def _run(self) -> None:
        with closing(open_index(self._views_path)) as connection:
            self._index = CodeIndex(connection, between=partial(self._rest, connection), clock=self._clock)
            try:
                while (stream := self._next(connection)) is not None:
                    self._patient_until = self._clock() + PATIENCE_S
                    self._wait_for_a_lull()
                    self._has_written(connection)
                    self._woke_at = time.monotonic()
                    self._bring_up(self._index, connection, stream)
            except _Stopped:
                return

    def _next(self, connection: sqlite3.Connection) -> StreamId | None:
        """The repository to index now, waited for; None at the end."""
        while not self._stopping.is_set():
            with self._changed:
                if self._compared and self._waiting:
                    return self._take()
                if self._compared:
                    self._changed.notify_all()
                    if self._changed.wait_for(self._is_wanted, SWEEP_S):
                        continue
            self._sweep(connection)
        return None

    def _take(self) -> StreamId:
        self._current = next(iter(self._waiting))
        del self._waiting[self._current]
        self._failed.discard(self._current)
        self._reported = self._clock()
        return self._current

    def _sweep(self, connection: sqlite3.Connection) -> None:
        found = _behind(connection)
        with self._changed:
            self._failed.intersection_update(found)
            self._waiting.update(dict.fromkeys(found))
            self._compared = True

    def _bring_up(self, index: CodeIndex, connection: sqlite3.Connection, stream: StreamId) -> None:
        failed = True
        try:
            failed = bool(_attempt(index, connection, self._reader, stream))
        finally:
            with self._changed:
                self._current = None
                if failed:
                    self._failed.add(stream)

    def _rest(self, connection: sqlite3.Connection, held_s: float) -> None:
        beside_s = time.monotonic() - self._woke_at if self._has_written(connection) else 0.0
        if self._stopping.wait(rest_s(held_s, beside_s)):
            raise _Stopped
        self._wait_for_a_lull()
        self._woke_at = time.monotonic()
        if self._clock() - self._reported < REPORT_S or self._current is None or self._index is None:
            return
        self._reported = self._clock()
        _log.info("indexing code", repository=self._current.hex(), files=self._index.files_done)

    def _wait_for_a_lull(self) -> None:
        """Leave the processor to a writer that takes in a copy or a flood, but not for ever."""
        while self._is_busy() and self._clock() < self._patient_until:
            if self._stopping.wait(LULL_LOOK_S):
                raise _Stopped

    def _has_written(self, connection: sqlite3.Connection) -> bool:
        """Whether another connection has committed since this was asked last."""
        before, self._version = self._version, int(connection.execute("PRAGMA data_version").fetchone()[0])
        return self._version != before


def rest_s(held_s: float, beside_s: float = 0.0) -> float:
    """How long to leave the lock alone after holding it: a little longer than who waits for it sleeps by then.

    After working for `beside_s` beside a writer who writes, too, several times that: both need the processor.

    SQLite's waiting sleeps longer the longer it has waited: up to 25 ms in the first 0.128 s, 50 ms until 0.228 s and
    100 ms from then on.
    """
    beside = min(REST_S_MAX, RESTS * beside_s)
    if held_s == 0:
        return beside
    if held_s < 0.1:
        return max(0.03, beside)
    return max(0.06 if held_s < 0.2 else 0.11, beside)


def index_all(
    views_path: Path, reader: GitReader, progress: Callable[[int, int], None] = lambda _done, _all: None
) -> list[str]:
    """Index every repository now; one line for each that could not be. Nobody else may be indexing."""
    with closing(open_index(views_path)) as connection:
        index = CodeIndex(connection)
        streams = _behind(connection)
        faults: list[str] = []
        for done, stream in enumerate(streams):
            progress(done, len(streams))
            if fault := _attempt(index, connection, reader, stream):
                faults.append(f"the code of repository {stream.hex()} is not indexed: {fault}")
        progress(len(streams), len(streams))
        return faults


def check_code(views_path: Path, reader: GitReader, scratch: Path | None = None) -> list[str]:
    """What is wrong with the code index and the full-text indexes, a line each. `scratch` is a folder for a copy."""
    with closing(open_readonly(views_path)) as connection:
        found = check_code_tables(connection, reader) + check_languages(connection, reader)
    return found + check_full_text(views_path, scratch)


def _behind(connection: sqlite3.Connection) -> list[StreamId]:
    """The repositories whose code or languages are not those of their tip."""
    return list(dict.fromkeys([*behind(connection), *languages_behind(connection)]))


def _attempt(index: CodeIndex, connection: sqlite3.Connection, reader: GitReader, stream: StreamId) -> str:
    """Bring one repository up; why that failed, or nothing."""
    try:
        follow(index, connection, reader, stream)
        follow_languages(connection, reader, stream)
    except _Stopped:
        raise
    except NotFound as fault:
        # A copy has its refs before their objects; when these are here, it is looked at again.
        _log.info("a repository's code waits for its objects", repository=stream.hex(), reason=fault.message)
        return fault.message
    except LocalFault as fault:
        _log.warning("a repository's code could not be indexed", repository=stream.hex(), reason=fault.message)
        return fault.message
    except Exception as fault:  # noqa: BLE001  # see below
        # Whatever is broken in one repository's objects must not end the search in all others.
        _log.exception("a repository's code could not be indexed", repository=stream.hex())
        return str(fault) or type(fault).__name__
    return ""
