"""Searching code: the lines that hold every word of a query, letter case aside.

The trigram index names the files that hold all words of three characters and more, LIKE the rest; then each file is
read, because the words must be in one line. Files come by path and not by row number, so that an index built anew
answers the same.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from domain.errors import InvalidInput
from domain.ports_views import CodeHit, CodeHits
from projections.code_follow import tip_of
from projections.code_limits import EXAMINED_CHARS_MAX, HIT_CHARS_MAX, HITS_PER_FILE_MAX, POLL_S
from projections.queries.text import TRIGRAM_CHARS, like, terms

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator

    from domain.ids import StreamId


def search(
    connection: sqlite3.Connection,
    stream: StreamId,
    words: str,
    limit: int,
    *,
    patience_s: float = 0.0,
    clock: Callable[[], float] = time.monotonic,
    wait: Callable[[float], None] = time.sleep,
) -> CodeHits:
    """Lines of a repository's files that hold all `words`, by path and line.

    Where the index is behind the default branch (a push was just now), it is given `patience_s` to catch up; what is
    found then is the answer, and `complete` says whether it did.
    """
    assert limit > 0, "a search asks for something"
    wanted = _wanted(words)
    deadline = clock() + patience_s
    while not _is_complete(connection, stream) and clock() < deadline:
        wait(POLL_S)
    connection.execute("BEGIN")  # so that state and lines are of one moment
    try:
        commit = _commit(connection, stream)
        hits, more = _hits(_candidates(connection, stream, list(wanted.values())), list(wanted), limit)
        return CodeHits(commit=commit, complete=commit == tip_of(connection, stream), hits=hits, more=more)
    finally:
        connection.execute("COMMIT")


def _wanted(words: str) -> dict[str, str]:
    """By word without letter case, as it was written; the longest (most likely the rarest) first."""
    wanted = {word.casefold(): word for word in sorted(terms(words), key=lambda word: (-len(word), word))}
    if not wanted:
        raise InvalidInput("there is nothing to search for", hint="give a word", field="q")
    return wanted


def _is_complete(connection: sqlite3.Connection, stream: StreamId) -> bool:
    return _commit(connection, stream) == tip_of(connection, stream)


def _commit(connection: sqlite3.Connection, stream: StreamId) -> str | None:
    row = connection.execute("SELECT commit_id FROM code_state WHERE stream=?", (stream,)).fetchone()
    return None if row is None else str(row[0])


def _candidates(connection: sqlite3.Connection, stream: StreamId, words: list[str]) -> Iterator[tuple[str, str]]:
    """Path and text of the files that may have such lines, by path, read one after the other."""
    conditions, values = ["stream=?"], list[object]([stream])
    phrases = [word for word in words if len(word) >= TRIGRAM_CHARS]
    if phrases:
        # The plus keeps SQLite to the index by path, where it finds the files in order and stops with us.
        conditions.append("+n IN (SELECT rowid FROM code_files_fts WHERE code_files_fts MATCH ?)")
        values.append(" AND ".join('"' + phrase.replace('"', '""') + '"' for phrase in phrases))
    for word in words:
        if len(word) < TRIGRAM_CHARS and word.isascii():  # LIKE knows the case of no other letters
            conditions.append("text LIKE ? ESCAPE '\\'")
            values.append(like(word))
    where = " AND ".join(conditions)
    return connection.execute(f"SELECT path, text FROM code_files WHERE {where} ORDER BY path", values)


def _hits(files: Iterator[tuple[str, str]], wanted: list[str], limit: int) -> tuple[list[CodeHit], bool]:
    """At most `limit` hits, and whether there may be more."""
    found: list[CodeHit] = []
    examined, more = 0, False
    for path, text in files:
        if examined + len(text) > EXAMINED_CHARS_MAX:
            return found, True
        examined += len(text)
        for count, (line, line_text) in enumerate(_lines(text, wanted)):
            if len(found) == limit:
                return found, True
            if count == HITS_PER_FILE_MAX:
                more = True
                break
            found.append(CodeHit(path, line, line_text))
    return found, more


def _lines(text: str, wanted: list[str]) -> Iterator[tuple[int, str]]:
    """The lines with every word. Only those with the first word are looked at."""
    folded = text.casefold()  # which may be longer than the text, but has the same lines
    lines: list[str] = []
    end, number = -1, 0
    while (at := folded.find(wanted[0], end + 1)) >= 0:
        number += folded.count("\n", end + 1, at) + 1
        start, end = folded.rfind("\n", 0, at) + 1, folded.find("\n", at)
        end = len(folded) if end < 0 else end
        if all(folded.find(word, start, end) >= 0 for word in wanted[1:]):
            lines = lines or text.split("\n")
            yield number, _window(lines[number - 1].removesuffix("\r"), at - start)


def _window(line: str, at: int) -> str:
    """A line as it is shown: whole, or the part around the word at `at`."""
    if len(line) <= HIT_CHARS_MAX:
        return line
    start = max(0, min(at - HIT_CHARS_MAX // 4, len(line) - HIT_CHARS_MAX))
    return line[start : start + HIT_CHARS_MAX]
