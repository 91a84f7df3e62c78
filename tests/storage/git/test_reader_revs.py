"""What a rev names, and all that it does not."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from domain.errors import NotFound
from domain.ids import StreamId
from storage.git.reader import DulwichReader
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


def test_branches_tags_refs_and_oids(repo: StockRepo, reader: DulwichReader) -> None:
    one, two = repo.commit_files({"a": b"1"}), repo.commit_files({"a": b"2"})
    repo.git("update-ref", "refs/heads/main", one)
    repo.git("update-ref", "refs/heads/feature/deep/er", two)
    repo.git("update-ref", "refs/pull/7/head", two)
    repo.git("tag", "light", two)
    repo.git("tag", "-m", "a tag", "release/1.0", two)
    repo.git("tag", "-m", "a tag of a tag", "twice", "release/1.0")
    for packed in (False, True):
        if packed:
            repo.git("pack-refs", "--all", "--prune")
        assert reader.resolve(repo.id, "main") == one
        assert reader.resolve(repo.id, "HEAD") == one
        for rev in (
            "feature/deep/er", "refs/heads/feature/deep/er", "refs/pull/7/head", "light", "release/1.0", "twice",
            "refs/tags/twice", two, two.upper(), repo.line("rev-parse", "twice"),
        ):  # fmt: skip
            assert reader.resolve(repo.id, rev) == two


def test_a_moved_branch_is_seen_at_once(repo: StockRepo, reader: DulwichReader) -> None:
    one, two = repo.commit_files({"a": b"1"}), repo.commit_files({"a": b"2"})
    repo.git("update-ref", "refs/heads/main", one)
    repo.git("pack-refs", "--all")
    assert reader.resolve(repo.id, "main") == one
    repo.git("update-ref", "refs/heads/main", two)
    assert reader.resolve(repo.id, "main") == two
    repo.git("pack-refs", "--all")
    assert reader.resolve(repo.id, "main") == two
    repo.git("update-ref", "-d", "refs/heads/main")
    with pytest.raises(NotFound):
        reader.resolve(repo.id, "main")


def test_a_branch_wins_over_a_tag_and_an_oid_over_both(repo: StockRepo, reader: DulwichReader) -> None:
    one, two = repo.commit_files({"a": b"1"}), repo.commit_files({"a": b"2"})
    repo.git("update-ref", "refs/heads/same", one)
    repo.git("update-ref", "refs/tags/same", two)
    repo.git("update-ref", f"refs/heads/{two}", one)
    assert reader.resolve(repo.id, "same") == one
    assert reader.resolve(repo.id, two) == two


@pytest.mark.parametrize(
    "rev",
    [
        "", "nothing", "main~1", "main^", "main^{tree}", "main@{0}", "@", "@{u}", "main..main", ":/one", "main:a",
        "heads/main", "tags/v1", "origin/main", "FETCH_HEAD", "config", "../config", "refs/heads/../../config",
        "refs/heads/", "refs", "refs/heads/main.lock", "ma in", "main\n", "main\0", "-main", "\ud800", "0" * 40,
        "0" * 39, "refs/heads/" + "x/" * 3_000 + "y", "x" * 5_000,
    ],
)  # fmt: skip
def test_nothing_else_is_a_rev(repo: StockRepo, reader: DulwichReader, rev: str) -> None:
    one = repo.commit_files({"a": b"1"})
    repo.git("update-ref", "refs/heads/main", one)
    repo.git("tag", "v1", one)
    (repo.path / "FETCH_HEAD").write_text(one + "\n")
    with pytest.raises(NotFound):
        reader.resolve(repo.id, rev)
    with pytest.raises(NotFound):
        reader.resolve(repo.id, one[:10])


def test_what_a_rev_names_is_a_commit(repo: StockRepo, reader: DulwichReader) -> None:
    blob = repo.blob(b"1")
    repo.git("update-ref", "refs/tags/blob", blob)
    for rev in ("blob", "refs/tags/blob", blob, repo.tree()):
        with pytest.raises(NotFound, match="not a commit") as caught:
            reader.resolve(repo.id, rev)
        assert "branch" in caught.value.hint


def test_an_empty_repository_says_so(repo: StockRepo, reader: DulwichReader) -> None:
    with pytest.raises(NotFound, match="HEAD points to refs/heads/main, which has no commits yet"):
        reader.tree(repo.id, "HEAD", "")


def test_a_repository_that_is_not_here(reader: DulwichReader) -> None:
    with pytest.raises(NotFound, match="not on this node"):
        reader.resolve(StreamId(bytes(32)), "HEAD")


def test_short_names_of_commits(repo: StockRepo, reader: DulwichReader) -> None:
    one = repo.commit_files({"a": b"1"})
    tree = repo.line("rev-parse", f"{one}^{{tree}}")
    alike = _alike(tree)
    names = [repo.line("hash-object", "-t", "commit", "-w", "--stdin", stdin=body) for body in alike]
    digits = names[0][:7]
    assert names[1].startswith(digits)
    for packed in (False, True):
        if packed:
            for number, name in enumerate((one, *names)):
                repo.git("update-ref", f"refs/heads/{number}", name)
            repo.git("repack", "-adq")
        assert reader.abbreviated(repo.id, one[:7]) == [one]
        assert reader.abbreviated(repo.id, one[:12].upper()) == [one]
        assert reader.abbreviated(repo.id, digits) == sorted(names)
        assert reader.abbreviated(repo.id, digits, limit=1) in ([names[0]], [names[1]])
        assert reader.abbreviated(repo.id, tree[:10]) == [], "a tree is none"
        for none in (one[:6], "g" * 7, "../../x", ""):
            assert reader.abbreviated(repo.id, none) == []


def _alike(tree: str) -> tuple[bytes, bytes]:
    """Two commits whose names begin with the same seven digits."""
    seen: dict[bytes, bytes] = {}
    for second in range(1_000_000):
        body = f"tree {tree}\nauthor a <a> {second} +0000\ncommitter a <a> {second} +0000\n\nm\n".encode()
        digest = hashlib.sha1(b"commit %d\0" % len(body) + body).digest()
        beginning = digest[:3] + bytes([digest[3] >> 4])
        if beginning in seen:
            return seen[beginning], body
        seen[beginning] = body
    raise AssertionError("there are two")
