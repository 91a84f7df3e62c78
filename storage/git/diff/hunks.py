"""Changed lines as unified diff text, three lines of context around them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from storage.git.diff.lines import changed_lines
from storage.git.diff.sliding import gaps_of, slid

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from storage.git.diff.lines import Budget
    from storage.git.diff.sliding import Texts

_CONTEXT = 3
_HEADING_BYTES_MAX = 80
_NO_NEWLINE = b"\n\\ No newline at end of file\n"


class Edit(NamedTuple):
    """The lines from `a0` on of the old side are replaced by those from `b0` on of the new side."""

    a0: int
    a1: int
    b0: int
    b1: int


def lines_of(data: bytes) -> list[bytes]:
    """Split behind each line feed, and only there: git knows no other line end."""
    lines = [line + b"\n" for line in data.split(b"\n")]
    last = lines.pop()[:-1]
    if last:
        lines.append(last)
    return lines


def edits(old: Sequence[bytes], new: Sequence[bytes], budget: Budget) -> list[Edit]:
    """What changed, as git would show it."""
    numbers: dict[bytes, int] = {}
    return numbered_edits(old, new, numbered(old, numbers), numbered(new, numbers), budget)


def numbered(lines: Sequence[bytes], numbers: dict[bytes, int]) -> list[int]:
    """A number for each line, the same for the same text; `numbers` has those given so far."""
    return [numbers.setdefault(line, len(numbers)) for line in lines]


def numbered_edits(
    old: Texts, new: Texts, a: Sequence[int] | NDArray[np.int32], b: Sequence[int] | NDArray[np.int32], budget: Budget
) -> list[Edit]:
    """What changed between lines that have their numbers already."""
    if not len(old) or not len(new):
        return [Edit(0, len(old), 0, len(new))] if len(old) or len(new) else []
    flags_a, flags_b = changed_lines(a, b, budget)
    gaps_a, gaps_b = gaps_of(flags_a), gaps_of(flags_b)
    gaps_a = slid(gaps_a, gaps_b, _one_by_one(a), old)
    gaps_b = slid(gaps_b, gaps_a, _one_by_one(b), new)
    found: list[Edit] = []
    before_a = before_b = 0
    for place in sorted(gaps_a.keys() | gaps_b.keys()):
        a0, b0 = place + before_a, place + before_b
        before_a += gaps_a.get(place, 0)
        before_b += gaps_b.get(place, 0)
        found.append(Edit(a0, place + before_a, b0, place + before_b))
    return found


def _one_by_one(lines: Sequence[int] | NDArray[np.int32]) -> Sequence[int]:
    """To look into single places of, which arrays are slow at."""
    return lines.tolist() if isinstance(lines, np.ndarray) else lines


def hunks(old: Sequence[bytes], new: Sequence[bytes], found: Sequence[Edit]) -> Iterator[bytes]:
    """The text of each hunk; edits whose context touches share one."""
    heading, searched = b"", 0
    for group in _grouped(found):
        first, last = group[0], group[-1]
        before = min(first.a0, _CONTEXT)
        after = min(len(old) - last.a1, _CONTEXT)
        a0, a1, b0, b1 = first.a0 - before, last.a1 + after, first.b0 - before, last.b1 + after
        heading = _heading(old, a0, searched) or heading
        searched = a0
        text = [b"@@ -%s +%s @@%s\n" % (_range(a0, a1), _range(b0, b1), heading and b" " + _readable(heading))]
        at = a0
        for edit in group:
            text.extend(_marked(b" ", old[at : edit.a0]))
            text.extend(_marked(b"-", old[edit.a0 : edit.a1]))
            text.extend(_marked(b"+", new[edit.b0 : edit.b1]))
            at = edit.a1
        text.extend(_marked(b" ", old[at:a1]))
        yield b"".join(text)


def _grouped(found: Sequence[Edit]) -> Iterator[list[Edit]]:
    group = list(found[:1])
    for edit, following in pairwise(found):
        if following.a0 - edit.a1 > 2 * _CONTEXT:
            yield group
            group = []
        group.append(following)
    if group:
        yield group


def _marked(mark: bytes, lines: Sequence[bytes]) -> Iterator[bytes]:
    for line in lines:
        yield mark + line if line.endswith(b"\n") else mark + line + _NO_NEWLINE


def _range(start: int, end: int) -> bytes:
    count = end - start
    first = start + 1 if count else start
    return b"%d" % first if count == 1 else b"%d,%d" % (first, count)


def _heading(lines: Sequence[bytes], before: int, until: int) -> bytes:
    """The nearest line above a hunk that starts like a definition does: with a letter, `_` or `$`."""
    for at in range(before - 1, until - 1, -1):
        first = lines[at][:1]
        if first.isalpha() or first in {b"_", b"$"}:
            return lines[at][:_HEADING_BYTES_MAX].rstrip(b" \t\n\r\v\f")
    return b""


def _readable(heading: bytes) -> bytes:
    """Up to the first byte that is no UTF-8: the cut at 80 bytes may have hit a letter."""
    try:
        heading.decode()
    except UnicodeDecodeError as fault:
        return heading[: fault.start]
    return heading
