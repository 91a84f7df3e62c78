"""A large pack that git reads while it arrives: it ends as it would otherwise, and leaves as little."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest

from domain.errors import Unavailable
from domain.ports_git import PackCaps, PackRefused
from storage.git.quarantine import DiskQuarantine
from storage.git.store import DiskGitStore
from tests.storage.git.git_room import REPO, SMALL, Room
from tests.storage.git.packs import BLOB, Pack, Sample, copy, delta, oid, pack_of, tree

if TYPE_CHECKING:
    from pathlib import Path

SAMPLE = Sample()
MANY = [(BLOB, b"file %d\n" % number) for number in range(1_200)]
LARGE = pack_of(*MANY, *SAMPLE.objects)
PIECE_BYTES = 4_096


def take(quarantine: DiskQuarantine, pack: bytes, *tips: str) -> str:
    try:
        for start in range(0, len(pack), PIECE_BYTES):
            quarantine.feed(pack[start : start + PIECE_BYTES])
        quarantine.finish(tips)
    except BaseException:
        quarantine.discard()
        raise
    return quarantine.token


@pytest.mark.parametrize("piece", [1_000, 1 << 20])
def test_a_pack_that_is_read_as_it_comes_is_the_same_in_the_end(room: Room, tmp_path: Path, piece: int) -> None:
    quarantine = room.store.quarantine(REPO, hasty=True)
    for start in range(0, len(LARGE), piece):
        quarantine.feed(LARGE[start : start + piece])
    assert not list(room.path.glob("quarantine/*/incoming"))  # git has it
    assert quarantine.finish([SAMPLE.tip]) == {SAMPLE.tip: "commit"}
    room.store.publish(REPO, quarantine.token)
    other = DiskGitStore(tmp_path / "other", SMALL)
    other.create(REPO)
    plain = Room(other, other.path(REPO))
    plain.push(LARGE, SAMPLE.tip)
    assert room.listing() == plain.listing()
    assert room.store.has(REPO, oid(*MANY[-1]))


def test_of_what_is_scanned_git_gets_all_but_the_end_before_that_was_checked(room: Room) -> None:
    """Up to here a delta may lack its base: git resolves none before the checksum, which is kept back."""
    before = room.listing()
    quarantine = room.store.quarantine(REPO, hasty=True)
    quarantine.feed(LARGE[:-1])
    with pytest.raises(PackRefused, match="cut off"):
        quarantine.finish([])
    quarantine.discard()
    assert room.listing() == before


def _bad_end(pack: bytes) -> bytes:
    return pack[:-1] + bytes([pack[-1] ^ 1])


def _bomb() -> bytes:
    pack = Pack()
    at = 0
    for number in range(1_100):
        at = pack.add(BLOB, b"%05d" % number * 200)
    for _ in range(200):
        pack.add_ofs_delta(at, delta(1_000, 60_000, copy(0, 1_000) * 60))
    return pack.build()


@pytest.mark.parametrize(
    "pack",
    [
        _bad_end(LARGE),
        LARGE + b"x",
        LARGE[:5_000] + bytes(3_000) + LARGE[8_000:],
        _bomb(),
        pack_of(*MANY, (2, tree(("100644", "missing", "1" * 40)))),
        pack_of(*MANY, (2, b"no tree at all")),
    ],
    ids=["checksum", "more", "damage", "bomb", "a link to nothing", "syntax"],
)
def test_it_is_refused_for_the_same_and_nothing_is_left(room: Room, pack: bytes) -> None:
    before = room.listing()
    words: list[str] = []
    for hasty in (False, True):
        with pytest.raises(PackRefused) as fault:
            take(room.store.quarantine(REPO, hasty=hasty), pack)
        words.append(str(fault.value))
        assert room.listing() == before
    assert words[0] == words[1]


def test_calling_off_while_git_reads(room: Room, tmp_path: Path) -> None:
    """Whoever waits for git to read on gets free, and git ends."""
    fifo = tmp_path / "started"
    os.mkfifo(fifo)
    git = tmp_path / "git"
    git.write_text(f"#!/bin/sh\necho >{fifo}\nexec sleep 1000\n")
    git.chmod(0o755)
    before = room.listing()
    quarantine = DiskQuarantine(room.path, "0" * 32, PackCaps(), git=str(git), hasty=True)
    pack = pack_of(*MANY, *((BLOB, os.urandom(30_000)) for _ in range(70)))  # more than a pipe holds
    refused: list[str] = []

    def feed() -> None:
        try:
            take(quarantine, pack)
        except PackRefused as fault:
            refused.append(str(fault))

    thread = threading.Thread(target=feed)
    thread.start()
    fifo.read_text()
    quarantine.discard()
    thread.join()
    assert refused == ["the push was called off"]
    assert room.listing() == before


def test_git_that_ends_or_is_not_there(room: Room, tmp_path: Path) -> None:
    before = room.listing()
    store = DiskGitStore(tmp_path, SMALL, git=str(tmp_path / "no-such-git"))
    quarantine = store.quarantine(REPO, hasty=True)
    with pytest.raises(Unavailable, match="cannot run"):
        take(quarantine, LARGE, SAMPLE.tip)
    assert room.listing() == before
