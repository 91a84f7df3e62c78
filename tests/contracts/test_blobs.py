"""The stores of blobs keep their promises, on disk and in memory; on disk, whatever happens to the files."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from domain.errors import Unavailable
from storage.blobs import DiskBlobs, blob_path
from storage.blobs_memory import MemoryBlobs
from tests.contracts.blobs import BlobsContract

if TYPE_CHECKING:
    from pathlib import Path


class TestMemoryBlobs(BlobsContract):
    @pytest.fixture
    def blobs(self) -> MemoryBlobs:
        return MemoryBlobs()


class TestDiskBlobs(BlobsContract):
    @pytest.fixture
    def blobs(self, tmp_path: Path) -> DiskBlobs:
        return DiskBlobs(tmp_path / "blobs")


def stored(blobs: DiskBlobs, data: bytes) -> bytes:
    draft = blobs.draft(len(data))
    draft.feed(data)
    return draft.finish().name


def test_a_damaged_blob_is_found_out_and_mended_by_the_same_bytes(tmp_path: Path) -> None:
    blobs = DiskBlobs(tmp_path)
    name = stored(blobs, b"dust")
    path = blob_path(tmp_path, name)
    path.chmod(0o600)
    path.write_bytes(b"rust")
    assert not blobs.is_sound(name)
    assert stored(blobs, b"dust") == name
    assert blobs.is_sound(name)
    assert path.stat().st_mode & 0o777 == 0o400


def test_strange_files_are_no_blobs(tmp_path: Path) -> None:
    blobs = DiskBlobs(tmp_path)
    name = stored(blobs, b"dust")
    (tmp_path / "ab").mkdir(exist_ok=True)
    for strange in ("readme", "ab/short", "ab/" + "G" * 62, "zz"):
        (tmp_path / strange).write_bytes(b"")
    assert [each.name for each in blobs.kept()] == [name]


def test_two_drafts_of_the_same_bytes_at_once(tmp_path: Path) -> None:
    blobs = DiskBlobs(tmp_path)
    first, second = blobs.draft(4), blobs.draft(4)
    first.feed(b"dust")
    second.feed(b"dust")
    assert first.finish().name == second.finish().name == hashlib.sha256(b"dust").digest()


def test_a_draft_that_was_swept_away_says_so(tmp_path: Path) -> None:
    blobs = DiskBlobs(tmp_path)
    draft = blobs.draft(4)
    draft.feed(b"dust")
    assert blobs.sweep(1 << 62) == 1
    with pytest.raises(Unavailable, match="could not be stored"):
        draft.finish()
    draft.discard()
