"""Which lines changed: Myers' O(ND) algorithm in linear space, bounded.

Three things keep it fast and make it agree with git. Lines found on one side only are set aside first, and so are
very common lines in the midst of such. Where two boxes of lines have little in common, the search settles for a
good place to split instead of the best one. And all of it draws on a budget of steps: when that is spent, what
is left of the file counts as replaced, which is a correct diff, only not a small one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_COMMON_MAX = 1_024
_FEW_LINES = 64
_SPARSE = 16
"""So many times more numbers than lines, and it is quicker to look numbers up than to count all of them."""
_NEARBY_LINES = 100
_COST_MIN = 256
_LONG_SNAKE = 20
_FAR_FOR_ITS_COST = 4
_FAR = 1 << 60


class Split(NamedTuple):
    """A point to cut a box at, and whether what is before and after it must be solved exactly."""

    a: int
    b: int
    exact_before: bool
    exact_after: bool


@final
class Budget:
    """Steps left to spend."""

    def __init__(self, steps: int) -> None:
        self.steps = steps


def changed_lines(
    a: Sequence[int] | NDArray[np.int32], b: Sequence[int] | NDArray[np.int32], budget: Budget
) -> tuple[bytearray, bytearray]:
    """For each line (a small number that stands for its text) of either side a 1 if it changed."""
    sides = np.asarray(a, np.int32), np.asarray(b, np.int32)
    start, ends = _trimmed(*sides)
    flags = np.zeros(len(a), np.uint8), np.zeros(len(b), np.uint8)
    if _is_replaced(*(side[start:end] for side, end in zip(sides, ends, strict=True))):
        for flag, end in zip(flags, ends, strict=True):
            flag[start:end] = 1
        return bytearray(flags[0]), bytearray(flags[1])
    kept = [
        _kept(side, start, end, other, flag)
        for side, end, other, flag in zip(sides, ends, reversed(sides), flags, strict=True)
    ]
    left, right = (side[places].tolist() for side, places in zip(sides, kept, strict=True))
    search = _Search(left, right, budget)
    for flag, places, changed in zip(flags, kept, search.changed, strict=True):
        flag[places] = np.frombuffer(changed, np.uint8)
    return bytearray(flags[0]), bytearray(flags[1])


def _trimmed(a: NDArray[np.int32], b: NDArray[np.int32]) -> tuple[int, tuple[int, int]]:
    """Where the common beginning ends, and where on each side the common end begins."""
    least = min(len(a), len(b))
    start = _first(a[:least] != b[:least])
    left = least - start
    tail = _first(a[len(a) - left :][::-1] != b[len(b) - left :][::-1])
    return start, (len(a) - tail, len(b) - tail)


def _is_replaced(a: NDArray[np.int32], b: NDArray[np.int32]) -> bool:
    """Whether one has plainly nothing of the other, as where somebody edits a line: so most versions differ."""
    if not len(a) or not len(b):
        return True
    return max(len(a), len(b)) <= _FEW_LINES and set(a.tolist()).isdisjoint(b.tolist())


def _first(differ: NDArray[np.bool_]) -> int:
    """The place of the first that is true; the length where none is."""
    at = int(differ.argmax()) if len(differ) else 0
    return at if len(differ) and differ[at] else len(differ)


def _kept(
    lines: NDArray[np.int32], start: int, end: int, other: NDArray[np.int32], flags: NDArray[np.uint8]
) -> NDArray[np.int64]:
    """The places between `start` and `end` worth searching; the others are flagged as changed."""
    if start == end:
        return np.empty(0, np.int64)
    common = min(_rough_root(len(lines)), _COMMON_MAX)
    here = lines[start:end]
    counts = _counts(here, other)
    # 0: not on the other side; 1: there; 2: there often
    classes = np.where(counts == 0, 0, np.where(counts >= common, 2, 1)).astype(np.uint8)
    drop = classes == 0
    unmatched, frequent = np.flatnonzero(drop), np.flatnonzero(classes == 2)
    if len(unmatched) and len(frequent):
        told = bytearray(classes)
        for at in _between(frequent, unmatched).tolist():
            drop[at] = _is_noise(told, at)
    flags[start:end][drop] = 1
    return np.flatnonzero(~drop) + start


def _counts(here: NDArray[np.int32], other: NDArray[np.int32]) -> NDArray[np.int64]:
    """How often the other side has each of some lines."""
    most = int(here.max()) + 1
    if max(most, int(other.max(initial=0))) <= _SPARSE * (len(here) + len(other)):
        return np.bincount(other, minlength=most)[here]
    ordered = np.sort(other)  # of a long history, in which there were thousands of other lines
    return np.searchsorted(ordered, here, "right") - np.searchsorted(ordered, here, "left")


def _between(places: NDArray[np.int64], marks: NDArray[np.int64]) -> NDArray[np.int64]:
    """Those of `places`, none of which is a mark, that have one near on both sides."""
    behind = np.searchsorted(marks, places)
    above, below = marks[np.maximum(behind - 1, 0)], marks[np.minimum(behind, len(marks) - 1)]
    near = (behind > 0) & (places - above <= _NEARBY_LINES) & (behind < len(marks)) & (below - places <= _NEARBY_LINES)
    return places[near]


def _is_noise(classes: bytearray, at: int) -> bool:
    """Whether a common line stands among lines that are all common or unmatched, and mostly unmatched."""
    above = classes[max(0, at - _NEARBY_LINES) : at]
    below = classes[at + 1 : at + 1 + _NEARBY_LINES]
    above = above[above.rfind(1) + 1 :]
    below = below[: below.find(1)] if 1 in below else below
    unmatched = above.count(0), below.count(0)
    frequent = above.count(2) + below.count(2) + 2
    return all(unmatched) and frequent * 4 < frequent + sum(unmatched)


def _rough_root(number: int) -> int:
    """A power of two near the square root, never below it."""
    return 1 << (number.bit_length() + 1) // 2


@final
class _Search:
    """The recursion over boxes (a range of lines of each side), kept on a list."""

    def __init__(self, a: list[int], b: list[int], budget: Budget) -> None:
        self.changed = bytearray(len(a)), bytearray(len(b))
        cost_max = max(_rough_root(len(a) + len(b) + 3), _COST_MIN)
        front = _Front(a, b, budget)
        boxes = [(_Box(0, len(a), 0, len(b)), False)]
        while boxes:
            whole, exact = boxes.pop()
            box = whole.trimmed(a, b)
            split = None
            if box.a0 < box.a1 and box.b0 < box.b1 and budget.steps > 0:
                split = front.split(box, exact, cost_max)
            if split is None:
                self.changed[0][box.a0 : box.a1] = b"\1" * (box.a1 - box.a0)
                self.changed[1][box.b0 : box.b1] = b"\1" * (box.b1 - box.b0)
            else:
                boxes.append((_Box(split.a, box.a1, split.b, box.b1), split.exact_after))
                boxes.append((_Box(box.a0, split.a, box.b0, split.b), split.exact_before))


class _Box(NamedTuple):
    """A range of lines of each side."""

    a0: int
    a1: int
    b0: int
    b1: int

    def trimmed(self, a: list[int], b: list[int]) -> _Box:
        """Without the lines that both sides begin and end with."""
        a0, a1, b0, b1 = self
        while a0 < a1 and b0 < b1 and a[a0] == b[b0]:
            a0 += 1
            b0 += 1
        while a0 < a1 and b0 < b1 and a[a1 - 1] == b[b1 - 1]:
            a1 -= 1
            b1 -= 1
        return _Box(a0, a1, b0, b1)


@final
class _Front:
    """Paths that grow through a box from both corners, one more edit a round, until they meet in the middle.

    Diagonal d holds the points with a - b = d. `_down` has, for each, the line of `a` furthest from the start
    that the edits made so far reach; `_up` the one furthest from the end.
    """

    def __init__(self, a: list[int], b: list[int], budget: Budget) -> None:
        self._a, self._b, self._budget = a, b, budget
        self._shift = len(b) + 1
        self._down = [0] * (len(a) + len(b) + 4)
        self._up = list(self._down)
        self._downs = self._ups = (0, 0)
        self._box = _Box(0, 0, 0, 0)

    def split(self, box: _Box, exact: bool, cost_max: int) -> Split | None:
        """A point on a shortest path through the box; a good one where shortest costs too much; None when broke."""
        self._box = box
        first, last = box.a0 - box.b0, box.a1 - box.b1
        self._downs, self._ups = (first, first), (last, last)
        self._down[self._shift + first] = box.a0
        self._up[self._shift + last] = box.a1
        odd = (first - last) % 2 == 1
        cost = 0
        while self._budget.steps > 0:
            cost += 1
            met, snake_down = self._go_down(odd)
            if met:
                return met
            met, snake_up = self._go_up(not odd)
            if met:
                return met
            if exact:
                continue
            if (snake_down or snake_up) and cost > _COST_MIN:
                promising = self._promising_down(cost) or self._promising_up(cost)
                if promising:
                    return promising
            if cost >= cost_max:
                return self._furthest()
        return None

    def _go_down(self, may_meet: bool) -> tuple[Split | None, bool]:
        a, b, down, up, shift = self._a, self._b, self._down, self._up, self._shift
        _, a1, _, b1 = self._box
        low, high = self._downs = self._widened(down, self._downs, -1)
        up_low, up_high = self._ups if may_meet else (1, 0)
        snake, steps = False, 0
        for d in range(high, low - 1, -2):
            at = shift + d
            left, right = down[at - 1], down[at + 1]
            x = begun = left + 1 if left >= right else right
            y = x - d
            while x < a1 and y < b1 and a[x] == b[y]:
                x += 1
                y += 1
            down[at] = x
            steps += 1 + x - begun
            snake = snake or x - begun > _LONG_SNAKE
            if up_low <= d <= up_high and up[at] <= x:
                return Split(x, y, exact_before=True, exact_after=True), snake
        self._budget.steps -= steps
        return None, snake

    def _go_up(self, may_meet: bool) -> tuple[Split | None, bool]:
        a, b, down, up, shift = self._a, self._b, self._down, self._up, self._shift
        a0, _, b0, _ = self._box
        low, high = self._ups = self._widened(up, self._ups, _FAR)
        down_low, down_high = self._downs if may_meet else (1, 0)
        snake, steps = False, 0
        for d in range(high, low - 1, -2):
            at = shift + d
            left, right = up[at - 1], up[at + 1]
            x = begun = left if left < right else right - 1
            y = x - d
            while x > a0 and y > b0 and a[x - 1] == b[y - 1]:
                x -= 1
                y -= 1
            up[at] = x
            steps += 1 + begun - x
            snake = snake or begun - x > _LONG_SNAKE
            if down_low <= d <= down_high and x <= down[at]:
                return Split(x, y, exact_before=True, exact_after=True), snake
        self._budget.steps -= steps
        return None, snake

    def _widened(self, reach: list[int], diagonals: tuple[int, int], outside: int) -> tuple[int, int]:
        """One diagonal more on each side; at the box's edge one less, which keeps to every second one."""
        low, high = diagonals
        a0, a1, b0, b1 = self._box
        if low > a0 - b1:
            low -= 1
            reach[self._shift + low - 1] = outside
        else:
            low += 1
        if high < a1 - b0:
            high += 1
            reach[self._shift + high + 1] = outside
        else:
            high -= 1
        return low, high

    def _promising_down(self, cost: int) -> Split | None:
        """Where a path from the start came far for its cost, and by a long match."""
        a0, a1, b0, b1 = self._box
        middle, best, found = a0 - b0, cost * _FAR_FOR_ITS_COST, None
        for d in range(self._downs[1], self._downs[0] - 1, -2):
            x = self._down[self._shift + d]
            y = x - d
            gain = (x - a0) + (y - b0) - abs(d - middle)
            inside = a0 + _LONG_SNAKE <= x < a1 and b0 + _LONG_SNAKE <= y < b1
            if gain > best and inside and self._a[x - _LONG_SNAKE : x] == self._b[y - _LONG_SNAKE : y]:
                best, found = gain, Split(x, y, exact_before=True, exact_after=False)
        return found

    def _promising_up(self, cost: int) -> Split | None:
        a0, a1, b0, b1 = self._box
        middle, best, found = a1 - b1, cost * _FAR_FOR_ITS_COST, None
        for d in range(self._ups[1], self._ups[0] - 1, -2):
            x = self._up[self._shift + d]
            y = x - d
            gain = (a1 - x) + (b1 - y) - abs(d - middle)
            inside = a0 < x <= a1 - _LONG_SNAKE and b0 < y <= b1 - _LONG_SNAKE
            if gain > best and inside and self._a[x : x + _LONG_SNAKE] == self._b[y : y + _LONG_SNAKE]:
                best, found = gain, Split(x, y, exact_before=False, exact_after=True)
        return found

    def _furthest(self) -> Split:
        """The point of any path that is furthest from its corner."""
        a0, a1, b0, b1 = self._box
        from_start, start_at = -1, a0
        for d in range(self._downs[1], self._downs[0] - 1, -2):
            x = min(self._down[self._shift + d], a1, b1 + d)
            if 2 * x - d > from_start:
                from_start, start_at = 2 * x - d, x
        to_end, end_at = _FAR, a1
        for d in range(self._ups[1], self._ups[0] - 1, -2):
            x = max(self._up[self._shift + d], a0, b0 + d)
            if 2 * x - d < to_end:
                to_end, end_at = 2 * x - d, x
        if a1 + b1 - to_end < from_start - (a0 + b0):
            return Split(start_at, from_start - start_at, exact_before=True, exact_after=False)
        return Split(end_at, to_end - end_at, exact_before=False, exact_after=True)
