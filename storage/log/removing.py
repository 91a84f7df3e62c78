"""Taking a whole stream out of the log. Positions are for ever, so each of its rows leaves an empty one behind.

Those who hold positions (clients that follow the log, views, backups, the audit) go on as before. Since no position is
ever missing, SQLite may move all rows when it gives room back to the disk, and each keeps its number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from storage.log.rows import GONE, of_stream

if TYPE_CHECKING:
    from eventsourcing.sqlite import SQLiteCursor


def take_out(cursor: SQLiteCursor, stream: bytes) -> int:
    """Empty the rows of a stream, in the transaction of `cursor`; how many they were."""
    cursor.execute(
        "UPDATE stored_events SET originator_id = ?1, originator_version = rowid, topic = ?1, state = x'' "
        "WHERE originator_id >= ?2 AND originator_id < ?3",
        (GONE, *of_stream(stream)),
    )
    cursor.execute("SELECT changes()")
    count = int(cursor.fetchone()[0])
    cursor.execute("DELETE FROM vouched WHERE stream = ?", (stream,))
    cursor.execute("DELETE FROM hollow WHERE stream = ?", (stream,))
    return count


def take_up(cursor: SQLiteCursor, position: int) -> None:
    """Put an empty row at a position that is new."""
    cursor.execute(
        "INSERT INTO stored_events (rowid, originator_id, originator_version, topic, state) "
        "VALUES (?1, ?2, ?1, ?2, x'')",
        (position, GONE),
    )


def removed(cursor: SQLiteCursor) -> int:
    """How many positions are empty."""
    cursor.execute("SELECT count(*) FROM stored_events WHERE originator_id = ?", (GONE,))
    return int(cursor.fetchone()[0])
