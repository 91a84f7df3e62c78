"""Look-ups in indexes that git wrote, and objects found by them, with packs that come, go and are odd."""

from __future__ import annotations

import struct
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from dulwich.objects import RawObjectID

from storage.git.index_file import IndexFile
from storage.git.packdir import PackDir, PackedObjects
from tests.storage.git.stock import StockRepo, stock_repo

if TYPE_CHECKING:
    from pathlib import Path

BLOBS = 600


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> StockRepo:
    """A pack with many objects, another with a few, and one loose object."""
    found = stock_repo(tmp_path_factory.mktemp("indexes"))
    files = "".join(f"M 100644 inline file{number}\ndata 4\n{number:04}\n" for number in range(BLOBS))
    stream = f"commit refs/heads/main\ncommitter A <a@example.org> 1700000000 +0000\ndata 4\nmany\n{files}"
    found.git("fast-import", "--quiet", stdin=stream.encode())
    tip = found.line("rev-parse", "refs/heads/main")
    found.git("update-ref", "refs/heads/main", found.commit_files({"more": b"more\n"}, tip))
    found.git("repack", "-dq")
    return found


def indexes(repo: StockRepo) -> list[Path]:
    return sorted((repo.path / "objects/pack").glob("*.idx"))


def listed(repo: StockRepo, index: Path) -> dict[bytes, int]:
    lines = repo.git("show-index", stdin=index.read_bytes()).decode().splitlines()
    return {bytes.fromhex(line.split()[1]): int(line.split()[0]) for line in lines}


def test_offsets_are_those_that_git_shows(repo: StockRepo) -> None:
    for index in indexes(repo):
        with closing(IndexFile(index)) as found:
            offsets = listed(repo, index)
            assert {sha: found.object_offset(RawObjectID(sha)) for sha in offsets} == offsets
            for sha in (bytes(20), b"\xff" * 20, *(sha[:19] + bytes([sha[19] ^ 1]) for sha in offsets)):
                with pytest.raises(KeyError):
                    found.object_offset(RawObjectID(sha))


def test_offsets_beyond_two_gigabytes(repo: StockRepo, tmp_path: Path) -> None:
    """Which git writes into a table of their own."""
    index = min(indexes(repo), key=lambda path: path.stat().st_size)
    offsets, data = listed(repo, index), index.read_bytes()
    at = len(data) - 40 - 4 * len(offsets)
    long = sorted(offsets)[1]
    short = b"".join(struct.pack(">I", 1 << 31 if sha == long else offsets[sha]) for sha in sorted(offsets))
    (tmp_path / "far.idx").write_bytes(data[:at] + short + struct.pack(">Q", 5 << 32) + data[-40:])
    with closing(IndexFile(tmp_path / "far.idx")) as found:
        assert {sha: found.object_offset(RawObjectID(sha)) for sha in offsets} == {**offsets, long: 5 << 32}


def test_what_is_no_index_is_refused(repo: StockRepo, tmp_path: Path) -> None:
    data = indexes(repo)[0].read_bytes()
    for bad in (b"", data[:1000], data[:-60], b"\xfftOc\0\0\0\3" + data[8:], bytes(2000)):
        (tmp_path / "bad.idx").write_bytes(bad)
        with pytest.raises(ValueError):  # noqa: PT011 (mmap's own for an empty file)
            IndexFile(tmp_path / "bad.idx")


def test_objects_are_read_wherever_they_lie(repo: StockRepo) -> None:
    loose = repo.blob(b"loose\n")
    commits = repo.lines("rev-list", "main")
    with closing(PackedObjects(repo.path / "objects")) as objects:
        assert objects.get_raw(loose) == (3, b"loose\n")
        for oid in commits:
            assert objects.get_raw(oid) == (1, repo.git("cat-file", "commit", oid))
        with pytest.raises(KeyError):
            objects.get_raw("e" * 40)


def test_a_pack_that_is_merged_meanwhile_and_an_index_of_version_one(tmp_path: Path) -> None:
    repo = stock_repo(tmp_path)
    first = repo.commit_files({"a": b"a\n"})
    repo.git("update-ref", "refs/heads/main", first)
    repo.git("repack", "-dq")
    with closing(PackedObjects(repo.path / "objects")) as objects:
        repo.git("update-ref", "refs/heads/main", repo.commit_files({"b": b"b\n"}, first))
        repo.git("-c", "pack.indexVersion=1", "repack", "-adq")
        assert objects.get_raw(first)[0] == 1
    with PackDir(repo.path / "objects") as there:
        assert there.kind(first) == "commit"
