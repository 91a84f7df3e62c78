"""Which branches move forward, near and far, in a repository and in what a push brings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.ports_git import ZERO_OID, PackCaps
from storage.git import advances
from tests.storage.git.histories import make_history
from tests.storage.git.stock import stock_repo

if TYPE_CHECKING:
    from pathlib import Path

    from tests.storage.git.stock import StockRepo


@pytest.fixture
def repo(tmp_path: Path) -> StockRepo:
    return stock_repo(tmp_path)


@pytest.mark.parametrize(
    ("read", "few", "walked"),
    [
        pytest.param(10_000, 0, 0, id="read here"),
        pytest.param(3, 10_000, 0, id="git is asked one by one"),
        pytest.param(3, 0, 10_000, id="git is asked for the history"),
        pytest.param(3, 0, 5, id="the history is too long"),
    ],
)
def test_it_says_what_git_says(
    repo: StockRepo, monkeypatch: pytest.MonkeyPatch, read: int, few: int, walked: int
) -> None:
    commits = make_history(repo, seed=11, commits=40).commits
    theirs = {new: set(repo.git("rev-list", new).decode().split()) for new in commits[::7]}
    moves = [(old, new) for old in commits[::5] for new in theirs]
    expected = {(old, new) for old, new in moves if old in theirs[new]}
    assert expected
    assert len(expected) < len(moves)
    monkeypatch.setattr(advances, "READ_COMMITS_MAX", read)
    monkeypatch.setattr(advances, "FEW", few)
    monkeypatch.setattr(advances, "WALKED_COMMITS_MAX", walked)
    monkeypatch.setattr(advances, "MARKS_AT_ONCE", 3)
    strange = [(ZERO_OID, commits[0]), (commits[0], "1" * 40), (commits[0], f"{commits[0]}^")]
    for asked in (moves, [*moves, *strange], strange):
        assert advances.advancing(repo.path, None, asked, PackCaps(), git="git") == expected & set(asked)


def test_clocks_do_not_matter(repo: StockRepo) -> None:
    line = list[str]()
    tree = repo.line("mktree")
    for time in (500, 100, 900, 3, 700, 1):
        words = ["commit-tree", tree, "-m", f"at {time}"]
        words += ["-p", line[-1]] if line else []
        tip = repo.git(*words, GIT_AUTHOR_DATE=f"@{time} +0000", GIT_COMMITTER_DATE=f"@{time} +0000")
        line.append(tip.decode().strip())
    moves = {(old, new) for old in line for new in line}
    forward = {(old, new) for old, new in moves if line.index(old) <= line.index(new)}
    assert advances.advancing(repo.path, None, moves, PackCaps(), git="git") == forward
