"""Searching code: which lines are found, in which order, and whatever people type."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.errors import InvalidInput
from domain.ports_views import CodeHit
from projections import code_search
from projections.code_limits import HIT_CHARS_MAX, HITS_PER_FILE_MAX, POLL_S
from projections.code_search import search
from projections.database import open_readonly
from projections.reader import SqliteViews
from tests.projections.code_room import CodeRoom

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from domain.ids import StreamId
    from tests.projections.code_room import Files

FILES = {
    "b/reader.py": b"def read(path):\r\n    return Path(path).read_text()\r\n",
    "a.py": b"import os\n\nDEF = 1\ndef main(path):\n    os.remove(path)",
    "notes.md": 'Größe: 10 %\nΣ ist ein Buchstabe\nsay "hello" (or not)\n50% AND a_b * c\\d NEAR(x) -y ^z\n'.encode(),
    "zh.txt": "中文 text\n".encode(),
}


@pytest.fixture
def room(tmp_path: Path) -> Generator[CodeRoom]:
    room = CodeRoom(tmp_path)
    yield room
    room.close()


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[CodeRoom, StreamId]]:
    """A room for tests that only search."""
    room = CodeRoom(tmp_path_factory.mktemp("searched"))
    yield room, made(room, FILES)
    room.close()


def made(room: CodeRoom, files: Files, name: str = "demo") -> StreamId:
    repo = room.repository(name)
    room.push(repo, files)
    room.follow(repo)
    return repo


def found(room: CodeRoom, repo: StreamId, words: str) -> list[tuple[str, int]]:
    return [(hit.path, hit.line) for hit in search(room.connection, repo, words, 50).hits]


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        ("def", [("a.py", 3), ("a.py", 4), ("b/reader.py", 1)]),
        ("DEF", [("a.py", 3), ("a.py", 4), ("b/reader.py", 1)]),
        ("def path", [("a.py", 4), ("b/reader.py", 1)]),
        ("  path\tdef  def ", [("a.py", 4), ("b/reader.py", 1)]),
        ("emov", [("a.py", 5)]),
        ("os", [("a.py", 1), ("a.py", 5)]),
        ("os path", [("a.py", 5)]),
        ("import main", []),
        ("zh.txt", []),
        ("größe", [("notes.md", 1)]),
        ("GRÖSSE", []),
        ("GRÖẞE", [("notes.md", 1)]),
        ("ö", [("notes.md", 1)]),
        ("Ö", [("notes.md", 1)]),
        ("σ", [("notes.md", 2)]),
        ("中文", [("zh.txt", 1)]),
        ("文", [("zh.txt", 1)]),
        ('"hello"', [("notes.md", 3)]),
        ('hello"', [("notes.md", 3)]),
        ('"', [("notes.md", 3)]),
        ("(or", [("notes.md", 3)]),
        ("%", [("notes.md", 1), ("notes.md", 4)]),
        ("0%", [("notes.md", 4)]),
        ("_", [("b/reader.py", 2), ("notes.md", 4)]),
        ("a_b", [("notes.md", 4)]),
        ("\\", [("notes.md", 4)]),
        ("c\\d", [("notes.md", 4)]),
        ("AND", [("notes.md", 4)]),
        ("AND OR", []),
        ("NEAR(x)", [("notes.md", 4)]),
        ("*", [("notes.md", 4)]),
        ("-y ^z", [("notes.md", 4)]),
        ("def*", []),
        ("text:def", []),
        ("nowhere", []),
    ],
)
def test_lines_with_every_word_are_found(
    searched: tuple[CodeRoom, StreamId], words: str, lines: list[tuple[str, int]]
) -> None:
    assert found(*searched, words) == lines


def test_every_line_is_found_by_each_of_its_words(searched: tuple[CodeRoom, StreamId]) -> None:
    room, repo = searched
    for path, text in room.texts(repo).items():
        for number, line in enumerate(text.split("\n"), 1):
            for word in line.split():
                assert (path, number) in found(room, repo, word), word


def test_a_hit_shows_its_line(room: CodeRoom) -> None:
    repo = made(room, FILES)
    answer = search(room.connection, repo, "read_text", 10)
    assert answer.hits == [CodeHit("b/reader.py", 2, "    return Path(path).read_text()")]
    assert (answer.complete, answer.more) == (True, False)
    assert answer.commit == room.indexed().state[0][1]


def test_a_long_line_is_shown_around_the_word(room: CodeRoom) -> None:
    repo = made(room, {"min.js": b"x" * 5_000 + b"needle" + b"y" * 5_000, "end.js": b"x" * 5_000 + b"needle"})
    hits = search(room.connection, repo, "needle", 10).hits
    assert [len(hit.text) for hit in hits] == [HIT_CHARS_MAX] * 2
    assert all("needle" in hit.text for hit in hits)


@pytest.mark.parametrize("words", ["", " \t", "a\0b", "\ud800", "x" * 257])
def test_what_cannot_be_searched_for_is_refused(searched: tuple[CodeRoom, StreamId], words: str) -> None:
    room, repo = searched
    with pytest.raises(InvalidInput):
        search(room.connection, repo, words, 10)


def test_there_may_be_more_than_is_asked_for(room: CodeRoom) -> None:
    repo = made(room, {"a": b"word\n" * 3, "b": b"word\n" * 2})
    for limit, count, more in ((4, 4, True), (5, 5, False), (6, 5, False)):
        answer = search(room.connection, repo, "word", limit)
        assert (len(answer.hits), answer.more) == (count, more)


def test_one_file_does_not_fill_the_answer(room: CodeRoom) -> None:
    repo = made(room, {"a": b"word\n" * (HITS_PER_FILE_MAX + 1), "b": b"word\n", "c": b"word\n" * HITS_PER_FILE_MAX})
    answer = search(room.connection, repo, "word", 100)
    assert [hit.path for hit in answer.hits] == ["a"] * HITS_PER_FILE_MAX + ["b"] + ["c"] * HITS_PER_FILE_MAX
    assert answer.more


def test_a_search_reads_through_so_much_text(room: CodeRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = made(room, dict.fromkeys("abcd", b"here\nthere\nhere is\n"))
    monkeypatch.setattr(code_search, "EXAMINED_CHARS_MAX", 45)
    answer = search(room.connection, repo, "here is", 100)
    assert [hit.path for hit in answer.hits] == ["a", "b"]
    assert answer.more


def test_another_repository_s_lines_are_not_found(room: CodeRoom) -> None:
    repo = made(room, {"a": b"open words\n"})
    private = made(room, {"a": b"secret words\n"}, "private")
    assert found(room, repo, "words") == [("a", 1)]
    assert found(room, repo, "secret") == []
    assert found(room, private, "secret") == [("a", 1)]
    assert found(room, private, "se") == [("a", 1)]


def test_an_empty_repository_has_nothing_and_all_of_it(room: CodeRoom) -> None:
    answer = search(room.connection, room.repository("empty"), "word", 10)
    assert (answer.commit, answer.complete, answer.hits, answer.more) == (None, True, [], False)


def test_the_order_does_not_tell_which_file_came_first(room: CodeRoom) -> None:
    repo = made(room, {"b": b"word\n", "c": b"word\n"})
    room.push(repo, {"a": b"word\n", "b": b"word\n", "c": b"word\n"})
    room.follow(repo)
    assert found(room, repo, "word") == [("a", 1), ("b", 1), ("c", 1)]
    assert found(room, repo, "wo") == [("a", 1), ("b", 1), ("c", 1)]


def test_the_answer_says_whether_the_index_has_caught_up(room: CodeRoom) -> None:
    repo = made(room, {"a": b"old\n"})
    before = room.indexed().state[0][1]
    room.push(repo, {"a": b"new\n"})
    answer = search(room.connection, repo, "old", 10)
    assert (answer.commit, answer.complete, len(answer.hits)) == (before, False, 1)
    room.connection.execute("DELETE FROM code_state")
    answer = search(room.connection, repo, "old", 10)
    assert (answer.commit, answer.complete) == (None, False)


class _Time:
    """A clock that goes on when somebody waits; `then` happens at the third wait."""

    def __init__(self, room: CodeRoom, repo: StreamId | None) -> None:
        self.now, self.waits = 100.0, 0
        self._room, self._repo = room, repo

    def clock(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.waits += 1
        if self.waits == 3 and self._repo is not None:
            self._room.follow(self._repo)


def test_a_patient_search_waits_for_the_index(room: CodeRoom) -> None:
    repo = made(room, {"a": b"old\n"})
    room.push(repo, {"a": b"new\n"})
    reader = open_readonly(room.views)
    time = _Time(room, None)
    answer = search(reader, repo, "new", 10, patience_s=0.5, clock=time.clock, wait=time.wait)
    assert (answer.complete, answer.hits) == (False, [])
    assert time.waits == pytest.approx(0.5 / POLL_S, abs=1)
    time = _Time(room, repo)
    answer = search(reader, repo, "new", 10, patience_s=0.5, clock=time.clock, wait=time.wait)
    assert (answer.complete, len(answer.hits), time.waits) == (True, 1, 3)
    reader.close()


def test_the_views_search_code(room: CodeRoom) -> None:
    repo = made(room, FILES)
    assert len(SqliteViews(room.views, code_patience_s=0).search_code(repo, "def path").hits) == 2
