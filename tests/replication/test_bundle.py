"""A bundle's bytes: as published, in order, whole, or not at all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from domain.canonical import encode
from replication.bundle.filing import BundleReader, BundleWriter
from replication.bundle.parts import VERSION, Bundle, BundleFault, Objects, Pack, Piece, Rows, Stream, decoded, encoded
from replication.frames import frame
from tests.replication import bundles
from tests.vectors import FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from replication.messages import Message

WRITTEN: dict[str, Any] = json.loads((FOLDER / "bundles.json").read_text())
WHOLE = bytes.fromhex(WRITTEN["bundle"])
OPENING = Bundle(version=VERSION, frontier=False)
FIRST, SECOND = (Stream(stream=bytes([n]) * 32, private=False, base=b"", heads=b"") for n in (1, 2))


def test_the_published_bundle_is_read_and_written_as_published() -> None:
    parts = bundles.read(WHOLE)
    assert [encoded(part).hex() for part in parts] == [row["body"] for row in WRITTEN["parts"]]
    assert b"".join(bytes.fromhex(row["frame"]) for row in WRITTEN["parts"]) == WHOLE[16:]
    assert bundles.written(parts[:-1]) == WHOLE
    reader = BundleReader()
    assert [part for byte in WHOLE for part in reader.feed(bytes([byte]))] == parts
    reader.close()
    assert reader.digest.hex() == WRITTEN["digest"]


def test_a_file_that_is_cut_or_changed_anywhere_is_refused() -> None:
    for end in range(0, len(WHOLE), 13):
        with pytest.raises(BundleFault):
            bundles.read(WHOLE[:end])
    for at in range(0, len(WHOLE), 7):
        changed = bytearray(WHOLE)
        changed[at] ^= 0x20
        with pytest.raises(BundleFault):
            bundles.read(bytes(changed))
    with pytest.raises(BundleFault, match="follows the end"):
        bundles.read(WHOLE + b"\0\0\0\0")


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([FIRST], "'stream' is out of place"),
        ([OPENING, OPENING], "'bundle' is out of place"),
        ([OPENING, FIRST, Pack(data=b"x")], "'pack' is out of place"),
        ([OPENING, FIRST, Piece(data=b"x")], "'piece' is out of place"),
        ([OPENING, SECOND, FIRST], "streams are out of order"),
        ([OPENING, FIRST, FIRST], "streams are out of order"),
        ([OPENING, Stream(stream=b"s" * 32, private=False, base=b"", heads=bytes(64))], "ids is cut, or out of order"),
        ([OPENING, FIRST, Objects(haves=b"", tips=bytes(19))], "ids is cut, or out of order"),
        ([Bundle(version=2, frontier=False)], "is of version 2"),
        ([Bundle(version=VERSION, frontier=True), FIRST, Rows(rows=[(b"", bytes(64), None)])], "has no events"),
    ],
    ids=str,
)
def test_parts_that_are_out_of_order_are_refused(parts: list[Message], words: str) -> None:
    with pytest.raises(BundleFault, match=words):
        bundles.read(bundles.written(parts))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"\xff", "not in canonical form"),
        (encode({"t": "other"}), "no part 'other'"),
        (encode([1]), "no part"),
        (encode({"t": "end", "digest": b"short"}), "out of form"),
        (encode({"t": "pack", "data": bytes((1 << 20) + 1)}), "out of form"),
        (encode({"t": "rows", "rows": []}), "out of form"),
    ],
    ids=range(6),
)
def test_a_part_has_one_form(body: bytes, words: str) -> None:
    with pytest.raises(BundleFault, match=words):
        decoded(body)


def test_a_frame_that_comes_twice_or_is_too_long_is_refused() -> None:
    first = BundleWriter().put(OPENING)
    with pytest.raises(BundleFault, match="frame 1 is not what it says"):
        _feed([first, frame(0, encoded(OPENING))])
    with pytest.raises(BundleFault, match="frame of 4,294,967,295 bytes"):
        _feed([first, b"\xff" * 4])


def _feed(pieces: Iterable[bytes]) -> None:
    reader = BundleReader()
    for piece in pieces:
        list(reader.feed(piece))
