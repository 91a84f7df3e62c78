"""Whether a branch moves forward, near and far, in a repository and in what a push brings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.ports_git import ZERO_OID, PackCaps
from storage.git import landed
from storage.git.advances import advances
from tests.storage.git.histories import make_history
from tests.storage.git.stock import stock_repo

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_it_says_what_git_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = stock_repo(tmp_path)
    commits = make_history(repo, seed=11, commits=40).commits
    folder = repo.path
    pairs = [(old, new) for old in commits[::5] for new in commits[::7]]
    theirs = {new: set(repo.git("rev-list", new).decode().split()) for _, new in pairs}
    expected = [old in theirs[new] for old, new in pairs]
    assert {True, False} == set(expected)

    def ours() -> list[bool]:
        return [advances(folder, None, old, new, PackCaps(), git="git") for old, new in pairs]

    assert ours() == expected
    monkeypatch.setattr(landed, "READ_COMMITS_MAX", 3)
    assert ours() == expected
    assert not advances(folder, None, ZERO_OID, commits[0], PackCaps(), git="git")
    assert not advances(folder, None, commits[0], "1" * 40, PackCaps(), git="git")
