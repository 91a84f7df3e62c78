"""What every store of blobs promises."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from domain.errors import NotFound, TooLarge

if TYPE_CHECKING:
    from domain.ports_blobs import Blobs

NOWHERE = b"\x07" * 32
LATER_MS = 1 << 62


class BlobsContract:
    """Subclasses have a fixture `blobs` with an empty store."""

    def test_what_is_stored_is_read_back_under_its_hash(self, blobs: Blobs) -> None:
        draft = blobs.draft(100)
        for chunk in (b"dust ", b"", b"on the shelf"):
            draft.feed(chunk)
        kept = draft.finish()
        draft.discard()
        data = b"dust on the shelf"
        assert kept.name == hashlib.sha256(data).digest()
        assert kept.size == blobs.size(kept.name) == len(data)
        with blobs.open(kept.name) as file:
            assert file.read() == data
            assert file.seek(5) == 5
            assert file.read(2) == b"on"
        assert blobs.is_sound(kept.name)
        assert [(each.name, each.size) for each in blobs.kept()] == [(kept.name, len(data))]

    def test_the_same_bytes_twice_are_one_blob(self, blobs: Blobs) -> None:
        names = set[bytes]()
        for _ in range(2):
            draft = blobs.draft(4)
            draft.feed(b"dust")
            names.add(draft.finish().name)
        assert len(names) == len(list(blobs.kept())) == 1

    def test_a_draft_holds_no_more_than_it_may_and_cannot_be_seen(self, blobs: Blobs) -> None:
        draft = blobs.draft(4)
        draft.feed(b"dust")
        with pytest.raises(TooLarge, match="at most 4 bytes"):
            draft.feed(b"!")
        draft.discard()
        draft.discard()
        assert blobs.size(hashlib.sha256(b"dust").digest()) is None
        assert list(blobs.kept()) == []
        assert blobs.sweep(LATER_MS) == 0

    def test_what_nobody_finished_is_swept(self, blobs: Blobs) -> None:
        draft = blobs.draft(4)
        draft.feed(b"dust")
        assert blobs.sweep(0) == 0
        assert blobs.sweep(LATER_MS) == 1
        draft.discard()

    def test_what_is_removed_is_gone(self, blobs: Blobs) -> None:
        draft = blobs.draft(4)
        draft.feed(b"dust")
        name = draft.finish().name
        for _ in range(2):
            blobs.remove(name)
        assert blobs.size(name) is None
        for missing in (name, NOWHERE):
            with pytest.raises(NotFound):
                blobs.open(missing)
