"""Blame against stock git: histories with merges, renames and wrong clocks, and what no generator comes up with."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from domain.errors import NotFound, TooLarge
from domain.ids import StreamId
from domain.ports_files import ArchiveFormat
from storage.git import blame, languages
from storage.git import reader as reader_module
from storage.git.archive import entries
from storage.git.names import shown
from storage.git.read_limits import BLAME
from storage.git.reader import DulwichReader
from tests.house.tree import ROOT
from tests.storage.git.histories import make_history
from tests.storage.git.stock import StockRepo, stock_repo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Line = tuple[str, str, int]
"""Commit, path there, line number there."""


@pytest.fixture
def repo(tmp_path: Path) -> StockRepo:
    return stock_repo(tmp_path)


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[DulwichReader]:
    reader = DulwichReader(tmp_path)
    yield reader
    reader.close()


def stock_blame(repo: StockRepo, rev: str, path: bytes) -> list[Line]:
    """Each line as git says it."""
    name = path.decode("utf-8", "surrogateescape")
    text = repo.git("-c", "core.quotePath=false", "blame", "--line-porcelain", rev, "--", name)
    found: list[Line] = []
    commit, number = "", 0
    fresh = True
    for line in text.split(b"\n"):
        if line.startswith(b"\t"):
            found.append((commit, name, number))
            fresh = True
        elif fresh and line:
            words = line.split(b" ")
            commit, number, fresh = words[0].decode(), int(words[1]), False
        elif line.startswith(b"filename "):
            name = shown(_unquoted(line[9:]))
    return found


def _unquoted(name: bytes) -> bytes:
    if not name.startswith(b'"'):
        return name
    return name[1:-1].decode("unicode_escape").encode("latin-1")


def our_blame(reader: DulwichReader, repo: StockRepo, rev: str, path: bytes) -> list[Line]:
    found = reader.blame(repo.id, rev, shown(path))
    assert found.complete
    lines: list[Line] = []
    for each in found.ranges:
        assert each.start == len(lines) + 1
        assert not each.boundary
        lines += [(each.commit, each.original_path, each.original_start + at) for at in range(each.count)]
    return lines


def text_files(repo: StockRepo, rev: str) -> list[bytes]:
    rows = (row.split(b"\t", 1) for row in repo.git("ls-tree", "-r", "-z", rev).split(b"\0")[:-1])
    return [path for about, path in rows if about.startswith(b"100") and b"\n" not in path]


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "skew"), [(31, 0), (32, 0), (33, 400), (34, 100_000)])
def test_blame_is_that_of_git(repo: StockRepo, reader: DulwichReader, seed: int, skew: int) -> None:
    made = make_history(repo, seed, commits=70, skew=skew)
    compared = 0
    for rev in (made.commits[-1], made.commits[len(made.commits) // 2]):
        for path in text_files(repo, rev):
            expected = stock_blame(repo, rev, path)
            assert our_blame(reader, repo, rev, path) == expected, path
            compared += len(expected)
    assert compared > 100


def test_a_rename_is_followed_with_its_edits(repo: StockRepo, reader: DulwichReader) -> None:
    lines = [b"line %d\n" % number for number in range(20)]
    first = repo.commit_files({"old name.txt": b"".join(lines)})
    second = repo.commit_files({"new.txt": b"".join([*lines[:5], b"edited\n", *lines[6:]])}, first)
    third = repo.commit_files({"new.txt": b"".join([b"top\n", *lines[:5], b"edited\n", *lines[6:]])}, second)
    ranges = reader.blame(repo.id, third, "new.txt").ranges
    assert [(each.start, each.count, each.commit, each.original_path, each.original_start) for each in ranges] == [
        (1, 1, third, "new.txt", 1),
        (2, 5, first, "old name.txt", 1),
        (7, 1, second, "new.txt", 6),
        (8, 14, first, "old name.txt", 7),
    ]
    assert [each.previous for each in ranges] == [(second, "new.txt"), None, (first, "old name.txt"), None]


def test_the_lines_of_a_merge_go_to_the_side_that_wrote_them(repo: StockRepo, reader: DulwichReader) -> None:
    base = repo.commit_files({"a": b"1\n2\n3\n4\n5\n"})
    ours = repo.commit_files({"a": b"ours\n2\n3\n4\n5\n"}, base)
    theirs = repo.commit_files({"a": b"1\n2\n3\n4\ntheirs\n"}, base)
    other = repo.commit_files({"a": b"1\n2\nother\n4\n5\n"}, base)
    merged = repo.commit_files({"a": b"ours\n2\nother\n4\ntheirs\nmerge\n"}, ours, theirs, other)
    found = reader.blame(repo.id, merged, "a").ranges
    assert [each.commit for each in found] == [ours, base, other, base, theirs, merged]


def test_a_criss_cross_of_merges(repo: StockRepo, reader: DulwichReader) -> None:
    base = repo.commit_files({"a": b"".join(b"%d\n" % at for at in range(9))})
    tips = [base, base]
    both: dict[str, bytes] = {}
    for turn in range(1, 6):
        left = repo.commit_files({"a": b"".join(b"%d\n" % at for at in range(9)) + b"left %d\n" % turn}, tips[0])
        right = repo.commit_files({"a": b"right %d\n" % turn + b"".join(b"%d\n" % at for at in range(9))}, tips[1])
        both = {"a": b"right %d\n" % turn + b"".join(b"%d\n" % at for at in range(9)) + b"left %d\n" % turn}
        tips = [repo.commit_files(both, left, right), repo.commit_files(both, right, left)]
    last = repo.commit_files(both, *tips)
    expected = stock_blame(repo, last, b"a")
    assert our_blame(reader, repo, last, b"a") == expected


def test_blocks_that_could_stand_elsewhere_stand_where_git_has_them(repo: StockRepo, reader: DulwichReader) -> None:
    """A long common end is set aside before the comparison, so a block of repeated lines cannot slide into it."""
    block = b"".join(b"    item %d\n" % (at % 3) for at in range(300))
    tip = repo.commit_files({"a": block, "b": b"x" * 3_000, "c": b"y" * 2_500 + b"\n" + b"z" * 1_100})
    for count in (1, 3, 50):
        extra = block[: 11 * count]
        files = {"a": extra + block, "b": b"head\n" + b"x" * 3_000, "c": b"y" * 2_000 + b"\n" + b"z" * 1_100}
        tip = repo.commit_files(files, tip)
        block = extra + block
    for path in (b"a", b"b", b"c"):
        expected = stock_blame(repo, tip, path)
        assert our_blame(reader, repo, tip, path) == expected


def test_no_file_no_blame(repo: StockRepo, reader: DulwichReader) -> None:
    inner = repo.tree(("100644", "empty", repo.blob(b"")))
    tip = repo.commit(repo.tree(("040000", "docs", inner), ("160000", "sub", "1" * 40)))
    assert reader.blame(repo.id, tip, "docs/empty").ranges == ()
    for path in ("docs", "sub", "nothing", ""):
        with pytest.raises(NotFound):
            reader.blame(repo.id, tip, path)


def test_where_the_search_ends_early_it_says_so(
    repo: StockRepo, reader: DulwichReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    tips = [repo.commit_files({"a": b"0\n"})]
    for number in range(1, 9):
        tips.append(repo.commit_files({"a": b"".join(b"%d\n" % at for at in range(number + 1))}, tips[-1]))
    monkeypatch.setattr(reader_module, "BLAME", replace(BLAME, commits_max=3))
    found = reader.blame(repo.id, tips[-1], "a")
    assert not found.complete
    assert [(each.start, each.count, each.commit, each.boundary) for each in found.ranges] == [
        (1, 6, tips[5], True), (7, 1, tips[6], False), (8, 1, tips[7], False), (9, 1, tips[8], False)
    ]  # fmt: skip
    monkeypatch.setattr(reader_module, "BLAME", replace(BLAME, blob_bytes_max=4))
    with pytest.raises(TooLarge, match="4 are blamed"):
        reader.blame(repo.id, tips[-1], "a")


def test_what_is_remembered_of_lines_may_be_forgotten(
    repo: StockRepo, reader: DulwichReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blame, "REMEMBERED_LINES_MAX", 10)
    tip = repo.commit_files({"a": b"".join(b"%d\n" % at for at in range(30))})
    for number in range(6):
        tip = repo.commit_files({"a": b"".join(b"%d\n" % (at + number * (at % 5)) for at in range(30))}, tip)
    expected = stock_blame(repo, tip, b"a")
    assert our_blame(reader, repo, tip, b"a") == expected


def test_hostile_histories_come_to_an_end(
    repo: StockRepo, reader: DulwichReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A merge of very many commits, and trees that differ in more folders than anybody has."""
    base = repo.commit_files({"a": b"0\n"})
    many = [repo.commit_files({"a": b"0\n", f"b{number}": b""}, base) for number in range(12)]
    merged = repo.commit_files({"a": b"1\n"}, *many)
    monkeypatch.setattr(reader_module, "BLAME", replace(BLAME, commits_max=10))
    found = reader.blame(repo.id, merged, "a")
    assert (found.complete, [each.boundary for each in found.ranges]) == (False, [True])

    def bomb(leaf: bytes) -> str:
        tree = repo.tree(("100644", "leaf", repo.blob(leaf)))
        for _ in range(6):
            tree = repo.tree(*(("040000", f"{number:02}", tree) for number in range(20)))
        return tree

    first = repo.commit(bomb(b"one"))
    second = repo.commit(repo.tree(("040000", "bomb", bomb(b"two")), ("100644", "a", repo.blob(b"1\n"))), first)
    monkeypatch.setattr(reader_module, "BLAME", replace(BLAME, renames=replace(BLAME.renames, folders_max=500)))
    found = reader.blame(repo.id, second, "a")
    assert (found.complete, [each.commit for each in found.ranges]) == (False, [second])
    monkeypatch.setattr(languages, "LANGUAGE_FILES_MAX", 5_000)
    with pytest.raises(TooLarge):
        reader.languages(repo.id, second)
    tree = repo.tree()  # folders that hold nothing, in numbers
    for _ in range(8):
        tree = repo.tree(*(("040000", f"{number:02}", tree) for number in range(12)))
    monkeypatch.setattr(entries, "ARCHIVE_ENTRIES_MAX", 5_000)
    with pytest.raises(TooLarge, match="too much"):
        reader.archives(repo.root / "archives").open(repo.id, repo.commit(tree), "a/", ArchiveFormat.TAR)


def test_blame_of_this_project_s_own_files(tmp_path: Path) -> None:
    """Where this checkout has its history: real edits, by people who did not think of this test."""
    history = ROOT / ".git"
    if not (history / "objects").is_dir() or (history / "shallow").exists():
        return
    own = StockRepo(tmp_path, StreamId(bytes(32)))
    own.path.symlink_to(history)
    reader = DulwichReader(tmp_path)
    try:
        tip = own.line("rev-parse", "HEAD")
        for path in (b"Makefile", b"storage/git/reader.py", b"docs/api.md"):
            assert our_blame(reader, own, tip, path) == stock_blame(own, tip, path), path
        found = reader.last_commits(own.id, tip, "storage")
        assert found.complete
        for name, commit in found.commits.items():
            assert own.line("log", "-1", "--format=%H", tip, "--", f"storage/{name}") == commit
    finally:
        reader.close()
