"""Which rows have a signature that was only vouched for, as runs of positions: a catch-up brings thousands in a row."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from eventsourcing.sqlite import SQLiteCursor

_OVERLAPPING = (
    "SELECT first, last, stream FROM vouched WHERE first <= ?2 AND last >= ?1 "
    "AND first >= coalesce((SELECT max(first) FROM vouched WHERE first <= ?1), ?1)"
)


def note_vouched(cursor: SQLiteCursor, rows: Iterable[tuple[int, bytes]]) -> None:
    """Remember new rows, (position, stream) in order of position."""
    runs: list[tuple[int, int, bytes]] = []
    for position, stream in rows:
        if runs and runs[-1][1] == position - 1 and runs[-1][2] == stream:
            runs[-1] = (runs[-1][0], position, stream)
        else:
            runs.append((position, position, stream))
    cursor.executemany("INSERT INTO vouched VALUES (?, ?, ?)", runs)


def vouched_of(cursor: SQLiteCursor, stream: bytes, after: int, limit: int) -> list[int]:
    """The first positions of a stream that are greater than `after`."""
    cursor.execute(
        "SELECT first, last FROM vouched WHERE stream = ? AND last > ? ORDER BY last LIMIT ?", (stream, after, limit)
    )
    found: list[int] = []
    for first, last in cursor.fetchall():
        begin = max(int(first), after + 1)
        found.extend(range(begin, min(int(last), begin + limit - len(found) - 1) + 1))
    return found


def vouched_among(cursor: SQLiteCursor, positions: Iterable[int]) -> set[int]:
    """Those of some positions that are vouched for."""
    wanted = set(positions)
    found: set[int] = set()
    for low, high in _runs(wanted):
        cursor.execute(_OVERLAPPING, (low, high))
        for first, last, _ in cursor.fetchall():
            found.update(range(max(int(first), low), min(int(last), high) + 1))
    return found


def note_checked(cursor: SQLiteCursor, positions: Iterable[int]) -> None:
    """Forget some positions, and keep what is left of the runs that they are in."""
    for low, high in _runs(set(positions)):
        cursor.execute(_OVERLAPPING, (low, high))
        runs = [(int(row[0]), int(row[1]), row[2]) for row in cursor.fetchall()]
        cursor.executemany("DELETE FROM vouched WHERE first = ?", [(first,) for first, _, _ in runs])
        left = [(first, low - 1, stream) for first, _, stream in runs if first < low]
        left += [(high + 1, last, stream) for _, last, stream in runs if last > high]
        cursor.executemany("INSERT INTO vouched VALUES (?, ?, ?)", left)


def _runs(positions: Iterable[int]) -> Iterator[tuple[int, int]]:
    """First and last of each group of positions without a gap."""
    numbered: Sequence[tuple[int, int]] = [*enumerate(sorted(positions))]
    for _, group in groupby(numbered, lambda pair: pair[1] - pair[0]):
        members = [position for _, position in group]
        yield members[0], members[-1]
