"""What differs between versions of a file that are compared in turn: what is the same in both is not split again."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, final

import numpy as np

from storage.git.diff.hunks import numbered_edits
from storage.git.engine.segment import ints

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from storage.git.diff.hunks import Edit
    from storage.git.diff.lines import Budget

_TAIL_BLOCK_BYTES = 1_024
_STEP_BYTES = 4_096


class _Version(NamedTuple):
    """A blob, and a number for each of its lines."""

    data: bytes
    numbers: NDArray[np.int32]


@final
class Versions:
    """Versions of files; the two compared last are kept. For one thread."""

    def __init__(self, read: Callable[[bytes], bytes], lines_max: int) -> None:
        """`read` gives a blob by its id; so many different lines are remembered."""
        self._read = read
        self._lines_max = lines_max
        self._numbers: dict[bytes, int] = {}
        self._texts: list[bytes] = []
        self._kept: dict[bytes, _Version] = {}
        self.bytes_read = 0

    def edits(self, old: bytes, new: bytes, budget: Budget) -> list[Edit]:
        """What differs between two blobs, as git compares them for blame."""
        if len(self._texts) > self._lines_max:
            self._numbers, self._texts, self._kept = {}, [], {}
        after = self._version(new, next(iter(self._kept.values()), None))
        before = self._version(old, after)
        self._kept = {new: after, old: before}
        tail = _common_tail_lines(before.data, after.data)
        a, b = (version.numbers[: len(version.numbers) - tail] for version in (before, after))
        return numbered_edits(_Texts(self._texts, a), _Texts(self._texts, b), a, b, budget)

    def _version(self, oid: bytes, near: _Version | None) -> _Version:
        """A blob with its lines numbered; those before and behind what differs from a near version are as there."""
        found = self._kept.get(oid)
        if found is None:
            data = self._read(oid)
            self.bytes_read += len(data)
            found = _Version(data, self._numbered(data, near or _NOTHING))
        return found

    def _numbered(self, data: bytes, near: _Version) -> NDArray[np.int32]:
        start = data.rfind(b"\n", 0, _same_start(data, near.data)) + 1
        above = data.count(b"\n", 0, start)
        same = min(_same_end(data, near.data), len(data) - start, len(near.data) - start)
        feed = data.find(b"\n", len(data) - same) if same else -1
        end = feed + 1 if feed >= 0 else len(data)
        below = data.count(b"\n", end) + (end < len(data) and not data.endswith(b"\n"))
        return np.concatenate(
            [near.numbers[:above], self._looked_up(data[start:end]), near.numbers[len(near.numbers) - below :]]
        )

    def _looked_up(self, data: bytes) -> NDArray[np.int32]:
        lines = data.split(b"\n")
        last = lines.pop()
        if last:
            lines.append(last + b"\n")  # as no line is called that ends
        found = list(map(self._numbers.get, lines))
        if None in found:
            for line in [line for line, number in zip(lines, found, strict=True) if number is None]:
                if self._numbers.setdefault(line, len(self._texts)) == len(self._texts):
                    self._texts.append(line)
            found = list(map(self._numbers.get, lines))
        return np.array(found, np.int32)


_NOTHING = _Version(b"", np.empty(0, np.int32))


@final
class _Texts:
    """The lines of a version, or its first ones."""

    def __init__(self, texts: Sequence[bytes], numbers: NDArray[np.int32]) -> None:
        self._texts = texts
        self._numbers: memoryview[int] = ints(numbers)

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, at: int, /) -> bytes:
        return self._texts[self._numbers[at]]


def _same_start(a: bytes, b: bytes) -> int:
    """How many bytes both begin with."""
    low, most = 0, min(len(a), len(b))
    while low + _STEP_BYTES <= most and a[low : low + _STEP_BYTES] == b[low : low + _STEP_BYTES]:
        low += _STEP_BYTES
    high = min(most, low + _STEP_BYTES)
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _same_end(a: bytes, b: bytes) -> int:
    """How many bytes both end with."""
    low, most = 0, min(len(a), len(b))
    x, y = len(a), len(b)
    while low + _STEP_BYTES <= most and a[x - low - _STEP_BYTES : x - low] == b[y - low - _STEP_BYTES : y - low]:
        low += _STEP_BYTES
    high = min(most, low + _STEP_BYTES)
    while low < high:
        middle = (low + high + 1) // 2
        if a[x - middle : x - low] == b[y - middle : y - low]:
            low = middle
        else:
            high = middle - 1
    return low


def _common_tail_lines(a: bytes, b: bytes) -> int:
    """How many lines at the end git sets aside before it compares: whole blocks that are the same, less one line.

    What is set aside cannot be slid into, so it decides where a block of changed lines comes to stand.
    """
    trimmed = _same_end(a, b) // _TAIL_BLOCK_BYTES * _TAIL_BLOCK_BYTES
    start = a.find(b"\n", len(a) - trimmed) + 1 if trimmed else 0
    return a.count(b"\n", start) + (not a.endswith(b"\n")) if start else 0
