"""Diffs against `git diff -M` on made-up histories: byte for byte, and `git apply` takes them."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

import pytest

from storage.git.names import shown
from storage.git.reader import DulwichReader
from tests.storage.git.histories import make_history
from tests.storage.git.stock import DIFF, EMPTY_TREE, StockRepo, stock_repo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from domain.ports_git import TreeDiff

_LETTERS = {"A": "added", "D": "deleted", "M": "modified", "T": "modified", "R": "renamed"}


@pytest.fixture
def repo(tmp_path: Path) -> StockRepo:
    return stock_repo(tmp_path)


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[DulwichReader]:
    reader = DulwichReader(tmp_path)
    yield reader
    reader.close()


def pairs(commits: list[str], seed: int, count: int) -> list[tuple[str | None, str]]:
    draw = random.Random(seed)
    first: list[tuple[str | None, str]] = [(None, commits[-1])]
    return first + [(draw.choice(commits), draw.choice(commits)) for _ in range(count)]


def raw_changes(repo: StockRepo, old: str, new: str) -> list[tuple[str, str | None, str, str, str]]:
    """(status, old path, path, old mode, new mode) as git says."""
    fields = repo.git(*DIFF, "--raw", "--no-abbrev", "-z", old, new).split(b"\0")[:-1]
    found: list[tuple[str, str | None, str, str, str]] = []
    while fields:
        old_mode, new_mode, _, _, status = fields.pop(0).decode().lstrip(":").split()
        first = shown(fields.pop(0))
        second = shown(fields.pop(0)) if status[0] == "R" else None
        path, old_path = (second, first) if second is not None else (first, None)
        found.append((_LETTERS[status[0]], old_path, path, old_mode, new_mode))
    return found


def numstat(repo: StockRepo, old: str, new: str) -> list[tuple[str, str]]:
    text = re.sub(rb"\t\0[^\0]*\0", b"\t", repo.git(*DIFF, "--numstat", "-z", old, new))
    lines = (line.split(b"\t")[:2] for line in text.split(b"\0")[:-1])
    return [(added.decode(), deleted.decode()) for added, deleted in lines]


def assert_like_git(repo: StockRepo, diff: TreeDiff, old: str, new: str) -> None:
    zeros = "000000"
    assert [
        (file.status, file.old_path, file.path, file.old_mode or zeros, file.new_mode or zeros) for file in diff.files
    ] == raw_changes(repo, old, new)
    assert [
        ("-", "-") if file.binary else (str(file.additions), str(file.deletions)) for file in diff.files
    ] == numstat(repo, old, new)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 9))
def test_diffs_equal_those_of_git(repo: StockRepo, reader: DulwichReader, seed: int) -> None:
    made = make_history(repo, seed, commits=30)
    for old, new in pairs(made.commits, seed, 30):
        before = old or EMPTY_TREE
        assert reader.patch(repo.id, old, new) == repo.git(*DIFF, before, new)
        assert_like_git(repo, reader.diff(repo.id, old, new), before, new)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(101, 104))
def test_git_apply_makes_the_new_tree_of_the_old_one(repo: StockRepo, reader: DulwichReader, seed: int) -> None:
    made = make_history(repo, seed, commits=30, binaries=False)
    index = str(repo.path / "some-index")
    for old, new in pairs(made.commits, seed, 12):
        patch = reader.patch(repo.id, old, new)
        repo.git("read-tree", old or EMPTY_TREE, GIT_INDEX_FILE=index)
        if patch:
            repo.git("apply", "--cached", "--whitespace=nowarn", "-", stdin=patch, GIT_INDEX_FILE=index)
        assert repo.git("write-tree", GIT_INDEX_FILE=index) == repo.git("rev-parse", f"{new}^{{tree}}")


def test_a_rename_with_an_edit(repo: StockRepo, reader: DulwichReader) -> None:
    lines = b"".join(b"line %d\n" % number for number in range(20))
    old = repo.commit_files({"old name.txt": lines})
    new = repo.commit_files({"new name.txt": lines + b"more\n"}, old)
    (file,) = reader.diff(repo.id, old, new).files
    assert (file.status, file.old_path, file.path, file.additions, file.deletions) == (
        "renamed", "old name.txt", "new name.txt", 1, 0,
    )  # fmt: skip
    assert file.similarity == 96
    assert "rename from old name.txt\nrename to new name.txt\n" in file.patch
    assert "\n--- a/old name.txt\t\n+++ b/new name.txt\t\n" in file.patch


def test_the_first_commit_is_compared_with_nothing(repo: StockRepo, reader: DulwichReader) -> None:
    new = repo.commit_files({"a": b"one\ntwo", "empty": b""})
    diff = reader.diff(repo.id, None, new)
    assert [(file.status, file.path, file.additions) for file in diff.files] == [
        ("added", "a", 2),
        ("added", "empty", 0),
    ]
    assert diff.files[0].patch.endswith("@@ -0,0 +1,2 @@\n+one\n+two\n\\ No newline at end of file\n")
    assert not diff.truncated


def test_what_is_no_utf_8_is_replaced_in_the_diff_and_kept_in_the_patch(repo: StockRepo, reader: DulwichReader) -> None:
    new = repo.commit_files({"a": b"caf\xe9\n"})
    assert reader.diff(repo.id, None, new).files[0].patch.endswith("+caf\ufffd\n")
    assert reader.patch(repo.id, None, new).endswith(b"+caf\xe9\n")


def test_a_merge_base_makes_the_diff_of_a_branch(repo: StockRepo, reader: DulwichReader) -> None:
    base = repo.commit_files({"a": b"a\n"})
    ours = repo.commit_files({"a": b"a\n", "ours": b"1\n"}, base)
    theirs = repo.commit_files({"a": b"a\n", "theirs": b"2\n"}, base)
    found = reader.merge_base(repo.id, ours, theirs)
    assert found == base
    assert [file.path for file in reader.diff(repo.id, found, theirs).files] == ["theirs"]
