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
import time
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Final, NamedTuple, final

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SETS: Final = 16_384
_WAYS: Final = 4
_WORDS: Final = 2
"""Of eight bytes each, to a bucket: whose it is (a hash), and when it will be full."""
TABLE_BYTES: Final = SETS * _WAYS * _WORDS * 8
_GRAIN_S: Final = 1e-7
"""What sums of fractions may be off by."""


class Rate(NamedTuple):
    """So many requests a second in the long run, and so many at once."""

    per_s: float
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
    """The table."""

    def __init__(
        self, table: bytearray | mmap.mmap, secret: bytes, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        """`table` has `TABLE_BYTES` and may be shared; by `secret`, nobody can choose with whom to share a set."""
        view = memoryview(table)
        self._names = view.cast("Q")
        self._times = view.cast("d")
        secret = hashlib.blake2b(secret, digest_size=32).digest()
        self._name_of = lru_cache(maxsize=4_096)(partial(_hash, secret))
        self._now = now

    @classmethod
    def in_memory(cls, secret: bytes = b"", *, now: Callable[[], float] = time.monotonic) -> Buckets:
        """A table of this process alone."""
        return cls(bytearray(TABLE_BYTES), secret, now=now)

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
        name = self._name_of(who)
        place = self._place(name)
        now = self._now()
        cost = 1 / rate.per_s
        capacity = rate.burst * cost
        ahead = self._times[place + 1] - now if self._names[place] == name else 0.0
        # What is further away than an empty bucket was written before the machine started last, or at another rate.
        if not 0 < ahead <= capacity + _GRAIN_S:
            ahead = 0.0
        if ahead > capacity - cost + _GRAIN_S:
            return Taken(ok=False, left=0, full_after_s=ahead, again_after_s=ahead - (capacity - cost))
        ahead += cost
        self._names[place] = name
        self._times[place + 1] = now + ahead
        return Taken(ok=True, left=int((capacity - ahead + _GRAIN_S) / cost), full_after_s=ahead, again_after_s=0.0)

    def has(self, who: str, rate: Rate) -> bool:
        """Whether there is one left to take."""
        name = self._name_of(who)
        place = self._place(name)
        ahead = self._times[place + 1] - self._now() if self._names[place] == name else 0.0
        capacity = rate.burst / rate.per_s
        return not capacity - 1 / rate.per_s + _GRAIN_S < ahead <= capacity + _GRAIN_S

    def give_back(self, who: str, rate: Rate) -> None:
        """Put one back that was taken at this rate."""
        name = self._name_of(who)
        place = self._place(name)
        if self._names[place] == name:
            self._times[place + 1] -= 1 / rate.per_s

    def fill(self, who: str) -> None:
        """Make somebody's bucket full."""
        name = self._name_of(who)
        place = self._place(name)
        if self._names[place] == name:
            self._times[place + 1] = 0.0

    def _place(self, name: int) -> int:
        """Where a bucket is, or where it is to be: in place of the one of its set that is nearest to being full."""
        begin = name % SETS * _WAYS * _WORDS
        names, times = self._names, self._times
        best = begin
        for place in range(begin, begin + _WAYS * _WORDS, _WORDS):
            if names[place] == name:
                return place
            if times[place + 1] < times[best + 1]:
                best = place
        return best


def _hash(secret: bytes, who: str) -> int:
    """Never 0, which is what an empty place holds."""
    return int.from_bytes(hashlib.blake2b(who.encode(), digest_size=8, key=secret).digest(), "big") or 1
