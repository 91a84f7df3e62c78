"""A file of a repository that is cut off, overwritten or gone is damage, and not a question about nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.errors import Damaged, NotFound
from storage.git.reader import DulwichReader
from tests.storage.git.stock import StockRepo, stock_repo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def repo(tmp_path: Path) -> StockRepo:
    repo = stock_repo(tmp_path)
    tip = repo.commit_files({"a": b"".join(b"line %d\n" % number for number in range(500))})
    for number in range(5):
        lines = b"".join(b"line %d\n" % at for at in range(number, 500 + 7 * number))
        tip = repo.commit_files({"a": lines}, tip)
    repo.git("update-ref", "refs/heads/main", tip)
    return repo


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[DulwichReader]:
    reader = DulwichReader(tmp_path)
    yield reader
    reader.close()


def zeros(data: bytes) -> bytes:
    return data[:12] + bytes(len(data) - 12)


def half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def nothing(_: bytes) -> bytes:
    return b""


@pytest.mark.parametrize("which", ["pack", "idx", "loose"])
@pytest.mark.parametrize("harm", [zeros, half, nothing, None])
def test_whatever_harm_is_done_is_named(
    repo: StockRepo, reader: DulwichReader, which: str, harm: Callable[[bytes], bytes] | None
) -> None:
    if which != "loose":
        repo.git("repack", "-adq")
    files = repo.path.glob("objects/??/*" if which == "loose" else f"objects/pack/*.{which}")
    for file in list(files):
        data = file.read_bytes()
        file.unlink()
        if harm is not None:
            file.write_bytes(harm(data))
    tip = repo.path.joinpath("refs/heads/main").read_text().strip()
    for ask in (reader.blob, reader.tree, reader.blame, reader.last_commits):
        with pytest.raises(Damaged, match=f"object {tip}.* in repository {repo.id.hex()}") as caught:
            ask(repo.id, "main", "a")
        assert "doctor" in caught.value.hint
    with pytest.raises(NotFound if harm is None else (NotFound, Damaged)):
        reader.object(repo.id, "1" * 40)
    assert reader._pool.idle_count() <= 1


def test_a_missing_object_that_others_name_is_damage(repo: StockRepo, reader: DulwichReader) -> None:
    blob = repo.line("rev-parse", "main:a")
    parent = repo.line("rev-parse", "main~2")
    for oid in (blob, parent):
        repo.path.joinpath("objects", oid[:2], oid[2:]).unlink()
    assert reader.commit(repo.id, "main").parents
    for ask in (reader.blob, reader.tree, reader.entry, reader.blame):
        with pytest.raises(Damaged, match=f"{blob}, which others name, is missing"):
            ask(repo.id, "main", "a" if ask != reader.tree else "")
    with pytest.raises(Damaged, match=parent):
        reader.commits(repo.id, "main")
    for oid in (blob, parent):  # who asks for it by name may be wrong about it
        with pytest.raises(NotFound):
            reader.object(repo.id, oid)
        with pytest.raises(NotFound):
            reader.object_size(repo.id, oid)
        with pytest.raises(NotFound):
            reader.commit(repo.id, oid)


def test_after_the_damage_is_mended_it_reads_on(repo: StockRepo, reader: DulwichReader) -> None:
    repo.git("repack", "-adq")
    (pack,) = repo.path.glob("objects/pack/*.pack")
    whole = pack.read_bytes()
    pack.chmod(0o600)
    pack.write_bytes(half(whole))
    with pytest.raises(Damaged):
        reader.commits(repo.id, "main")
    pack.write_bytes(whole)
    assert len(reader.commits(repo.id, "main")) == 6
