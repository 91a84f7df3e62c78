"""Going back by tables: the same answers as by reading trees, and the same as git's."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from storage.git.blame import Blamed
from storage.git.engine import building
from storage.git.engine.changes import TableHistory
from storage.git.engine.keeping import KeptTables
from storage.git.engine.mark import SUFFIX
from storage.git.history import History
from storage.git.kept_blames import KeptBlames
from storage.git.last_answers import Remembered
from storage.git.last_commits import last_commits
from storage.git.names import shown
from storage.git.reader import DulwichReader
from tests.storage.git.engine.scattered import scatter, write_pack
from tests.storage.git.stock import stock_repo

if TYPE_CHECKING:
    from pathlib import Path

    from tests.storage.git.stock import StockRepo


def files_of(repo: StockRepo, rev: str) -> dict[bytes, tuple[str, str]]:
    """(mode, object) by path, folders included."""
    rows = (row.split(b"\t", 1) for row in repo.git("ls-tree", "-r", "-t", "-z", rev).split(b"\0")[:-1])
    return {path: (words[0], words[2]) for about, path in rows if (words := about.decode().split())}


def compare(repo: StockRepo, root: Path, revs: list[str], paths: set[bytes]) -> int:
    """Ask a reader with tables and one without them for everything; how many answers there were."""
    answers = 0
    with closing(DulwichReader(root)) as plain, closing(DulwichReader(root, KeptTables())) as tabled:
        for rev in revs:
            here = files_of(repo, rev)
            for raw in sorted(paths):
                path = shown(raw)
                every = plain.commits(repo.id, rev, path=path, limit=1_000)
                assert tabled.commits(repo.id, rev, path=path, limit=1_000) == every, raw
                assert tabled.commit_count(repo.id, rev, path=path) == len(every)
                answers += len(every)
                if len(every) > 2:
                    after = every[len(every) // 2].oid
                    some = tabled.commits(repo.id, rev, path=path, after=after, limit=2)
                    assert some == plain.commits(repo.id, rev, path=path, after=after, limit=2)
                mode = here[raw][0] if raw in here else ""
                if mode == "040000":
                    assert tabled.tree(repo.id, rev, path) == plain.tree(repo.id, rev, path), raw
                    assert tabled.last_commits(repo.id, rev, path) == plain.last_commits(repo.id, rev, path), raw
                elif mode.startswith("100"):
                    assert tabled.blame(repo.id, rev, path) == plain.blame(repo.id, rev, path), raw
            assert tabled.last_commits(repo.id, rev, "") == plain.last_commits(repo.id, rev, "")
            assert tabled.commits(repo.id, rev, limit=1_000) == plain.commits(repo.id, rev, limit=1_000)
    return answers


@pytest.mark.parametrize("limit", [None, "_WORK_MIN"])
def test_what_tables_say_is_what_trees_say(tmp_path: Path, limit: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """With merges, renames, links and submodules, in many packs; also where tables do not know all of it."""
    if limit is not None:
        monkeypatch.setattr(building, "_WORK_PER_OBJECT", 0)
        monkeypatch.setattr(building, limit, 200)
    repo, commits = scatter(tmp_path, 8, commits=26)
    tables = KeptTables().tables(repo.path)
    unsure = sum(int(segment.columns.path_walk.sum()) for segment in tables.segments)
    assert (unsure > 3) == (limit is not None)
    paths = {path for commit in commits[::5] for path in files_of(repo, commit) if b"\n" not in path}
    assert compare(repo, tmp_path, [commits[-1], commits[len(commits) // 2]], paths) > 50


def test_histories_that_went_away_and_came_back(tmp_path: Path) -> None:
    """A branch that is forced elsewhere, one that is deleted, and a merge of many; packs that are made one."""
    repo = stock_repo(tmp_path)
    lines = [b"%d\n" % number for number in range(30)]
    base = repo.commit_files({"a": b"".join(lines), "b": b"0"})
    write_pack(repo, [base])
    sides = []
    for number in range(4):
        side = [*lines[: 7 * number], b"side %d\n" % number, *lines[7 * number :]]
        sides.append(repo.commit_files({"a": b"".join(side), "b": b"%d" % number}, base))
        write_pack(repo, [sides[-1], f"^{base}"])
    forced = repo.commit_files({"a": b"".join(lines[3:]), "e": b"1"}, base)
    write_pack(repo, [forced, f"^{base}"])
    both = [*lines[:7], b"side 1\n", *lines[7:14], b"side 2\n", *lines[14:]]
    octopus = repo.commit_files({"a": b"".join(both), "b": b"3"}, *sides)
    again = repo.commit_files({"a": b"".join(both), "b": b"3", "e": b"1"}, octopus, forced)
    write_pack(repo, [again, *(f"^{side}" for side in (*sides, forced))])
    repo.git("prune-packed")
    paths = {b"d", b"a", b"b", b"e", b"gone"}
    KeptTables().tables(repo.path)
    for tip in (sides[2], forced, again):
        repo.git("update-ref", "refs/heads/main", tip)  # also back, which no push could but by force
        assert compare(repo, tmp_path, [tip], paths)
        expected = repo.lines("log", "--format=%H", tip, "--", "a")
        with closing(DulwichReader(tmp_path, KeptTables())) as reader:
            assert [each.oid for each in reader.commits(repo.id, tip, path="a")] == expected
    repo.git("update-ref", "-d", "refs/heads/main")
    assert compare(repo, tmp_path, [sides[0], again], paths)
    repo.git("update-ref", "refs/heads/main", again)
    repo.git("repack", "-adq")
    assert compare(repo, tmp_path, [octopus], paths), "there are no tables, and nobody waits for them"
    KeptTables().tables(repo.path)
    assert compare(repo, tmp_path, [again, octopus], paths)


def test_blame_is_kept_until_the_file_changes(tmp_path: Path) -> None:
    repo = stock_repo(tmp_path)
    first = repo.commit_files({"a": b"1\n2\n", "b": b"1"})
    other = repo.commit_files({"a": b"1\n2\n", "b": b"2"}, first)
    last = repo.commit_files({"a": b"1\n2\n3\n", "b": b"2"}, other)
    write_pack(repo, [last])
    repo.git("prune-packed")
    KeptTables().tables(repo.path)
    with closing(DulwichReader(tmp_path, KeptTables())) as reader:
        found = reader.blame(repo.id, first, "a")
        assert reader.blame(repo.id, other, "a") is found
        assert [each.commit for each in reader.blame(repo.id, last, "a").ranges] == [first, last]
        assert reader.blame(repo.id, first, "b") is not reader.blame(repo.id, other, "b")
    kept, blames = KeptBlames(ranges_max=5), [Blamed(replace(found, complete=done)) for done in (True, False)]
    for number in range(5):
        kept.put((1, b"", b"%d" % number), blames[number % 2])
        assert kept.get((1, b"", b"0")) is blames[0]
    assert [kept.get((1, b"", b"%d" % number)) is not None for number in range(5)] == [True, False, False, False, True]


def test_a_walk_by_tables_that_is_cut_short_goes_on(tmp_path: Path) -> None:
    """And one of a later commit takes over what was found of an earlier one."""
    repo, commits = scatter(tmp_path, 9, commits=30)
    tables = TableHistory(KeptTables().tables(repo.path))
    with closing(DulwichReader(tmp_path)) as plain, plain._pool.use(repo.id) as handle:
        history = History(handle.objects, {}, tables)
        remembered, rounds = Remembered(), 0
        for tip in (commits[17], commits[23], commits[-1]):
            expected = plain.last_commits(repo.id, tip, "")
            known = dict[str, str]()
            while True:
                rounds += 1
                assert rounds < 200
                found = last_commits(handle.objects, history, tip.encode(), b"", remembered, "here", rounds % 2 * 6)
                assert known.items() <= found.commits.items() <= expected.commits.items()
                known = dict(found.commits)
                if found.complete:
                    break
            assert found == expected
    assert rounds > 4


def test_commits_counted_by_tables_are_those_walked_past(tmp_path: Path) -> None:
    repo, commits = scatter(tmp_path, 3)
    tables = TableHistory(KeptTables().tables(repo.path))
    for commit in commits[::7]:
        assert tables.history_size(commit.encode()) == int(repo.line("rev-list", "--count", commit))
    assert tables.history_size(b"e" * 40) is None
    assert tables.back(b"e" * 40, b"a") == (b"e" * 40, 0)


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
    tables = TableHistory(KeptTables().tables(repo.path))
    assert tables.back(commits[-1].encode(), b"a") == (commits[5].encode(), 2)
    with closing(DulwichReader(tmp_path, KeptTables())) as reader:
        (found,) = reader.blame(repo.id, commits[-1], "a").ranges
    assert repo.line("blame", "--porcelain", commits[-1], "--", "a").split()[0] == commits[4] == found.commit


def test_what_is_in_no_pack_is_read(tmp_path: Path) -> None:
    repo = stock_repo(tmp_path)
    first = repo.commit_files({"a": b"1\n"})
    write_pack(repo, [first])
    last = repo.commit_files({"a": b"1\n", "b": b"2\n"}, repo.commit_files({"a": b"1\n", "b": b"1\n"}, first))
    KeptTables().tables(repo.path)
    assert compare(repo, tmp_path, [last], {b"a", b"b"}) == 3


def test_torn_tables_are_noticed_and_the_answer_is_the_same(tmp_path: Path) -> None:
    repo, commits = scatter(tmp_path, 8, commits=12)
    for segment in KeptTables().tables(repo.path).segments:
        file = segment.pack.path.with_suffix(SUFFIX)
        whole = file.read_bytes()
        file.unlink()
        file.write_bytes(whole[: len(whole) // 2] if len(whole) % 3 else whole[:40] + b"\xff" + whole[41:])
    paths = {path for path in files_of(repo, commits[-1]) if b"\n" not in path}
    assert compare(repo, tmp_path, [commits[-1]], paths)
