"""How often somebody may ask: token buckets in a table of fixed size that the workers of a node share.

A bucket is one number, the time at which it will be full again (the generic cell rate algorithm), so it needs no clock
that ticks and no lock: two workers that write the same bucket at once lose one count between them. Buckets stand in
sets of four; where a fifth is wanted, the one that is nearest to being full makes room. So nothing a stranger does
makes the table grow, and what it forgets it forgets in the asker's favour.
"""

from __future__ import annotations

import hashlib
import math
import mmap
import os
import struct
import time
from typing import TYPE_CHECKING, Final, NamedTuple, final

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SETS: Final = 16_384
_WAYS: Final = 4
_SET: Final = struct.Struct("=" + "Qd" * _WAYS)
_BUCKET: Final = struct.Struct("=Qd")
TABLE_BYTES: Final = SETS * _SET.size
_GRAIN_S: Final = 1e-7
"""What sums of fractions may be off by."""


class Rate(NamedTuple):
    """So many requests a second in the long run, and so many at once."""

    per_s: int
    burst: int

    @property
    def window_s(self) -> int:
        """How long an empty bucket takes to be full."""
        return math.ceil(self.burst / self.per_s)


class Taken(NamedTuple):
    """What became of a try to take one: whether there was one, how many are left, and when there are more."""

    ok: bool
    left: int
    full_after_s: float
    again_after_s: float


@final
class Buckets:
    """The table. `take` is all anybody does with it."""

    def __init__(
        self, table: memoryview | mmap.mmap, secret: bytes, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        """`table` has `TABLE_BYTES` and may be shared; by `secret`, nobody can choose with whom to share a set."""
        self._table = table
        self._secret = hashlib.blake2b(secret, digest_size=32).digest()
        self._now = now

    @classmethod
    def in_memory(cls, secret: bytes = b"", *, now: Callable[[], float] = time.monotonic) -> Buckets:
        """A table of this process alone."""
        return cls(memoryview(bytearray(TABLE_BYTES)), secret, now=now)

    @classmethod
    def shared(cls, path: Path, secret: bytes) -> Buckets:
        """The table in the file at `path`, which is made if it is not there."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(descriptor, TABLE_BYTES)
            return cls(mmap.mmap(descriptor, TABLE_BYTES), secret)
        finally:
            os.close(descriptor)

    def take(self, who: str, rate: Rate) -> Taken:
        """Take one from somebody's bucket."""
        name = int.from_bytes(hashlib.blake2b(who.encode(), digest_size=8, key=self._secret).digest(), "big") or 1
        offset = name % SETS * _SET.size
        fields = _SET.unpack_from(self._table, offset)
        now = self._now()
        way, full_at = _find(fields, name)
        cost = 1 / rate.per_s
        capacity = rate.burst * cost
        # What is further away than an empty bucket was written before the machine started last, or at another rate.
        ahead = full_at - now if 0 < full_at - now <= capacity + _GRAIN_S else 0.0
        if ahead > capacity - cost + _GRAIN_S:
            return Taken(ok=False, left=0, full_after_s=ahead, again_after_s=ahead - (capacity - cost))
        ahead += cost
        _BUCKET.pack_into(self._table, offset + way * _BUCKET.size, name, now + ahead)
        return Taken(ok=True, left=int((capacity - ahead + _GRAIN_S) / cost), full_after_s=ahead, again_after_s=0.0)


def _find(fields: tuple[int | float, ...], name: int) -> tuple[int, float]:
    """In which place of a set a bucket is, or may be, and when it will be full."""
    best, earliest = 0, math.inf
    for way in range(_WAYS):
        if fields[2 * way] == name:
            return way, fields[2 * way + 1]
        if fields[2 * way + 1] < earliest:
            best, earliest = way, fields[2 * way + 1]
    return best, 0.0
