"""Issues by id and number; `issue_search` lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.errors import Conflict
from domain.ids import is_hex_id
from domain.ports_views import EntityRow

if TYPE_CHECKING:
    import sqlite3

    from domain.ids import StreamId

_NUMBER_DIGITS_MAX = 15


def issue(connection: sqlite3.Connection, stream: StreamId, selector: str) -> EntityRow | None:
    """By content id, number, or `number.<id prefix>`."""
    if is_hex_id(selector):
        row = connection.execute(
            "SELECT id, stream, author, doc FROM issues WHERE id=? AND stream=?", (bytes.fromhex(selector), stream)
        ).fetchone()
        return EntityRow(*row) if row else None
    number, _, prefix = selector.partition(".")
    if not number.isascii() or not number.isdigit() or len(number) > _NUMBER_DIGITS_MAX or int(number) < 1:
        return None
    # The plus keeps SQLite from walking all issues in that order instead of looking the number up.
    rows = connection.execute(
        "SELECT id, stream, author, doc FROM issues WHERE stream=? AND number=? ORDER BY +lamport, id",
        (stream, int(number)),
    ).fetchall()
    rows = [row for row in rows if row[0].hex().startswith(prefix)]
    if len(rows) > 1:
        claimants = ", ".join(f"{number}.{row[0].hex()[:12]}" for row in rows[:10])
        raise Conflict(f"#{number} is claimed by {len(rows)} issues", hint=f"say which: {claimants}", field="number")
    return EntityRow(*rows[0]) if rows else None
