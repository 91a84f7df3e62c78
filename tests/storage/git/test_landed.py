"""Which commits a move brings, held against stock git on generated histories with merges."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from storage.git import landed as module
from storage.git.landed import landed
from tests.storage.git.histories import make_history
from tests.storage.git.packs import commit
from tests.storage.git.stock import stock_repo

if TYPE_CHECKING:
    from pathlib import Path

    from tests.storage.git.stock import StockRepo


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> tuple[StockRepo, list[str]]:
    repo = stock_repo(tmp_path_factory.mktemp("landed"))
    return repo, list(make_history(repo, seed=11, commits=120).commits)


def folder_of(repo: StockRepo) -> Path:
    return repo.path / "objects"


def test_it_is_what_git_says(stock: tuple[StockRepo, list[str]]) -> None:
    repo, commits = stock
    chance = random.Random(5)
    for _ in range(40):
        old, new = chance.choice(commits), chance.choice(commits)
        found = landed([folder_of(repo)], old, new)
        assert sorted(oid for oid, _ in found) == sorted(repo.lines("rev-list", f"{old}..{new}"))
    whole = landed([folder_of(repo)], None, commits[-1])
    assert sorted(oid for oid, _ in whole) == sorted(repo.lines("rev-list", commits[-1]))
    oid, message = whole[0]
    assert message == repo.git("log", "-1", "--format=%B", oid).decode().removesuffix("\n")


def test_it_ends_at_its_bounds(stock: tuple[StockRepo, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    repo, commits = stock
    tip = commits[-1]
    newest = [oid for oid, _ in landed([folder_of(repo)], None, tip)]
    monkeypatch.setattr(module, "LANDED_COMMITS_MAX", 7)
    assert [oid for oid, _ in landed([folder_of(repo)], None, tip)] == newest[:7]
    monkeypatch.setattr(module, "READ_COMMITS_MAX", 3)
    assert len(landed([folder_of(repo)], None, tip)) < 4
    monkeypatch.setattr(module, "READ_BYTES_MAX", 0)
    assert landed([folder_of(repo)], None, tip) == []


def test_what_is_no_commit_or_not_here_brings_nothing(stock: tuple[StockRepo, list[str]]) -> None:
    repo, commits = stock
    blob = repo.blob(b"Closes #1")
    for new in (blob, "0" * 40, "12" * 20):
        assert landed([folder_of(repo)], commits[0], new) == []
        assert landed([folder_of(repo)], None, new) == []
    lost = commit(repo.tree(), "34" * 20, message=b"of a past that is not here")
    missing = repo.line("hash-object", "-w", "-t", "commit", "--stdin", stdin=lost)
    assert [oid for oid, _ in landed([folder_of(repo)], None, missing)] == [missing]
