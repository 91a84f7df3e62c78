"""The scan sees the same in a pack however it is cut, and agrees with what git packs."""

from __future__ import annotations

import random
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.ports_git import PackCaps, PackRefused
from storage.git.packscan import PackScan, human_bytes
from tests.storage.git.packs import BLOB, Pack, Sample, copy, delta, insert, oid, zeros_bomb

if TYPE_CHECKING:
    from pathlib import Path


def scan(pack: bytes, *, step: int | None = None, caps: PackCaps | None = None) -> PackScan:
    scanned = PackScan(caps or PackCaps())
    for at in range(0, len(pack), step or len(pack)):
        scanned.feed(pack[at : at + (step or len(pack))])
    scanned.finish()
    return scanned


def with_deltas() -> bytes:
    noise = random.Random(1).randbytes(300_000)
    pack = Pack()
    base = pack.add(BLOB, noise)
    middle = pack.add_ofs_delta(base, delta(300_000, 10_001, copy(0, 10_000), insert(b"x")))
    pack.add(BLOB, b"")
    pack.add_ofs_delta(middle, delta(10_001, 3, copy(9_998, 3)))
    pack.add_ref_delta(oid(BLOB, b""), delta(0, 5, insert(b"hello")))
    return pack.build()


@pytest.mark.slow
@pytest.mark.parametrize("step", [None, 1, 2, 7, 1_000, 65_536])
def test_any_cut_shows_the_same(step: int | None) -> None:
    entries = scan(with_deltas(), step=step).entries
    assert list(entries.sizes) == [300_000, 10_001, 0, 3, 5]
    assert list(entries.depths) == [0, 1, 0, 2, 1]
    assert list(entries.bases) == [-1, 0, -1, 1, -1]
    assert list(entries.ref_entries) == [4]
    assert bytes(entries.ref_bases).hex() == oid(BLOB, b"")


def test_the_defaults_stop_the_two_gibibyte_bomb() -> None:
    bomb = zeros_bomb(2 << 30)
    assert len(bomb) < 965
    with pytest.raises(PackRefused, match="the limit for one object is 256 MiB"):
        scan(bomb)


def test_the_sum_is_what_the_deltas_resolve_to() -> None:
    sizes = 300_000 + 10_001 + 3 + 5
    scan(with_deltas(), caps=PackCaps(resolved_bytes_max=sizes))
    with pytest.raises(PackRefused, match="resolves to more than"):
        scan(with_deltas(), caps=PackCaps(resolved_bytes_max=sizes - 1))


def test_the_depth_that_may_just_be() -> None:
    scan(with_deltas(), caps=PackCaps(delta_depth_max=2))
    with pytest.raises(PackRefused, match="a chain of deltas is longer than 1"):
        scan(with_deltas(), caps=PackCaps(delta_depth_max=1))


def test_bytes_after_the_checksum_in_a_later_piece() -> None:
    scanned = PackScan(PackCaps())
    scanned.feed(Sample().pack)
    with pytest.raises(PackRefused, match="behind the end"):
        scanned.feed(b"x")


@pytest.mark.slow
def test_a_pack_that_git_made(tmp_path: Path) -> None:
    """Against `git verify-pack`: the same offsets, sizes of what deltas resolve to, and depths."""

    def git(*words: str, data: bytes = b"") -> bytes:
        return subprocess.run(["git", *words], cwd=tmp_path, input=data, capture_output=True, check=True).stdout

    git("init", "--quiet", "--bare")
    text = [f"{number} {random.Random(number).random()}\n" for number in range(500)]
    oids = b""
    for number in range(40):
        text[number] = f"changed {number}\n"
        oids += git("hash-object", "-w", "--stdin", data="".join(text).encode())
    pack = git("pack-objects", "--stdout", "--delta-base-offset", "--window=50", data=oids)
    scanned = scan(pack, step=4096)
    (tmp_path / "x.pack").write_bytes(pack)
    git("index-pack", "x.pack")
    expected: dict[int, tuple[int, int]] = {}
    for line in git("verify-pack", "-v", "x.pack").decode().splitlines():
        words = line.split()
        if len(words) >= 5 and len(words[0]) == 40:
            size = int(git("cat-file", "-s", words[0]))
            expected[int(words[4])] = (size, int(words[5]) if len(words) > 5 else 0)
    entries = scanned.entries
    seen = zip(entries.sizes, entries.depths, strict=True)
    assert dict(zip(entries.offsets, seen, strict=True)) == expected
    assert max(entries.depths) > 1


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 bytes"), (1536, "1.5 KiB"), (256 << 20, "256 MiB"), (8 << 30, "8 GiB")]
)
def test_sizes_as_people_write_them(count: int, text: str) -> None:
    assert human_bytes(count) == text


def outcome(pack: bytes, step: int, caps: PackCaps) -> object:
    """What a scan says of a pack that comes in pieces of that size."""
    scanned = PackScan(caps)
    try:
        for at in range(0, len(pack), step):
            scanned.feed(pack[at : at + step])
        scanned.finish()
    except PackRefused as refused:
        return str(refused)
    entries = scanned.entries
    return list(entries.offsets), list(entries.sizes), list(entries.depths), list(entries.bases)


SMALL = Pack()
_FIRST = SMALL.add(BLOB, bytes(range(200)))
SMALL.add(BLOB, b"")
_SECOND = SMALL.add_ofs_delta(_FIRST, delta(200, 120, copy(0, 100), insert(b"x" * 20)))
SMALL.add_ofs_delta(_SECOND, delta(120, 3, copy(9, 3)))
SMALL.add_ref_delta(oid(BLOB, b""), delta(0, 5, insert(b"hello")))
SMALL.add(BLOB, bytes(range(250)))
PACK = SMALL.build()


@given(
    st.lists(st.tuples(st.integers(0, len(PACK) - 1), st.integers(0, 255)), max_size=2),
    st.sampled_from([PackCaps(), PackCaps(delta_depth_max=1), PackCaps(object_bytes_max=199)]),
    st.integers(0, 800),
)
def test_the_short_way_through_a_pack_ends_as_the_long_one(
    faults: list[tuple[int, int]], caps: PackCaps, resolved_bytes_max: int
) -> None:
    """Byte by byte no object ever lies there whole, so each is taken in steps."""
    damaged = bytearray(PACK)
    for at, byte in faults:
        damaged[at] = byte
    caps = replace(caps, resolved_bytes_max=resolved_bytes_max)
    assert outcome(bytes(damaged), len(PACK), caps) == outcome(bytes(damaged), 1, caps)
