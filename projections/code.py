"""The full-text index over code: the files of each repository's default branch, as of one commit.

`code_state` names the commit that a repository's rows in `code_files` are the tree of, and is there only when they
all are: it goes in the first of several transactions and comes back in the last. A run that is cut short is therefore
made good by a whole one, which keeps the rows that are right already.

The rows are a function of the commit's tree, whatever was indexed before. Compare indexes by (stream, path, oid,
text) and by all of `code_state`; the row number `n` tells in which order files came.
"""

from __future__ import annotations

import sqlite3
import time
from typing import TYPE_CHECKING, Final, NamedTuple, final

from sqlite_utils import Database

from domain.errors import TooLarge
from projections.code_limits import BATCH_CHARS_MAX, BATCH_FILES_MAX, REPOSITORY_WEIGHT_MAX
from projections.code_tree import CodeFile, WholeTree, is_ambiguous, text_of, weight_of
from projections.database import BUSY_TIMEOUT_MS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from domain.ids import StreamId
    from projections.code_tree import Change

_PUT: Final = (
    "INSERT INTO code_files (stream, path, oid, text) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (stream, path) DO UPDATE SET oid=excluded.oid, text=excluded.text"
)


def open_index(path: Path) -> sqlite3.Connection:
    """A connection for the index's writer. The views must be there: whoever projects the log makes them."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None, check_same_thread=False
    )
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA synchronous=NORMAL")
    return connection


@final
class CodeIndex:
    """The writing side of the index; one at a time for each database.

    `between` is called after every transaction that is not the last, with the seconds it took: the place to let the
    other writers of the file go first, or to raise and so leave the rest for another time.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        *,
        between: Callable[[float], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connection = connection
        self._db = Database(connection)
        self._between = between
        self._clock = clock
        self.files_done = 0
        """Files looked at by the running `update` or `drop`, whole batches of them."""

    def indexed(self, stream: StreamId) -> str | None:
        """The commit whose files are indexed, all of them; None while they are not."""
        row = self._connection.execute("SELECT commit_id FROM code_state WHERE stream=?", (stream,)).fetchone()
        return None if row is None else str(row[0])

    def update(self, stream: StreamId, commit: str, changes: Iterator[Change], *, whole: bool) -> bool:
        """Make the index that of `commit`.

        `changes` are all its files, with `whole`, else what differs from the indexed commit. False says that the
        differences do not suffice (nothing is indexed yet, or a bound is met): call again with everything.
        """
        self.files_done = 0
        if whole:
            self._replace(stream, commit, changes)
            return True
        return self._amend(stream, commit, changes)

    def drop(self, stream: StreamId) -> None:
        """Forget a repository."""
        self.files_done = 0
        held = self._held(stream)
        if held or self.indexed(stream) is not None:
            batch = _Batch(stream)
            for path, (_, chars) in held.items():
                self._make_room(batch)
                batch.delete(path, chars)
            self._write(batch)

    def _replace(self, stream: StreamId, commit: str, changes: Iterator[Change]) -> None:
        held = self._held(stream)
        tree, batch = WholeTree(changes), _Batch(stream)
        for file in tree:
            self._make_room(batch)
            if held.pop(file.path, None) == (file.oid, len(file.text)):
                batch.keep(file)
            else:
                batch.put(file)
        for path, (_, chars) in held.items():
            self._make_room(batch)
            batch.delete(path, chars)
        self._write(batch, _State(commit, tree.weight, tree.cut))

    def _amend(self, stream: StreamId, commit: str, changes: Iterator[Change]) -> bool:
        row = self._connection.execute("SELECT weight, cut FROM code_state WHERE stream=?", (stream,)).fetchone()
        if row is None or row[1]:
            return False
        weight, batch = int(row[0]), _Batch(stream)
        try:
            for path, oid, data in changes:
                if is_ambiguous(path):
                    return False
                self._make_room(batch)
                weight += self._amend_file(batch, path, None if oid is None else CodeFile(path, oid, text_of(data)))
                if weight > REPOSITORY_WEIGHT_MAX:
                    return False
        except TooLarge:
            return False
        self._write(batch, _State(commit, weight, cut=False))
        return True

    def _amend_file(self, batch: _Batch, path: str, file: CodeFile | None) -> int:
        """Put or delete one path; by how much the repository gets heavier."""
        held = self._connection.execute(
            "SELECT oid, length(text) FROM code_files WHERE stream=? AND path=?", (batch.stream, path)
        ).fetchone()
        heavier = 0 if held is None else -weight_of(path, held[1])
        if file is None:
            if held is not None:
                batch.delete(path, held[1])
            return heavier
        if held == (file.oid, len(file.text)):
            batch.keep(file)
        else:
            batch.put(file)
        return heavier + file.weight

    def _held(self, stream: StreamId) -> dict[str, tuple[str, int]]:
        """By path, the oid and the characters of text. One blob's text is the same wherever it has any."""
        rows = self._connection.execute("SELECT path, oid, length(text) FROM code_files WHERE stream=?", (stream,))
        return {path: (oid, chars) for path, oid, chars in rows}

    def _make_room(self, batch: _Batch) -> None:
        """Write a full batch, and let others have a turn."""
        if not batch.is_full:
            return
        held_s = 0.0
        if batch.rows or batch.gone:
            since = self._clock()
            self._write(batch)
            held_s = self._clock() - since
        self.files_done += batch.files
        batch.clear()
        self._between(held_s)

    def _write(self, batch: _Batch, state: _State | None = None) -> None:
        """One transaction. Without a state, nobody may take the rows for a whole tree."""
        with self._db.atomic():
            # A write comes first, so that the lock is waited for; a reader that becomes a writer may be turned away.
            self._connection.execute("DELETE FROM code_state WHERE stream=?", (batch.stream,))
            self._connection.executemany("DELETE FROM code_files WHERE stream=? AND path=?", batch.gone)
            self._connection.executemany(_PUT, batch.rows)
            if state is not None:
                self._connection.execute(
                    "INSERT INTO code_state (stream, commit_id, weight, cut) VALUES (?, ?, ?, ?)",
                    (batch.stream, *state),
                )


class _State(NamedTuple):
    """The row of a repository that is indexed whole."""

    commit: str
    weight: int
    cut: bool


@final
class _Batch:
    """The rows of the next transaction."""

    def __init__(self, stream: StreamId) -> None:
        self.stream = stream
        self.clear()

    def clear(self) -> None:
        self.rows: list[tuple[StreamId, str, str, str]] = []
        self.gone: list[tuple[StreamId, str]] = []
        self.files = 0
        self._chars = 0

    @property
    def is_full(self) -> bool:
        return self.files >= BATCH_FILES_MAX or self._chars >= BATCH_CHARS_MAX

    def put(self, file: CodeFile) -> None:
        self.rows.append((self.stream, file.path, file.oid, file.text))
        self.keep(file)

    def delete(self, path: str, chars: int) -> None:
        self.gone.append((self.stream, path))
        self._count(chars)

    def keep(self, file: CodeFile) -> None:
        """Count a file that was read, whether or not it is written."""
        self._count(len(file.text))

    def _count(self, chars: int) -> None:
        self.files += 1
        self._chars += chars
