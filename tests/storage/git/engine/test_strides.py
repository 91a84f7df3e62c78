"""Going back by tables: nothing is stepped over that a look at the trees would have stopped at."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from storage.git.engine.keeping import KeptTables
from storage.git.engine.strides import TableStrides
from storage.git.names import shown
from storage.git.reader import DulwichReader
from tests.storage.git.engine.scattered import scatter, write_pack
from tests.storage.git.stock import stock_repo

if TYPE_CHECKING:
    from pathlib import Path

    from tests.storage.git.stock import StockRepo


def files_of(repo: StockRepo, rev: str) -> dict[bytes, tuple[str, str]]:
    """(mode, blob) by path."""
    rows = (row.split(b"\t", 1) for row in repo.git("ls-tree", "-r", "-z", rev).split(b"\0")[:-1])
    return {path: (words[0], words[2]) for about, path in rows if (words := about.decode().split())[1] == "blob"}


@pytest.mark.parametrize("seed", [5])
def test_every_chain_is_one_in_which_the_file_stays(tmp_path: Path, seed: int) -> None:
    repo, commits = scatter(tmp_path, seed)
    parents = {line.split()[0]: line.split()[1:] for line in repo.lines("rev-list", "--parents", "--all")}
    files = {commit: files_of(repo, commit) for commit in commits}
    strides = TableStrides(KeptTables().tables(repo.path))
    walked = 0
    for commit in commits[::5]:
        for path, (_, blob) in files[commit].items():
            end, steps = strides.back(commit.encode(), blob.encode())
            at = commit
            for _ in range(steps):
                assert files[at][path][1] == blob
                (at,) = parents[at]
            assert at == end.decode()
            assert files[at][path][1] == blob
            walked += steps
            if len(parents[at]) == 1:
                # It was a reason to stop: something at some path has become this blob here.
                before = files[parents[at][0]]
                assert any(
                    each[1] == blob and before.get(name, ("", ""))[1] != blob for name, each in files[at].items()
                )
    assert walked > 50
    assert strides.back(b"e" * 40, b"e" * 40) == (b"e" * 40, 0)


@pytest.mark.parametrize("seed", [8])
def test_blame_by_tables_is_blame_by_trees(tmp_path: Path, seed: int) -> None:
    repo, commits = scatter(tmp_path, seed)
    KeptTables().tables(repo.path)
    with closing(DulwichReader(tmp_path)) as plain, closing(DulwichReader(tmp_path, KeptTables())) as tabled:
        for rev in (commits[-1], commits[len(commits) // 2]):
            for path, (mode, _) in files_of(repo, rev).items():
                if mode != "120000" and b"\n" not in path:
                    assert tabled.blame(repo.id, rev, shown(path)) == plain.blame(repo.id, rev, shown(path)), path


def test_commits_counted_by_tables_are_those_walked_past(tmp_path: Path) -> None:
    repo, commits = scatter(tmp_path, 3)
    strides = TableStrides(KeptTables().tables(repo.path))
    for commit in commits[::7]:
        assert strides.history_size(commit.encode()) == int(repo.line("rev-list", "--count", commit))
    assert strides.history_size(b"e" * 40) is None


def test_a_file_that_was_a_link_with_the_same_words(tmp_path: Path) -> None:
    """Contents do not tell the two apart, and blame stops where git does."""
    repo = stock_repo(tmp_path)
    blob = repo.blob(b"a")
    commits = list[str]()
    for number, mode in enumerate(["100644", "100644", "120000", "120000", "100755", "100644", "100644", "100644"]):
        other = repo.blob(b"%d\n" % number)
        tree = repo.line("mktree", stdin=f"{mode} blob {blob}\ta\n100644 blob {other}\tb\n".encode())
        before = [word for parent in commits[-1:] for word in ("-p", parent)]
        commits.append(repo.line("commit-tree", "-m", str(number), *before, tree))
    repo.git("update-ref", "refs/heads/main", commits[-1])
    write_pack(repo, commits)
    repo.git("prune-packed")
    assert TableStrides(KeptTables().tables(repo.path)).back(commits[-1].encode(), blob.encode())[1] == 7
    with closing(DulwichReader(tmp_path, KeptTables())) as reader:
        (found,) = reader.blame(repo.id, commits[-1], "a").ranges
    assert repo.line("blame", "--porcelain", commits[-1], "--", "a").split()[0] == commits[4] == found.commit


def test_what_is_in_no_pack_is_read(tmp_path: Path) -> None:
    repo = stock_repo(tmp_path)
    first = repo.commit_files({"a": b"1\n"})
    last = repo.commit_files({"a": b"1\n", "b": b"2\n"}, repo.commit_files({"a": b"1\n", "b": b"1\n"}, first))
    with closing(DulwichReader(tmp_path, KeptTables())) as reader:
        assert [each.commit for each in reader.blame(repo.id, last, "a").ranges] == [first]
