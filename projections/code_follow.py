"""Where the code index should be, which repositories it is behind in, and bringing one up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from domain.errors import NotFound

if TYPE_CHECKING:
    import sqlite3

    from domain.ids import StreamId
    from domain.ports_git import GitReader
    from projections.code import CodeIndex

_TIP: Final = (
    "SELECT lower(hex(f.oid)) FROM repos r JOIN refs f ON f.stream=r.stream AND f.name='refs/heads/'||r.default_branch"
    " WHERE r.stream=? AND r.deleted=0 AND f.oid IS NOT NULL"
)
_INDEXED: Final = (
    "SELECT r.stream FROM repos r WHERE EXISTS (SELECT 1 FROM code_files f WHERE f.stream=r.stream)"
    " OR EXISTS (SELECT 1 FROM code_state s WHERE s.stream=r.stream)"
)
_TIPS: Final = (
    "SELECT r.stream, lower(hex(f.oid)), s.commit_id FROM repos r"
    " JOIN refs f ON f.stream=r.stream AND f.name='refs/heads/'||r.default_branch"
    " LEFT JOIN code_state s ON s.stream=r.stream WHERE r.deleted=0 AND f.oid IS NOT NULL ORDER BY r.pos"
)


def tip_of(connection: sqlite3.Connection, stream: StreamId) -> str | None:
    """The commit of a repository's default branch; None where it is empty, deleted or not there."""
    row = connection.execute(_TIP, (stream,)).fetchone()
    return None if row is None else str(row[0])


def tips(connection: sqlite3.Connection) -> dict[StreamId, str]:
    """The tips of all default branches, oldest repository first."""
    return {stream: tip for stream, tip, _ in connection.execute(_TIPS)}


def behind(connection: sqlite3.Connection) -> list[StreamId]:
    """The repositories whose index is not that of their tip; those with something indexed and no tip come first."""
    rows: list[tuple[StreamId, str, str | None]] = connection.execute(_TIPS).fetchall()
    with_tip = {stream for stream, _, _ in rows}
    gone = [stream for (stream,) in connection.execute(_INDEXED) if stream not in with_tip]
    return gone + [stream for stream, tip, commit in rows if commit != tip]


def follow(index: CodeIndex, connection: sqlite3.Connection, reader: GitReader, stream: StreamId) -> None:
    """Bring a repository's index to its tip as it is now. Raises what the reader raises."""
    tip = tip_of(connection, stream)
    if tip is None:
        index.drop(stream)
        return
    held = index.indexed(stream)
    if held == tip or (held is not None and _amended(index, reader, stream, held, tip)):
        return
    index.update(stream, tip, reader.files_changed(stream, None, tip), whole=True)


def _amended(index: CodeIndex, reader: GitReader, stream: StreamId, held: str, tip: str) -> bool:
    try:
        return index.update(stream, tip, reader.files_changed(stream, held, tip), whole=False)
    except NotFound:  # a commit that no branch holds any more may have been cleared away
        return False
