"""Listing commits, the history of a path and common ancestors against stock git, with clocks right and wrong."""

from __future__ import annotations

import random
import subprocess
from typing import TYPE_CHECKING

import pytest

from domain.errors import NotFound
from storage.git.reader import DulwichReader
from storage.git.trees import Picker
from tests.storage.git.histories import make_history
from tests.storage.git.stock import StockRepo, stock_repo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SKEWS = (0, 400, 100_000)


@pytest.fixture
def repo(tmp_path: Path) -> StockRepo:
    return stock_repo(tmp_path)


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[DulwichReader]:
    reader = DulwichReader(tmp_path)
    yield reader
    reader.close()


def listed(reader: DulwichReader, repo: StockRepo, rev: str, path: str = "") -> list[str]:
    return [commit.oid for commit in reader.commits(repo.id, rev, path=path, limit=1_000)]


@pytest.mark.slow
@pytest.mark.parametrize("skew", _SKEWS)
@pytest.mark.parametrize("seed", [11, 12])
def test_commits_come_in_the_order_of_git_log(repo: StockRepo, reader: DulwichReader, seed: int, skew: int) -> None:
    made = make_history(repo, seed, commits=60, skew=skew)
    for tip in made.tips:
        expected = repo.lines("log", "--format=%H", tip)
        assert listed(reader, repo, tip) == expected
        assert [reader.commit_count(repo.id, tip) for _ in range(2)] == [len(expected)] * 2


@pytest.mark.slow
@pytest.mark.parametrize("skew", _SKEWS)
@pytest.mark.parametrize("seed", [13, 14])
def test_the_history_of_a_path_is_that_of_git_log(repo: StockRepo, reader: DulwichReader, seed: int, skew: int) -> None:
    made = make_history(repo, seed, commits=60, skew=skew)
    tip = made.commits[-1]
    for path in ("src", "src/core", "main.py", "a-b", "docs/a b/Makefile", "ü/日", "été.txt", "no such"):
        expected = repo.lines("--literal-pathspecs", "log", "--format=%H", tip, "--", path)
        assert listed(reader, repo, tip, path) == expected
        assert reader.commit_count(repo.id, tip, path=path) == len(expected)


@pytest.mark.slow
@pytest.mark.parametrize("skew", _SKEWS)
@pytest.mark.parametrize("seed", [15, 16])
def test_common_ancestors_are_those_of_git(repo: StockRepo, reader: DulwichReader, seed: int, skew: int) -> None:
    made = make_history(repo, seed, commits=60, skew=skew)
    draw = random.Random(seed)
    for _ in range(40):
        a, b = draw.choice(made.commits), draw.choice(made.commits)
        try:
            best = repo.lines("merge-base", "--all", a, b)
        except subprocess.CalledProcessError:
            best = []
        found = reader.merge_base(repo.id, a, b)
        assert found in best if best else found is None
        assert reader.is_ancestor(repo.id, a, b) == (a in best)
        away = reader.distance(repo.id, a, b, limit=100)
        assert away.ahead == len(away.commits)
        if not skew:
            assert [commit.oid for commit in away.commits] == repo.lines("log", "--format=%H", f"{a}..{b}")
            assert away.behind == len(repo.lines("rev-list", f"{b}..{a}"))


def test_commits_of_one_second_are_on_the_side_they_are_on(repo: StockRepo, reader: DulwichReader) -> None:
    """As a script or a rebase makes them: what both sides had was once told as what one of them lacks."""
    tree, line = repo.tree(), list[str]()
    for number in range(12):
        line.append(repo.commit(tree, *line[-1:], message=str(number)))
    for base, tip in ((line[-2], line[-1]), (line[3], line[-1])):
        away = reader.distance(repo.id, base, tip, limit=100)
        assert (away.ahead, away.behind) == (len(line) - 1 - line.index(base), 0)
        assert reader.distance(repo.id, tip, base).behind == away.ahead


def test_two_best_ancestors_of_a_criss_cross(repo: StockRepo, reader: DulwichReader) -> None:
    tree = repo.tree()
    root = repo.commit(tree)
    left, right = repo.commit(tree, root, message="l", at=1_700_000_200), repo.commit(tree, root, message="r")
    one, two = repo.commit(tree, left, right, message="1"), repo.commit(tree, right, left, message="2")
    assert reader.merge_base(repo.id, one, two) == left


def test_wrong_dates_in_between_hide_no_ancestor(repo: StockRepo, reader: DulwichReader) -> None:
    tree = repo.tree()
    bottom = repo.commit(tree, at=1_700_000_000)
    skewed = repo.commit(tree, bottom, at=1)
    top = repo.commit(tree, skewed, at=1_700_000_500)
    assert reader.is_ancestor(repo.id, bottom, top)
    assert not reader.is_ancestor(repo.id, top, bottom)
    assert reader.is_ancestor(repo.id, top, top)


def test_histories_with_nothing_in_common(repo: StockRepo, reader: DulwichReader) -> None:
    one, two = repo.commit(repo.tree(), message="1"), repo.commit(repo.tree(), message="2")
    assert reader.merge_base(repo.id, one, two) is None
    assert not reader.is_ancestor(repo.id, one, two)


def test_pages_put_together_are_the_whole_list(repo: StockRepo, reader: DulwichReader) -> None:
    made = make_history(repo, 17, commits=40, skew=300)
    whole = listed(reader, repo, "main")
    pages: list[str] = []
    while page := reader.commits(repo.id, made.commits[-1], after=pages[-1] if pages else None, limit=7):
        assert len(page) <= 7
        pages.extend(commit.oid for commit in page)
    assert pages == whole


def test_a_page_behind_a_commit_of_another_history(repo: StockRepo, reader: DulwichReader) -> None:
    one, two = repo.commit(repo.tree(), message="1"), repo.commit(repo.tree(), message="2")
    with pytest.raises(NotFound, match="not in this history"):
        reader.commits(repo.id, one, after=two)


def test_a_commit_in_full(repo: StockRepo, reader: DulwichReader) -> None:
    made = make_history(repo, 18, commits=3)
    commit = reader.commit(repo.id, made.commits[1])
    fields = (
        repo.git("log", "-1", "--format=%T%n%P%n%an%n%ae%n%at%n%cn%n%ce%n%ct", made.commits[1]).decode().split("\n")
    )
    assert [
        commit.tree, " ".join(commit.parents), commit.author_name, commit.author_email, str(commit.author_time),
        commit.committer_name, commit.committer_email, str(commit.committer_time),
    ] == fields[:8]  # fmt: skip
    assert commit.author_name == "Jörg"
    assert (commit.author_offset_min, commit.committer_offset_min) == (90, 90)
    assert commit.message == "Change 2\n\nAt length.\n"


@pytest.mark.parametrize(
    ("lines", "name", "time", "offset_min", "message"),
    [
        (
            b"author J\xf6rg <j> 5 -0130\ncommitter C <c> 7 +0000\nencoding ISO-8859-1\n\nn\xe4\n",
            "Jörg",
            5,
            -90,
            "nä\n",
        ),
        (b"author J\xf6rg <j> 5 +0000\ncommitter C <c> 7 +0000\n\nn\xe4\n", "J\ufffdrg", 5, 0, "n\ufffd\n"),
        (b"author x <j> 5 +0000\ncommitter C <c> 7 +0000\nencoding unicode_escape\n\n\\ud800", "x", 5, 0, "\\ud800"),
        (b"author nobody\ncommitter\n\nm", "nobody", 0, 0, "m"),
        (b"author  <> 99999999999999999999999 +0000\ncommitter C <c> x\n\nm", "", 0, 0, "m"),
        (b"author a <b <c@d> -7 +0000\ncommitter C <c> 7 +0000\n\n", "a", -7, 0, ""),
    ],
)
def test_odd_commits_come_out_as_well_as_they_can_be_read(
    repo: StockRepo, reader: DulwichReader, lines: bytes, name: str, time: int, offset_min: int, message: str
) -> None:
    data = b"tree " + repo.tree().encode() + b"\n" + lines
    oid = repo.line("hash-object", "-w", "-t", "commit", "--literally", "--stdin", stdin=data)
    commit = reader.commit(repo.id, oid)
    assert (commit.author_name, commit.author_time, commit.author_offset_min) == (name, time, offset_min)
    assert commit.message == message
    commit.message.encode()  # JSON can hold it
    assert [found.oid for found in reader.commits(repo.id, oid)] == [oid]


def test_a_name_is_found_where_it_is_an_entry_and_not_inside_another_name() -> None:
    one, two = b"\x20" * 20, b"100644 main.py\0abcde"
    data = b"100644 100644 main.py\0" + one + b"100755 a\0" + two + b"40000 main.py\0" + one
    assert Picker(b"main.py").pick(data) == (0o040000, one.hex().encode())
    assert Picker(b"100644 main.py").pick(data) == (0o100644, one.hex().encode())
    assert Picker(b"a").pick(data) == (0o100755, two.hex().encode())
    assert Picker(b"").pick(data) is None
    assert Picker(b"main").pick(data) is None
