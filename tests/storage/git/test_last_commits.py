"""When each entry of a folder last changed, against `git log -1 -- <entry>`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.errors import NotFound
from storage.git import reader as reader_module
from storage.git.history import History
from storage.git.last_answers import Remembered
from storage.git.last_commits import last_commits
from storage.git.names import shown
from storage.git.reader import DulwichReader
from tests.storage.git.histories import make_history
from tests.storage.git.stock import StockRepo, stock_repo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def repo(tmp_path: Path) -> StockRepo:
    return stock_repo(tmp_path)


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[DulwichReader]:
    reader = DulwichReader(tmp_path)
    yield reader
    reader.close()


def stock_last_commits(repo: StockRepo, rev: str, folder: bytes) -> dict[str, str]:
    """What git says of each entry."""
    prefix = folder + b"/" if folder else b""
    tree = f"{rev}:{folder.decode('utf-8', 'surrogateescape')}"
    names = repo.git("ls-tree", "--name-only", "-z", tree).split(b"\0")[:-1]
    found: dict[str, str] = {}
    for name in names:
        path = (prefix + name).decode("utf-8", "surrogateescape")
        found[shown(name)] = repo.line("--literal-pathspecs", "log", "-1", "--format=%H", rev, "--", path)
    return found


def folders(repo: StockRepo, rev: str) -> list[bytes]:
    rows = (row.split(b"\t", 1) for row in repo.git("ls-tree", "-r", "-d", "-z", rev).split(b"\0")[:-1])
    return [b"", *(path for about, path in rows if b" tree " in about)]


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "skew"), [(41, 0), (42, 400), (43, 100_000)])
def test_each_entry_has_the_commit_that_git_log_shows(
    repo: StockRepo, reader: DulwichReader, seed: int, skew: int
) -> None:
    made = make_history(repo, seed, commits=70, skew=skew)
    for rev in (made.commits[40], made.commits[55], made.commits[-1]):  # each builds on what is known of the one before
        for folder in folders(repo, rev):
            found = reader.last_commits(repo.id, rev, shown(folder))
            assert found.complete
            assert found.commits == stock_last_commits(repo, rev, folder), folder


def test_a_merge_is_the_last_commit_only_of_what_no_parent_has(repo: StockRepo, reader: DulwichReader) -> None:
    base = repo.commit_files({"a": b"0", "b": b"0", "c": b"0", "d": b"0"})
    ours = repo.commit_files({"a": b"1", "b": b"0", "c": b"1", "d": b"0"}, base)
    theirs = repo.commit_files({"a": b"0", "b": b"2", "c": b"2", "d": b"0"}, base)
    merged = repo.commit_files({"a": b"1", "b": b"2", "c": b"3", "d": b"0"}, ours, theirs)
    top = repo.commit_files({"a": b"1", "b": b"2", "c": b"3", "d": b"0", "e": b"4"}, merged)
    expected = {"a": ours, "b": theirs, "c": merged, "d": base, "e": top}
    assert reader.last_commits(repo.id, top, "").commits == expected
    assert stock_last_commits(repo, top, b"") == expected
    later = repo.commit_files({"a": b"5", "b": b"2", "c": b"3", "d": b"0", "e": b"4"}, top)
    assert reader.last_commits(repo.id, later, "").commits == expected | {"a": later}


def test_a_walk_that_is_cut_short_says_so_and_goes_on(repo: StockRepo, reader: DulwichReader) -> None:
    tips = [repo.commit_files({"old": b"x", "new": b"0"})]
    for number in range(1, 6):
        tips.append(repo.commit_files({"old": b"x", "new": b"%d" % number}, tips[-1]))
    remembered = Remembered()
    with reader._pool.use(repo.id) as handle:
        history = History(handle.objects, handle.known)

        def ask(tip: str, commits_max: int) -> tuple[dict[str, str], bool]:
            found = last_commits(handle.objects, history, tip.encode(), b"", remembered, "here", commits_max)
            return dict(found.commits), found.complete

        assert ask(tips[4], 2) == ({"new": tips[4]}, False)
        assert ask(tips[5], 2) == ({"new": tips[5]}, False)  # what is not whole is not built upon
        assert ask(tips[5], 3) == ({"new": tips[5]}, False)
        assert ask(tips[5], 1) == ({"new": tips[5], "old": tips[0]}, True)
        assert ask(tips[3], 9) == ({"new": tips[3], "old": tips[0]}, True)


def test_a_merge_of_very_many_is_cut_short(repo: StockRepo, reader: DulwichReader) -> None:
    base = repo.commit_files({"a": b"0"})
    many = [repo.commit_files({"a": b"%d" % number}, base) for number in range(1, 9)]
    merged = repo.commit_files({"a": b"8", "b": b""}, *many)
    with reader._pool.use(repo.id) as handle:
        history = History(handle.objects, handle.known)
        cut = last_commits(handle.objects, history, merged.encode(), b"", Remembered(), "here", commits_max=4)
        assert (dict(cut.commits), cut.complete) == ({}, False)
    assert reader.last_commits(repo.id, merged, "").commits == {"a": many[-1], "b": merged}


def test_only_a_folder_has_entries(repo: StockRepo, reader: DulwichReader) -> None:
    tip = repo.commit_files({"a": b"0"})
    for path in ("a", "nothing"):
        with pytest.raises(NotFound):
            reader.last_commits(repo.id, tip, path)
    assert reader.last_commits(repo.id, repo.commit(repo.tree()), "").commits == {}


def test_an_object_s_size_is_known_without_reading_it(
    repo: StockRepo, reader: DulwichReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    tip = repo.commit_files({"big": b"x" * 100_000, "big2": b"x" * 100_000 + b"y"})
    repo.git("update-ref", "refs/heads/main", tip)
    repo.git("repack", "-adq")
    monkeypatch.setattr(reader_module.DulwichReader, "object", None)
    for name, size in (("big", 100_000), ("big2", 100_001)):
        assert reader.object_size(repo.id, repo.line("rev-parse", f"{tip}:{name}")) == size
    with pytest.raises(NotFound):
        reader.object_size(repo.id, "0" * 40)
    with pytest.raises(NotFound):
        reader.object_size(repo.id, "main")
