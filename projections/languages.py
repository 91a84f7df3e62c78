"""In which languages the default branch of each repository is: bytes by language, as of one commit.

A row is a function of the commit's tree. It follows pushes after they are answered, as the code index does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from domain.errors import GitantError, TooLarge
from domain.ports_views import Languages
from projections.code_follow import tip_of, tips
from projections.tables import LANGUAGES, upsert

if TYPE_CHECKING:
    import sqlite3

    from domain.ids import StreamId
    from domain.ports_git import GitReader

_PUT: Final = upsert(LANGUAGES)


def languages_of(connection: sqlite3.Connection, stream: StreamId) -> Languages:
    """What is known of a repository; nothing, and not `complete`, before it was looked at."""
    row = connection.execute("SELECT commit_id, doc FROM languages WHERE stream=?", (stream,)).fetchone()
    tip = tip_of(connection, stream)
    if row is None:
        return Languages(None, b"{}", complete=tip is None)
    return Languages(str(row[0]), bytes(row[1]), complete=row[0] == tip)


def languages_behind(connection: sqlite3.Connection) -> list[StreamId]:
    """The repositories whose row is not that of their tip."""
    known = dict(connection.execute("SELECT stream, commit_id FROM languages"))
    wanted = tips(connection)
    gone = [stream for stream in known if stream not in wanted]
    return gone + [stream for stream, tip in wanted.items() if known.get(stream) != tip]


def follow_languages(connection: sqlite3.Connection, reader: GitReader, stream: StreamId) -> None:
    """Bring a repository's row to its tip as it is now. Raises what the reader raises."""
    tip = tip_of(connection, stream)
    if tip is None:
        connection.execute("DELETE FROM languages WHERE stream=?", (stream,))
        return
    row = connection.execute("SELECT commit_id, tree, doc FROM languages WHERE stream=?", (stream,)).fetchone()
    if row is not None and row[0] == tip:
        return
    tree = reader.commit(stream, tip).tree
    doc = row[2] if row is not None and row[1] == tree else _doc(reader, stream, tip)
    connection.execute(_PUT, (stream, tip, tree, doc))


def check_languages(connection: sqlite3.Connection, reader: GitReader) -> list[str]:
    """What is wrong with the rows: a line for the first difference. One that is behind is none."""
    for stream, commit, tree, doc in connection.execute("SELECT stream, commit_id, tree, doc FROM languages"):
        try:
            wanted = (reader.commit(stream, commit).tree, _doc(reader, stream, commit))
        except GitantError as fault:
            return [f"languages: {stream.hex()} cannot be counted again: {fault}"]
        if wanted != (tree, doc):
            return [f"languages: {stream.hex()} is {doc!r}, should be {wanted[1]!r}"]
    return []


def _doc(reader: GitReader, stream: StreamId, commit: str) -> bytes:
    try:
        return msgspec.json.encode(reader.languages(stream, commit))
    except TooLarge:  # nothing is said of what nobody can look through
        return b"{}"
