"""The code index: equal however it came about, never half shown as whole."""

from __future__ import annotations

import random
import sqlite3
from typing import TYPE_CHECKING

import pytest

from projections import code, code_limits, code_tree
from projections.code import CodeIndex
from projections.code_follow import behind, tip_of
from projections.database import open_readonly, open_writable
from storage.git.diff import paths
from tests.projections.code_room import CodeRoom, Link

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from domain.ids import StreamId
    from tests.projections.code_room import Files

ABSENT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def room(tmp_path: Path) -> Generator[CodeRoom]:
    room = CodeRoom(tmp_path)
    yield room
    room.close()


@pytest.fixture
def repo(room: CodeRoom) -> StreamId:
    return room.repository("demo")


def bound(patch: pytest.MonkeyPatch, *, weight_max: int) -> None:
    """Make repositories small, with a file weighing 10 more than its path and text."""
    patch.setattr(code_tree, "FILE_WEIGHT", 10)
    patch.setattr(code_tree, "REPOSITORY_WEIGHT_MAX", weight_max)
    patch.setattr(code, "REPOSITORY_WEIGHT_MAX", weight_max)


def test_every_file_is_indexed_and_text_is_searchable(room: CodeRoom, repo: StreamId) -> None:
    commit = room.push(
        repo,
        {
            "a.py": b"import os\n",
            "deep/er/b.txt": "größer\n".encode(),
            "latin.txt": b"gr\xf6\xdfer\n",
            "empty": b"",
        },
    )
    room.follow(repo)
    assert room.texts(repo) == {
        "a.py": "import os\n",
        "deep/er/b.txt": "größer\n",
        "empty": "",
        "latin.txt": "gr��er\n",
    }
    assert CodeIndex(room.connection).indexed(repo) == commit == tip_of(room.connection, repo)


def test_what_is_no_text_has_none(room: CodeRoom, repo: StreamId) -> None:
    room.push(
        repo,
        {
            "early-nul": b"a\0b",
            "large": b"x" * (code_limits.FILE_BYTES_MAX + 1),
            "largest": b"x" * code_limits.FILE_BYTES_MAX,
            "late-nul": b"words " * 2_000 + b"\0",
            "link": Link(b"target"),
        },
    )
    room.follow(repo)
    assert {path: len(text) for path, text in room.texts(repo).items()} == {
        "early-nul": 0,
        "large": 0,
        "largest": code_limits.FILE_BYTES_MAX,
        "late-nul": 0,
        "link": 0,
    }


def test_a_push_changes_what_differs(room: CodeRoom, repo: StreamId) -> None:
    room.push(repo, {"gone": b"old\n", "kept": b"same\n", "changed": b"one\n", "moved": b"far\n"})
    room.follow(repo)
    numbers = dict(room.connection.execute("SELECT path, n FROM code_files").fetchall())
    room.push(repo, {"kept": b"same\n", "changed": b"two\n", "new": b"fresh\n", "away": b"far\n"})
    room.follow(repo)
    assert room.texts(repo) == {"away": "far\n", "changed": "two\n", "kept": "same\n", "new": "fresh\n"}
    after = dict(room.connection.execute("SELECT path, n FROM code_files").fetchall())
    assert (after["kept"], after["changed"]) == (numbers["kept"], numbers["changed"])
    assert room.indexed() == room.afresh(repo)


def test_the_same_bytes_as_a_link_are_no_text(room: CodeRoom, repo: StreamId) -> None:
    room.push(repo, {"a": b"words", "b": Link(b"words")})
    room.follow(repo)
    assert room.texts(repo) == {"a": "words", "b": ""}
    room.push(repo, {"a": Link(b"words"), "b": b"words"})
    room.follow(repo)
    assert room.texts(repo) == {"a": "", "b": "words"}


def _tree(chance: random.Random) -> dict[str | bytes, bytes]:
    """Few names, so that they meet: as file, folder, link; with bytes that are no UTF-8 and their escapes."""
    names: list[bytes] = [b"a", b"b", b"sub/a", b"sub/b", b"a-b", b"\xff", b"\\xff", "ü".encode(), b"z/y/x"]
    tree: dict[str | bytes, bytes] = {}
    for name in chance.sample(names, chance.randint(1, len(names))):
        text = b"".join(chance.choices([b"one ", b"two ", b"three\n"], k=chance.randint(0, 6)))
        tree[name] = chance.choice([text, text, text, Link(b"one "), text + b"\0"])
    if b"a" in tree and chance.random() < 0.5:
        del tree[b"a"]
        tree[b"a/c"] = b"was a file\n"
    return tree


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("weight_max", [1_000_000, 110])
def test_any_way_to_a_commit_gives_the_same_index(
    room: CodeRoom, repo: StreamId, monkeypatch: pytest.MonkeyPatch, seed: int, weight_max: int
) -> None:
    bound(monkeypatch, weight_max=weight_max)
    monkeypatch.setattr(code, "BATCH_FILES_MAX", 2)
    chance = random.Random(seed)
    for _ in range(4):
        room.push(repo, _tree(chance))
        if chance.random() < 0.8:
            room.follow(repo)
            assert room.indexed() == room.afresh(repo)


class _Interrupted(Exception):
    pass


@pytest.mark.parametrize("first", [{}, {f"f{n}": b"old\n" for n in range(7)}], ids=["from nothing", "from a push"])
def test_what_is_cut_short_is_never_taken_for_whole_and_is_made_good(
    room: CodeRoom, repo: StreamId, monkeypatch: pytest.MonkeyPatch, first: Files
) -> None:
    monkeypatch.setattr(code, "BATCH_FILES_MAX", 2)
    if first:
        room.push(repo, first)
        room.follow(repo)
    room.push(repo, {f"f{n}": b"new\n" for n in range(3, 12)})
    reader = open_readonly(room.views)

    def interrupt_at(turn: int) -> int:
        turns = 0

        def between(_: float) -> None:
            nonlocal turns
            turns += 1
            assert reader.execute("SELECT count(*) FROM code_state").fetchone() == (0,)
            if turns == turn:
                raise _Interrupted

        room.follow(repo, between=between)
        return turns

    for turn in (1, 3, 4):
        with pytest.raises(_Interrupted):
            interrupt_at(turn)
        assert CodeIndex(room.connection).indexed(repo) is None
        assert behind(room.connection) == [repo]
    assert interrupt_at(0) > 3
    assert room.indexed() == room.afresh(repo)
    assert behind(room.connection) == []
    reader.close()


def test_the_other_writer_has_its_turn_between_two_transactions(
    room: CodeRoom, repo: StreamId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code, "BATCH_CHARS_MAX", 10)
    room.push(repo, {f"f{n}": b"some text\n" for n in range(5)})
    room.connection.execute("PRAGMA busy_timeout=0")
    held: list[float] = []

    def between(held_s: float) -> None:
        room.connection.execute("UPDATE meta SET value=value+1 WHERE name='position'")
        held.append(held_s)

    room.follow(repo, between=between)
    assert len(held) == 4
    assert min(held) > 0
    assert room.indexed() == room.afresh(repo)


def test_rows_that_are_right_already_are_not_written_again(
    room: CodeRoom, repo: StreamId, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.push(repo, {f"f{n}": b"text %d\n" % n for n in range(5)})
    room.follow(repo)
    room.connection.execute("DELETE FROM code_state")
    monkeypatch.setattr(code, "BATCH_FILES_MAX", 2)
    held: list[float] = []
    room.follow(repo, between=held.append)
    assert held == [0, 0]
    assert room.indexed() == room.afresh(repo)


def test_a_tree_over_the_bound_is_indexed_up_to_it(
    room: CodeRoom, repo: StreamId, monkeypatch: pytest.MonkeyPatch
) -> None:
    bound(monkeypatch, weight_max=60)
    room.push(repo, {"a": b"123456789", "b": b"123456789", "c": b"123456789", "d": b"123456789"})
    room.follow(repo)
    assert list(room.texts(repo)) == ["a", "b", "c"]
    assert room.indexed().state[0][2:] == (60, 1)
    room.push(repo, {"b": b"123456789", "c": b"123456789", "d": b"123456789"})
    room.follow(repo)
    assert list(room.texts(repo)) == ["b", "c", "d"]
    assert room.indexed().state[0][2:] == (60, 0)
    room.push(repo, {"b": b"123456789", "c": b"1234567890", "d": b"123456789"})
    room.follow(repo)
    assert list(room.texts(repo)) == ["b", "c"]
    assert room.indexed() == room.afresh(repo)


def test_a_tree_of_too_many_folders_is_indexed_up_to_there(
    room: CodeRoom, repo: StreamId, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.push(repo, {"a/x": b"1\n", "z": b"2\n"})
    room.follow(repo)
    assert paths.changed.__kwdefaults__ is not None
    monkeypatch.setitem(paths.changed.__kwdefaults__, "trees_max", 3)
    room.push(repo, {"a/b/c/d/e": b"1\n", "z": b"2\n"})
    room.follow(repo)
    assert room.indexed().state[0][3] == 1
    assert room.indexed() == room.afresh(repo)


def test_an_indexed_commit_that_git_no_longer_has_is_no_obstacle(room: CodeRoom, repo: StreamId) -> None:
    room.push(repo, {"a": b"1\n"})
    room.follow(repo)
    room.connection.execute("UPDATE code_state SET commit_id=?", (ABSENT,))
    room.follow(repo)
    assert room.indexed() == room.afresh(repo)


def test_differences_without_an_index_do_not_suffice(room: CodeRoom, repo: StreamId) -> None:
    index = CodeIndex(room.connection)
    assert not index.update(repo, ABSENT, iter([("a", ABSENT, b"text")]), whole=False)
    assert room.indexed() == ([], [])


def test_deleted_and_emptied_repositories_are_dropped(
    room: CodeRoom, repo: StreamId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code, "BATCH_FILES_MAX", 2)
    other, empty = room.repository("other"), room.repository("empty")
    for stream in (repo, other):
        room.push(stream, {f"f{n}": b"text\n" for n in range(5)})
    assert behind(room.connection) == [repo, other]
    room.follow(repo, other, empty)
    assert behind(room.connection) == []
    room.show(repo, deleted=True)
    room.point(other, None)
    assert set(behind(room.connection)) == {repo, other}
    room.follow(repo, other)
    assert room.indexed() == ([], [])
    assert behind(room.connection) == []


def test_the_default_branch_is_what_is_indexed(room: CodeRoom, repo: StreamId) -> None:
    room.push(repo, {"a": b"main\n"})
    room.point(repo, room.commit(repo, {"b": b"next\n"}), "next")
    room.follow(repo)
    assert list(room.texts(repo)) == ["a"]
    room.show(repo, default_branch="next")
    assert behind(room.connection) == [repo]
    room.follow(repo)
    assert list(room.texts(repo)) == ["b"]


def test_two_files_of_one_name_as_shown_are_one(room: CodeRoom, repo: StreamId) -> None:
    room.push(repo, {b"\\xff": b"first in git's order\n", b"\xff": b"second\n"})
    room.follow(repo)
    assert room.texts(repo) == {"\\xff": "first in git's order\n"}
    room.push(repo, {b"\\xff": b"first in git's order\n", b"\xff": b"changed\n"})
    room.follow(repo)
    assert room.texts(repo) == {"\\xff": "first in git's order\n"}
    assert room.indexed() == room.afresh(repo)


def test_an_index_is_not_made_where_there_are_no_views(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError):
        code.open_index(tmp_path / "views.sqlite")
    open_writable(tmp_path / "views.sqlite").close()
    code.open_index(tmp_path / "views.sqlite").close()
