"""Folders and files against `git ls-tree` and `git cat-file`, from loose objects and from deltas; names; submodules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.errors import NotFound, TooLarge
from storage.git.diff.paths import changed
from storage.git.names import quoted, shown, wanted
from storage.git.objects import Objects
from storage.git.read_limits import INDEXED_FILE_BYTES_MAX
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


def assert_folders_like_git(repo: StockRepo, reader: DulwichReader, commit: str, path: str = "") -> int:
    """Every folder from `path` down; the number of files."""
    entries = reader.tree(repo.id, commit, path)
    where = f"{commit}:{path}" if path else commit
    expected: list[tuple[str, str, str, str]] = []
    for line in repo.git("ls-tree", "-l", "-z", where).split(b"\0")[:-1]:
        words, _, name = line.partition(b"\t")
        mode, kind, oid, size = words.decode().split()
        expected.append((shown(name), f"{mode} {kind}", oid, size))
    assert sorted(
        (entry.name, f"{entry.mode} {entry.type}", entry.oid, "-" if entry.size is None else str(entry.size))
        for entry in entries
    ) == sorted(expected)
    kinds = [entry.type == "tree" for entry in entries]
    assert kinds == sorted(kinds, reverse=True)
    count = 0
    for entry in entries:
        assert reader.entry(repo.id, commit, entry.path) == entry
        if entry.type == "tree":
            count += assert_folders_like_git(repo, reader, commit, entry.path)
        elif entry.type == "blob":
            found, data = reader.blob(repo.id, commit, entry.path)
            assert found == entry
            assert data == repo.git("cat-file", "blob", entry.oid)
            count += 1
    return count


@pytest.mark.slow
@pytest.mark.parametrize("packed", [False, True])
def test_folders_and_files_are_those_of_git(repo: StockRepo, reader: DulwichReader, packed: bool) -> None:
    made = make_history(repo, 21, commits=40)
    if packed:
        repo.git("repack", "-adfq", "--depth=50")
    else:
        (pack,) = (repo.path / "objects" / "pack").glob("*.pack")
        data = pack.read_bytes()
        for file in (repo.path / "objects" / "pack").iterdir():
            file.unlink()
        repo.git("unpack-objects", "-q", stdin=data)
    assert assert_folders_like_git(repo, reader, made.commits[-1]) > 10


@pytest.mark.slow
def test_the_size_of_a_delta_is_read_from_its_header(repo: StockRepo) -> None:
    lines = b"".join(b"%d %d\n" % (number, number * 7919) for number in range(40_000))
    oids = [repo.blob(lines + b"%d\n" % number) for number in range(3)]
    repo.git("update-ref", "refs/heads/main", repo.commit(repo.tree(*(("100644", oid, oid) for oid in oids))))
    repo.git("repack", "-adfq")
    (index,) = repo.path.glob("objects/pack/*.idx")
    described = (line.split() for line in repo.lines("verify-pack", "-v", str(index)))
    assert sum(words[1:2] == ["blob"] and len(words) == 7 for words in described) == 2
    objects = Objects(repo.path)
    assert objects.sizes(oid.encode() for oid in oids) == {oid.encode(): len(lines) + 2 for oid in oids}
    assert {objects.start(oid.encode(), 100) for oid in oids} == {lines[:100]}
    objects.close()


def test_a_submodule_and_a_symlink(repo: StockRepo, reader: DulwichReader) -> None:
    target = repo.blob(b"../elsewhere")
    commit = repo.commit(repo.tree(("120000", "link", target), ("160000", "module", "1" * 40)))
    link, module = reader.tree(repo.id, commit, "")
    assert (link.mode, link.type, link.size) == ("120000", "blob", 12)
    assert (module.mode, module.type, module.size, module.oid) == ("160000", "commit", None, "1" * 40)
    assert reader.blob(repo.id, commit, "link")[1] == b"../elsewhere"
    with pytest.raises(NotFound, match="submodule"):
        reader.blob(repo.id, commit, "module")
    with pytest.raises(NotFound):
        reader.tree(repo.id, commit, "module")
    with pytest.raises(NotFound):
        reader.tree(repo.id, commit, "module/inside")


def test_paths_that_are_not_there(repo: StockRepo, reader: DulwichReader) -> None:
    folder = repo.tree(("100644", "file", repo.blob(b"x")))
    commit = repo.commit(repo.tree(("040000", "folder", folder)))
    for path in ("nothing", "folder/nothing", "folder//file", ".", "..", "folder/..", "folder/file/x", "\ud800"):
        with pytest.raises(NotFound):
            reader.entry(repo.id, commit, path)
    with pytest.raises(NotFound, match="folder, not a file"):
        reader.blob(repo.id, commit, "folder")
    with pytest.raises(NotFound, match="not a folder"):
        reader.tree(repo.id, commit, "folder/file")
    assert [entry.path for entry in reader.tree(repo.id, commit, "/folder/")] == ["folder/file"]


def test_names_that_are_no_utf_8_are_shown_and_found(repo: StockRepo, reader: DulwichReader) -> None:
    blobs = [repo.blob(b"%d" % number) for number in range(3)]
    tree = b"".join(
        b"100644 %s\0" % name + bytes.fromhex(oid)
        for name, oid in zip((b"a\\xff", b"a\xfe", b"a\xff"), blobs, strict=True)
    )
    commit = repo.commit(repo.line("hash-object", "-w", "-t", "tree", "--stdin", stdin=tree))
    assert [entry.name for entry in reader.tree(repo.id, commit, "")] == ["a\\xff", "a\\xfe", "a\\xff"]
    # a file that really has the name comes before one that is only shown by it
    assert reader.blob(repo.id, commit, "a\\xff")[1] == b"0"
    assert reader.blob(repo.id, commit, "a\\xfe")[1] == b"1"
    assert reader.blob(repo.id, commit, b"a\xff".decode("utf-8", "surrogateescape"))[1] == b"2"


def test_quoting() -> None:
    assert quoted(b"a/", b"plain name") == b"a/plain name"
    assert quoted(b"a/", b'\x01"\\\t\xff') == b'"a/\\001\\"\\\\\\t\\377"'
    assert wanted("/a/b/") == b"a/b"
    assert wanted("\ud8ff") is None


@pytest.mark.slow
@pytest.mark.parametrize("seed", [22, 23])
def test_changed_files_are_those_of_git(repo: StockRepo, reader: DulwichReader, seed: int) -> None:
    made = make_history(repo, seed, commits=30)
    for old, new in zip(made.commits, made.commits[7:], strict=False):
        expected: dict[str, str | None] = {}
        fields = repo.git("diff-tree", "-r", "-z", "--no-abbrev", "--no-renames", old, new).split(b"\0")[:-1]
        for words, name in zip(fields[::2], fields[1::2], strict=True):
            old_mode, new_mode, _, new_oid, _ = words.decode().lstrip(":").split()
            if new_mode not in {"000000", "160000"}:
                expected[shown(name)] = new_oid
            elif old_mode not in {"000000", "160000"}:
                expected[shown(name)] = None
        found = list(reader.files_changed(repo.id, old, new))
        assert {path: oid for path, oid, _ in found} == expected
        for path, oid, data in found:
            if data is not None:
                assert data == repo.git("cat-file", "blob", oid or "")
                assert b"\0" not in data
            elif oid is not None:
                entry, whole = reader.blob(repo.id, new, path)
                assert entry.mode == "120000" or b"\0" in whole


def test_the_code_index_gets_no_large_and_no_binary_file(repo: StockRepo, reader: DulwichReader) -> None:
    line = b"0123456789abcde\n"
    files = {
        "binary": b"x" * 7_999 + b"\0",
        "large": line * (INDEXED_FILE_BYTES_MAX // len(line)) + b"x",
        "largest": line * (INDEXED_FILE_BYTES_MAX // len(line)),
        "text": b"x" * 8_000 + b"\0",
    }
    commit = repo.commit_files(files)
    found = {path: data is not None for path, _, data in reader.files_changed(repo.id, None, commit)}
    assert found == {"binary": False, "large": False, "largest": True, "text": True}


def test_a_tree_that_multiplies_itself_comes_to_an_end(repo: StockRepo) -> None:
    tree = repo.tree()
    for _ in range(20):
        tree = repo.tree(*(("040000", str(number), tree) for number in range(10)))
    objects = Objects(repo.path)
    with pytest.raises(TooLarge, match="more than 1,000 folders"):
        list(changed(objects, None, tree.encode(), trees_max=1_000))
    objects.close()


def test_objects_by_id(repo: StockRepo, reader: DulwichReader) -> None:
    commit = repo.commit_files({"a": b"1"})
    repo.git("tag", "-m", "a tag", "v1", commit)
    assert reader.object(repo.id, commit) == ("commit", repo.git("cat-file", "commit", commit))
    assert reader.object(repo.id, repo.line("rev-parse", "v1"))[0] == "tag"
    assert reader.object(repo.id, repo.line("rev-parse", f"{commit}^{{tree}}"))[0] == "tree"
    assert reader.object(repo.id, repo.blob(b"1").upper()) == ("blob", b"1")
    for oid in ("2" * 40, "abc", "HEAD", "../" * 13 + "x"):
        with pytest.raises(NotFound):
            reader.object(repo.id, oid)
