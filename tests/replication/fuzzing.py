"""Throwing bytes at a core: `python -m tests.replication.fuzzing --seconds 60`. What breaks it goes into the corpus.

Where Atheris is installed, it chooses the bytes (`guided.py`); else they are changed by chance.

A seed is one message in its body's bytes. It is thrown as the next frame of an open link, with a good number and check
unless the frame itself is what is spoiled.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from replication.frames import frame
from replication.limits import FRAME_BYTES_MAX, Limits
from tests.making import Story
from tests.replication.fake import Fake
from tests.replication.samples import samples

if TYPE_CHECKING:
    from collections.abc import Sequence

CORPUS = Path(__file__).parent / "corpus"
LIMITS = Limits(pending_events=50, pending_per_peer=40, pending_per_device=30, seen_ids=100)
_FIX = b"\x01"


@cache
def _story() -> Story:
    made = Story()
    for number in range(8):
        made.issue(["root", "alice"][number % 2])
    return made


@cache
def seeds() -> list[bytes]:
    """Every message once, marked to get a good frame."""
    fake = Fake(_story().events[:4], _story().genesis.stream)
    fake.hello()
    return [_FIX + body for body in samples(fake.tag, _story().events).values()]


def mutated(seed: bytes, where: int, what: int, *, fix: bool) -> bytes:
    """A seed with one byte changed; without `fix` its frame is spoiled with it."""
    body = bytearray(seed[1:])
    if body:
        body[where % len(body)] = what
    return (_FIX if fix else b"\x00") + bytes(body)


def throw(data: bytes, piece: int) -> None:
    """Have a core receive `data` in pieces, on a new link and on an open one. Whatever is wrong raises."""
    fresh = Fake(_story().events[:4], _story().genesis.stream, LIMITS)
    _pieces(fresh, data, piece)
    opened = Fake(_story().events[:4], _story().genesis.stream, LIMITS)
    opened.hello()
    good = data[:1] == _FIX
    _pieces(opened, frame(2, data[1:]) if good else data, piece)
    for fake in (fresh, opened):
        sizes = fake.core.sizes()
        assert sizes.pending_events <= LIMITS.pending_events
        assert sizes.pending_bytes <= LIMITS.pending_bytes
        assert sizes.storing_bytes <= LIMITS.storing_bytes
        assert sizes.seen_ids <= LIMITS.seen_ids
        assert sizes.serving <= LIMITS.wants_served
        assert len(fake.heard) < 100


def _pieces(fake: Fake, data: bytes, piece: int) -> None:
    assert len(data) <= FRAME_BYTES_MAX
    for start in range(0, len(data), piece):
        fake.raw(data[start : start + piece])


def main(argv: Sequence[str]) -> int:
    """Mutate for so long; a case that breaks something is written into the corpus, and its name is printed."""
    parser = argparse.ArgumentParser(prog="tests.replication.fuzzing", description=main.__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plain", action="store_true", help="do not use Atheris, though it is installed")
    options = parser.parse_args(argv)
    if importlib.util.find_spec("atheris") is not None and not options.plain:
        return _guided(options.seconds, options.seed)
    rng, pool, thrown = Random(options.seed), [*seeds()], 0
    pool += [path.read_bytes() for path in CORPUS.glob("*.bin")]
    print(f"seed {options.seed}")
    end = time.monotonic() + options.seconds
    while time.monotonic() < end:
        case = rng.choice(pool)
        for _ in range(rng.randrange(1, 6)):
            case = mutated(case, rng.randrange(1 << 16), rng.randrange(256), fix=rng.random() < 0.9)
        if rng.random() < 0.2:
            case = case[: rng.randrange(1, len(case) + 1)] + rng.randbytes(rng.randrange(8))
        try:
            throw(case, rng.choice([1, 5, 1 << 20]))
        except Exception as fault:  # noqa: BLE001 — whatever it is, it is what we look for
            path = CORPUS / f"{hashlib.sha256(case).hexdigest()[:12]}.bin"
            path.write_bytes(case)
            print(f"{type(fault).__name__}: {fault}\n{path}")
            return 1
        thrown += 1
    print(f"{thrown:,} cases in {options.seconds:g} s, nothing broke")
    return 0


def _guided(seconds: float, seed: int) -> int:
    """In a process whose imports Atheris changes."""
    with tempfile.TemporaryDirectory(prefix="gitant-fuzz-") as folder:
        words = [sys.executable, "-m", "tests.replication.guided", folder, str(int(seconds)), str(seed)]
        return subprocess.run(words, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
