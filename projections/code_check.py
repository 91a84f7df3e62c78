"""Is the code index what git says? Every commit that is indexed is read again and compared, row by row.

An index may be behind, for it follows pushes after they are answered: a repository without a state, or at an older
commit, is no difference. What is indexed must be right all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

from domain.errors import GitantError, InvalidInput, NotFound
from domain.refs.names import is_oid
from projections.code_tree import CodeFile, WholeTree, text_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from domain.ids import StreamId
    from domain.ports_git import GitReader


def check_code_tables(connection: sqlite3.Connection, reader: GitReader) -> list[str]:
    """The first differing cell of `code_state` and of `code_files`: at most a line for each."""
    connection.execute("BEGIN")
    try:
        check = _Check(connection, reader)
        check.run()
        return [f"{table}: {difference}" for table, difference in check.found.items()]
    finally:
        connection.execute("COMMIT")


@final
class _Check:
    def __init__(self, connection: sqlite3.Connection, reader: GitReader) -> None:
        self._connection = connection
        self._reader = reader
        self.found: dict[str, str] = {}
        """By table, what was found first."""

    def run(self) -> None:
        known = {row[0] for row in self._connection.execute("SELECT stream FROM repos")}
        rows = self._connection.execute("SELECT stream, commit_id, weight, cut FROM code_state")
        states: dict[StreamId, tuple[str, int, int]] = {row[0]: row[1:] for row in rows}
        for stream in sorted(states.keys() - known, key=repr):
            self._note("code_state", f"a row is too many: there is no repository {_hex(stream)}")
        for stream in self._streams_with_files():
            if stream not in known:
                self._note("code_files", f"rows are too many: there is no repository {_hex(stream)}")
            elif stream not in states:
                self._check_rows(stream)
        for stream in sorted(states.keys() & known):
            self._check_commit(stream, *states[stream])

    def _check_commit(self, stream: StreamId, commit: str, weight: int, cut: int) -> None:
        """A repository that is indexed whole: its tree, its files and nothing else."""
        try:
            tree = WholeTree(self._reader.files_changed(stream, None, _commit(self._reader, stream, commit)))
            count = sum(self._check_file(stream, file) for file in tree)
        except GitantError as fault:
            self._note("code_state", f"row {_hex(stream)}: commit_id {commit!r} cannot be read: {fault}")
            return
        if weight != tree.weight:
            self._note("code_state", f"row {_hex(stream)}: weight is {weight}, should be {tree.weight}")
        if cut != tree.cut:
            self._note("code_state", f"row {_hex(stream)}: cut is {cut}, should be {int(tree.cut)}")
        held = self._connection.execute("SELECT count(*) FROM code_files WHERE stream=?", (stream,)).fetchone()[0]
        if held > count:
            self._note("code_files", f"repository {_hex(stream)} has {held - count} rows that {commit} does not")

    def _check_file(self, stream: StreamId, file: CodeFile) -> bool:
        row = self._connection.execute(
            "SELECT oid, text FROM code_files WHERE stream=? AND path=?", (stream, file.path)
        ).fetchone()
        if row is None:
            self._note("code_files", f"a row is missing: {file.path!r} in {_hex(stream)}")
            return False
        for name, held, wanted in (("oid", row[0], file.oid), ("text", row[1], file.text)):
            if held != wanted:
                self._note("code_files", _cell(stream, file.path, name, held, wanted))
        return True

    def _check_rows(self, stream: StreamId) -> None:
        """A repository whose indexing was cut short: each row must be a blob's, and the next run sees to the rest."""
        rows: Iterator[tuple[str, str, str]] = self._connection.execute(
            "SELECT path, oid, text FROM code_files WHERE stream=? ORDER BY path", (stream,)
        )
        for path, oid, text in rows:
            try:
                wanted = text_of(self._reader.object(stream, oid)[1])
            except GitantError as fault:
                self._note("code_files", f"row {path!r} in {_hex(stream)}: oid {oid!r} cannot be read: {fault}")
                continue
            if text and text != wanted:  # a link or a submodule has no text, whatever its blob says
                self._note("code_files", _cell(stream, path, "text", text, wanted))

    def _streams_with_files(self) -> Iterator[StreamId]:
        """Each once, by a step in the index from one to the next."""
        row = self._connection.execute("SELECT min(stream) FROM code_files").fetchone()
        while row[0] is not None:
            yield row[0]
            row = self._connection.execute("SELECT min(stream) FROM code_files WHERE stream > ?", row).fetchone()

    def _note(self, table: str, difference: str) -> None:
        self.found.setdefault(table, difference)


def _commit(reader: GitReader, stream: StreamId, commit: str) -> str:
    """The commit, if it is the full name of one: the reader would take a branch's, too."""
    if not is_oid(commit):
        raise InvalidInput("it is no commit's name")
    if reader.resolve(stream, commit) != commit:
        raise NotFound("it is no commit")
    return commit


def _cell(stream: StreamId, path: str, name: str, held: Any, wanted: str) -> str:
    at = next((at for at, pair in enumerate(zip(str(held), wanted, strict=False)) if pair[0] != pair[1]), None)
    at = min(len(str(held)), len(wanted)) if at is None else at
    around = slice(max(0, at - 20), at + 20)
    return f"row {path!r} in {_hex(stream)}: {name} is {str(held)[around]!r}, should be {wanted[around]!r} (at {at})"


def _hex(stream: Any) -> str:
    return stream.hex() if isinstance(stream, bytes) else repr(stream)
