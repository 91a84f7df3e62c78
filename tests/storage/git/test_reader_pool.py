"""Many threads, packs that come and go, repositories that vanish, files that are closed."""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from domain.errors import NotFound
from domain.ids import StreamId
from storage.git.pool import HandlePool
from storage.git.read_limits import IDLE_HANDLES_MAX
from storage.git.reader import DulwichReader
from tests.storage.git.histories import make_history
from tests.storage.git.stock import StockRepo, stock_repo

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[DulwichReader]:
    reader = DulwichReader(tmp_path)
    yield reader
    reader.close()


def open_files(under: Path) -> list[str]:
    """What this process has open or mapped below a folder."""
    links = (f"/proc/self/fd/{fd}" for fd in os.listdir("/proc/self/fd"))  # noqa: PTH208
    opened = [os.readlink(link) for link in links if os.path.lexists(link)]  # noqa: PTH115
    mapped = Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
    return [line for line in opened + mapped if str(under) in line]


def packed_commit(repo: StockRepo, name: str) -> str:
    oid = repo.commit_files({name: name.encode()})
    repo.git("update-ref", f"refs/heads/{name}", oid)
    repo.git("repack", "-dq")
    return oid


def test_a_pack_that_came_after_opening_is_found(tmp_path: Path, reader: DulwichReader) -> None:
    repo = stock_repo(tmp_path)
    packed_commit(repo, "one")
    assert reader.blob(repo.id, "one", "one")[1] == b"one"
    packed_commit(repo, "two")
    assert reader.blob(repo.id, "two", "two")[1] == b"two"
    assert reader.tree(repo.id, "two", "")[0].size == 3


def test_a_repack_takes_nothing_away(tmp_path: Path, reader: DulwichReader) -> None:
    repo = stock_repo(tmp_path)
    for name in ("one", "two", "three"):
        packed_commit(repo, name)
    assert reader.blob(repo.id, "one", "one")[1] == b"one"
    repo.git("repack", "-adfq")
    for name in ("one", "two", "three"):
        assert reader.blob(repo.id, name, name)[1] == name.encode()
        assert reader.tree(repo.id, name, "")[0].size == len(name)


@pytest.mark.slow
def test_threads_read_while_packs_come_and_go(tmp_path: Path, reader: DulwichReader) -> None:
    repo = stock_repo(tmp_path)
    made = make_history(repo, 31, commits=20)
    expected = {commit: repo.lines("log", "--format=%H", commit) for commit in made.commits}
    trees = {commit: repo.line("rev-parse", f"{commit}^{{tree}}") for commit in made.commits}

    def read(number: int) -> bool:
        commit = made.commits[number % len(made.commits)]
        listed = [found.oid for found in reader.commits(repo.id, commit, limit=1_000)]
        diff = reader.diff(repo.id, None, commit)
        return (
            listed == expected[commit]
            and reader.commit(repo.id, commit).tree == trees[commit]
            and diff.files_total == len(diff.files)
        )

    with ThreadPoolExecutor(8) as threads:
        reading = [threads.submit(read, number) for number in range(160)]
        for number in range(4):
            packed_commit(repo, f"new-{number}")
            repo.git("repack", "-adfq", f"--depth={number + 1}")
        assert all(result.result() for result in reading)


def test_a_removed_repository_is_gone_even_if_it_was_open(tmp_path: Path, reader: DulwichReader) -> None:
    repo = stock_repo(tmp_path)
    oid = packed_commit(repo, "one")
    assert reader.resolve(repo.id, oid) == oid
    shutil.rmtree(repo.path)
    with pytest.raises(NotFound, match="not on this node"):
        reader.resolve(repo.id, oid)
    repo.path.parent.mkdir(exist_ok=True)
    again = stock_repo(tmp_path)
    with pytest.raises(NotFound):
        reader.resolve(again.id, oid)


def test_open_repositories_are_bounded_and_closed(tmp_path: Path) -> None:
    pool = HandlePool(tmp_path)
    repo = stock_repo(tmp_path)
    oid = packed_commit(repo, "one")
    others = [StockRepo(tmp_path, StreamId(number.to_bytes(32, "big"))) for number in range(2, IDLE_HANDLES_MAX + 4)]
    for other in others:
        shutil.copytree(repo.path, other.path)
    for each in (*others, repo):
        with pool.use(each.id) as handle:
            handle.objects.raw(oid.encode())
    assert pool.idle_count() == IDLE_HANDLES_MAX
    assert open_files(tmp_path)
    with pool.use(repo.id) as handle:
        pool.close()
        assert handle.objects.raw(oid.encode())[0] == 1
    assert pool.idle_count() == 0
    assert not open_files(tmp_path)


def test_a_thread_that_reads_two_things_at_once_gets_two_handles(tmp_path: Path) -> None:
    repo = stock_repo(tmp_path)
    pool = HandlePool(tmp_path)
    with pool.use(repo.id) as one, pool.use(repo.id) as two:
        assert one is not two
        assert one.known is two.known
    with pool.use(repo.id) as again:
        assert again in {one, two}
    pool.close()


def test_a_handle_in_which_something_broke_is_not_used_again(tmp_path: Path) -> None:
    repo = stock_repo(tmp_path)
    pool = HandlePool(tmp_path)
    with pytest.raises(OSError, match="broken"), pool.use(repo.id):
        raise OSError("broken")
    assert pool.idle_count() == 0
    with pytest.raises(NotFound), pool.use(repo.id) as handle:
        handle.objects.raw(b"0" * 40)
    assert pool.idle_count() == 1
    pool.close()


def test_an_abandoned_listing_of_files_holds_nothing(tmp_path: Path, reader: DulwichReader) -> None:
    repo = stock_repo(tmp_path)
    commit = repo.commit_files({"a": b"1", "b": b"2"})
    files = reader.files_changed(repo.id, None, commit)
    assert next(files)[0] == "a"
    reader.close()
    assert not open_files(tmp_path)
    assert next(files)[0] == "b"
