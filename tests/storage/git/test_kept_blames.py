"""Blame of a later commit takes over what is known of an earlier one, and says what it says without."""

from __future__ import annotations

import random
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from storage.git import reader as reader_module
from storage.git.engine.keeping import KeptTables
from storage.git.names import shown
from storage.git.read_limits import BLAME
from storage.git.reader import DulwichReader
from tests.storage.git.engine.scattered import scatter, write_pack
from tests.storage.git.stock import stock_repo
from tests.storage.git.test_blame import text_files

if TYPE_CHECKING:
    from pathlib import Path

    from storage.git.read_limits import BlameLimits


@pytest.mark.parametrize(("order", "tabled"), [("pushed", False), ("forced", True)])
def test_kept_answers_change_none(tmp_path: Path, order: str, tabled: bool) -> None:
    """With merges and renames, after each commit in turn or wherever forced pushes lead."""
    repo, commits = scatter(tmp_path, 8, commits=14)
    tables = KeptTables()
    if order == "forced":
        random.Random(8).shuffle(commits)
    compared = 0
    with closing(DulwichReader(tmp_path, tables if tabled else None)) as keeping:
        for commit in commits:
            with closing(DulwichReader(tmp_path, tables)) as anew:
                for path in text_files(repo, commit):
                    if b"\n" not in path:
                        found = keeping.blame(repo.id, commit, shown(path))
                        assert found == anew.blame(repo.id, commit, shown(path)), path
                        compared += len(found.ranges)
    assert compared > 30


def test_a_walk_ends_where_the_last_one_began(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = stock_repo(tmp_path)
    lines, commits = [b"%d\n" % number for number in range(9)], list[str]()
    for number in range(14):
        lines.insert(number * 7 % len(lines), b"new %d\n" % number)
        lines.pop(number * 5 % len(lines))
        commits.append(repo.commit_files({"old" if number < 9 else "new": b"".join(lines)}, *commits[-1:]))
    write_pack(repo, commits[-1:])
    for tables in (None, KeptTables()):
        monkeypatch.setattr(reader_module, "BLAME", BLAME)
        with closing(DulwichReader(tmp_path, tables)) as reader:
            expected = reader.blame(repo.id, commits[-1], "new")
        assert expected.complete
        assert len(expected.ranges) > 5
        monkeypatch.setattr(reader_module, "BLAME", replace(BLAME, commits_max=2))
        with closing(DulwichReader(tmp_path, tables)) as reader:
            # What is not known to the end is not taken over.
            assert not any(reader.blame(repo.id, commit, "old").complete for commit in commits[5:9])
        with closing(DulwichReader(tmp_path, tables)) as reader:
            paths = ["old"] * 9 + ["new"] * 5
            found = [reader.blame(repo.id, *each) for each in zip(commits, paths, strict=True)]
            assert all(each.complete for each in found), "no further than to the answer before"
            assert found[-1] == expected


@pytest.mark.parametrize(
    ("bound", "tabled"), [(replace(BLAME, commits_max=2), True), (replace(BLAME, bytes_max=1), False)]
)
def test_what_a_bound_ended_goes_on_with_the_next_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: BlameLimits, *, tabled: bool
) -> None:
    """With merges and renames; in the end it says what a search without bounds says."""
    repo, commits = scatter(tmp_path, 5, commits=14)
    tip, tables = commits[-1], KeptTables() if tabled else None
    most = 0
    for path in text_files(repo, tip):
        if b"\n" in path:
            continue
        monkeypatch.setattr(reader_module, "BLAME", BLAME)
        with closing(DulwichReader(tmp_path, tables)) as reader:
            expected = reader.blame(repo.id, tip, shown(path))
        monkeypatch.setattr(reader_module, "BLAME", bound)
        with closing(DulwichReader(tmp_path, tables)) as reader:
            asked = 1
            while not (found := reader.blame(repo.id, tip, shown(path))).complete:
                assert sum(each.count for each in found.ranges) == sum(each.count for each in expected.ranges)
                assert any(each.boundary for each in found.ranges)
                asked += 1
                assert asked < 40
            assert found == reader.blame(repo.id, tip, shown(path)) == expected
            most = max(most, asked)
    assert most > 1
