"""Archives against `git archive`: the same bytes, in every format, whatever is in the tree."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

from domain.errors import TooLarge, Unavailable
from domain.ports_files import ArchiveFormat
from storage.git import attributes
from storage.git.archive import entries
from storage.git.archive.store import ArchiveStore
from storage.git.pool import HandlePool
from tests.storage.git.histories import make_history
from tests.storage.git.stock import StockRepo, stock_repo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FORMATS = list(ArchiveFormat)


@pytest.fixture
def repo(tmp_path: Path) -> StockRepo:
    return stock_repo(tmp_path / "repos")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ArchiveStore]:
    pool = HandlePool(tmp_path / "repos")
    yield ArchiveStore(pool, tmp_path / "cache" / "archives")
    pool.close()


def ours(store: ArchiveStore, repo: StockRepo, commit: str, form: ArchiveFormat, prefix: str = "attic-1.0/") -> bytes:
    made = store.open(repo.id, commit, prefix, form)
    with made.file as file:
        data = file.read()
    assert len(data) == made.size
    return data


def stock(repo: StockRepo, commit: str, form: ArchiveFormat, prefix: str = "attic-1.0/") -> bytes:
    return repo.git("-c", "core.abbrev=7", "archive", f"--format={form}", f"--prefix={prefix}", commit)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [51, 52, 53])
def test_archives_are_those_of_git(repo: StockRepo, store: ArchiveStore, seed: int) -> None:
    made = make_history(repo, seed, commits=30)
    for commit in (made.commits[15], made.commits[-1]):
        for form in FORMATS:
            assert ours(store, repo, commit, form) == stock(repo, commit, form)


def test_what_gitattributes_asks_for(repo: StockRepo, store: ArchiveStore) -> None:
    rules = (
        b"# comment\n*.md export-subst\n/tests export-ignore\nbuild/ export-ignore\n**/secret export-ignore\n"
        b'a/**/z export-ignore\n"with space" export-ignore\n[attr]hidden export-ignore\n'
        b"*.hid hidden\nkeep.hid !export-ignore\n"
        b"*.bat eol=crlf\nraw.bat -text\nauto.bat text=auto eol=crlf\nx[0-9]* export-ignore\nx[!0-5] -export-ignore\n"
        b"*.dat binary\nd/** export-ignore\n[bad export-ignore\n!no export-ignore\n*\n*.c diff=cpp\n"
    )
    formats = (
        b"$Format:%H %h %T|%an <%ae> %ad|%aD|%ai|%aI|%as|%at|%cI$\n$Format:%s%n%b%x41%%$ $Format:%zz%w$ $Format: $x\n"
    )
    blob = repo.blob
    text = ("100644", "z", blob(b"z\n"))
    deep = repo.tree(text, ("100644", "y", blob(b"y\n")))
    root = repo.tree(
        ("100644", ".gitattributes", blob(rules)),
        ("040000", "a", repo.tree(("040000", "b", repo.tree(("040000", "c", deep))), text)),
        ("100644", "a.bat", blob(b"one\ntwo\r\n")),
        ("100644", "auto.bat", blob(b"one\ntwo\n")),
        ("100644", "b.dat", blob(b"text\n")),
        ("040000", "build", deep),
        ("100644", "code.c", blob(b"int x;\n")),
        ("040000", "d", deep),
        (
            "040000",
            "docs",
            repo.tree(("100644", ".gitattributes", blob(b"y export-ignore\n/z -export-ignore\n")), text),
        ),
        ("100644", "file.hid", blob(b"h")),
        ("100644", "keep.hid", blob(b"h")),
        ("100644", "raw.bat", blob(b"one\n")),
        ("100644", "read.md", blob(formats)),
        ("040000", "tests", deep),
        ("100644", "with space", blob(b"s")),
        ("100644", "x3", blob(b"3")),
        ("100644", "x7", blob(b"7")),
        ("100644", "xy", blob(b"y")),
    )
    first = repo.commit(root, at=1_600_000_000)
    words = ("commit-tree", root, "-p", first, "-m", "The subject\ngoes on\n\n\nBody.\n\nMore.")
    # Of UTC, `%aI` says Z here and in newer gits, +00:00 in older ones.
    east, west = "@1650000001 +0130", "@1650000300 -0800"
    commit = repo.git(*words, GIT_AUTHOR_DATE=east, GIT_COMMITTER_DATE=west).decode().strip()
    for form in FORMATS:
        assert ours(store, repo, commit, form) == stock(repo, commit, form)
    with tarfile.open(fileobj=io.BytesIO(ours(store, repo, commit, ArchiveFormat.TAR))) as found:
        names = {name.removeprefix("attic-1.0/") for name in found.getnames()}
        assert names >= {"docs/z", "keep.hid", "read.md", "x7", "xy"}
        assert not names & {"tests", "build", "x3", "with space", "file.hid", "a/z", "a/b/c/z"}


def test_long_names_links_and_submodules(repo: StockRepo, store: ArchiveStore) -> None:
    blob, long = repo.blob, "n" * 90
    chain = repo.tree(("100755", "p" * 101, blob(b"#!/bin/sh\n")), ("100644", long, blob(b"")))
    for depth in range(4):
        chain = repo.tree(("040000", f"{depth}{long}"[: 60 + 10 * depth], chain), ("120000", "link", blob(b"t" * 130)))
    root = repo.tree(
        ("040000", "deep", chain),
        ("040000", "empty", repo.tree()),
        ("160000", "sub", "1" * 40),
        ("120000", "to", blob(b"deep")),
    )
    commit = repo.commit(root)
    for form in FORMATS:
        assert ours(store, repo, commit, form) == stock(repo, commit, form)
    with zipfile.ZipFile(io.BytesIO(ours(store, repo, commit, ArchiveFormat.ZIP))) as found:
        assert found.testzip() is None
        assert found.comment == commit.encode()
        assert "attic-1.0/sub/" in found.namelist()


def test_the_bytes_of_a_commit_are_the_same_for_ever(repo: StockRepo, store: ArchiveStore) -> None:
    """These digests must not change, or whoever pinned an archive's hash is let down."""
    commit = repo.commit_files({"a": b"a\n" * 500, "b": bytes(range(256))})
    assert commit == "e1fc78f5af693535724f7421984ca75565404462"
    digests = {form: hashlib.sha256(ours(store, repo, commit, form)).hexdigest()[:16] for form in FORMATS}
    expected = {"tar": "266ed7f6612e3322", "tar.gz": "29e8c2aee1f91f23", "zip": "3fb7d667c0c45cb2"}
    assert digests[ArchiveFormat.TAR] == expected["tar"]
    if (
        store.tag(commit, "attic-1.0/", ArchiveFormat.ZIP).count("-") == 2
    ):  # else this is not zlib's deflate, and the tag says so
        assert digests == expected


def test_an_archive_is_made_once_and_kept_while_there_is_room(repo: StockRepo, tmp_path: Path) -> None:
    pool = HandlePool(tmp_path / "repos")
    folder = tmp_path / "cache"
    store = ArchiveStore(pool, folder, kept_bytes_max=25_000)
    commits = [repo.commit_files({"a": b"%d" % number}) for number in range(3)]

    def kept() -> list[str]:
        return sorted(path.name[:40] for path in folder.glob("*/*"))

    for commit in commits[:2]:
        ours(store, repo, commit, ArchiveFormat.TAR)  # of 10,240 bytes
    assert kept() == sorted(commits[:2])
    for at, path in enumerate(folder.glob("*/*")):
        os.utime(path, (1_000 + at, 1_000 + at))
    (made,) = [path for path in folder.glob("*/*") if path.name.startswith(commits[0])]
    made.write_bytes(b"kept")
    assert ours(store, repo, commits[0], ArchiveFormat.TAR) == b"kept"
    ours(store, repo, commits[2], ArchiveFormat.TAR)
    ours(store, repo, commits[1], ArchiveFormat.TAR)
    assert kept() == sorted(commits)
    made.write_bytes(bytes(10_240))
    os.utime(made, (1_000, 1_000))
    ours(store, repo, commits[0], ArchiveFormat.TAR)
    (folder / repo.id.hex() / "half-made-by-who-died").write_bytes(bytes(30_000))
    os.utime(folder / repo.id.hex() / "half-made-by-who-died", (1_000, 1_000))
    ours(store, repo, repo.commit_files({"b": b""}), ArchiveFormat.TAR)
    assert len(kept()) == 2
    assert commits[0] in kept()
    pool.close()


def test_tags_tell_prefixes_and_formats_apart(store: ArchiveStore) -> None:
    tags = {store.tag("1" * 40, prefix, form) for prefix in ("a/", "b/") for form in FORMATS}
    assert len(tags) == 6
    assert all(tag.startswith('"' + "1" * 40) for tag in tags)


def test_what_is_too_much_is_refused_and_leaves_nothing(
    repo: StockRepo, store: ArchiveStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = repo.commit_files({"a": b"0123456789"})
    monkeypatch.setattr(entries, "ARCHIVE_BYTES_MAX", 9)
    with pytest.raises(TooLarge, match="9 bytes"):
        store.open(repo.id, commit, "a/", ArchiveFormat.TAR)
    monkeypatch.setattr(attributes, "ATTRIBUTE_RULES_MAX", 2)
    many = repo.commit_files({".gitattributes": b"*.a x\n" * 3})
    with pytest.raises(TooLarge, match=r"\.gitattributes"):
        store.open(repo.id, many, "a/", ArchiveFormat.TAR)
    assert [path for path in (tmp_path / "cache").rglob("*") if path.is_file()] == []
    (tmp_path / "taken").write_bytes(b"")
    blocked = ArchiveStore(store._pool, tmp_path / "taken")
    with pytest.raises(Unavailable, match="cannot be kept"):
        blocked.open(repo.id, repo.commit_files({}), "a/", ArchiveFormat.TAR)


def test_no_pattern_is_slow(repo: StockRepo, store: ArchiveStore) -> None:
    """One that a matcher which goes back would try for longer than the sun shines."""
    rules = b"*a" * 40 + b"b export-ignore\n" + b"**/a/" * 30 + b"b export-ignore\n"
    inner = repo.tree(("100644", "a" * 200 + "c", repo.blob(b"x")))
    for _ in range(40):
        inner = repo.tree(("040000", "a", inner))
    commit = repo.commit(repo.tree(("100644", ".gitattributes", repo.blob(rules)), ("040000", "a", inner)))
    with tarfile.open(fileobj=io.BytesIO(ours(store, repo, commit, ArchiveFormat.TAR))) as found:
        assert len(found.getnames()) == 44
