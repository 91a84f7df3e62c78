"""Where a block of changed lines shows best.

A block that begins like what follows it (or ends like what precedes it) can be moved without changing what the
diff says. Blocks are moved together where they touch, moved beside a change of the other side where there is
one, and else to where indentation and blank lines suggest that a person would cut.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Gaps = dict[int, int]
"""How many changed lines stand before each unchanged one: the place among the unchanged lines, to the count.

Unchanged lines are the same on both sides, so a place means the same on both.
"""


class Texts(Protocol):
    """The lines of one side."""

    def __len__(self) -> int: ...
    def __getitem__(self, at: int, /) -> bytes: ...


_SLIDE_MAX = 100
_INDENT_MAX = 200
_BLANKS_MAX = 20
# Found by experiment on many projects' histories by the authors of git's indent heuristic; what matters is that
# both show people the same blocks.
_AT_START, _AT_END = 1, 21
_PER_BLANK, _PER_BLANK_BEHIND = -30, 6
_DEEPER, _DEEPER_AT_BLANK = -4, 10
_OPENS, _OPENS_AT_BLANK = 24, 17
_CLOSES, _CLOSES_AT_BLANK = 23, 17
_INDENT_WEIGHT = 60


def gaps_of(flags: bytearray) -> Gaps:
    """The runs of ones among `flags`."""
    gaps: Gaps = {}
    at = seen = 0
    while (start := flags.find(1, at)) >= 0:
        end = flags.find(0, start)
        end = len(flags) if end < 0 else end
        gaps[start - seen] = end - start
        seen += end - start
        at = end
    return gaps


def slid(gaps: Gaps, other: Mapping[int, int], lines: Sequence[int], texts: Texts) -> Gaps:
    """The blocks `gaps` of `lines`, each where it shows best; `other` are the blocks of the other side."""
    done: Gaps = {}
    todo = sorted(gaps.items(), reverse=True)
    before = 0  # changed lines in `done`
    while todo:
        place, size = todo.pop()
        block = _Block(place, place + before, size)
        block, top, beside = _to_the_bottom(block, done, todo, other, lines)
        if block.place != top.place:
            block = _best(block, top, texts) if beside is None else beside
        before = block.start - block.place
        done[block.place] = block.size
        before += block.size
    return done


class _Block(NamedTuple):
    """Changed lines from `start` on, which `place` unchanged ones precede."""

    place: int
    start: int
    size: int

    @property
    def end(self) -> int:
        return self.start + self.size

    def moved(self, by: int) -> _Block:
        return _Block(self.place + by, self.start + by, self.size)


def _to_the_bottom(
    block: _Block, done: Gaps, todo: list[tuple[int, int]], other: Mapping[int, int], lines: Sequence[int]
) -> tuple[_Block, _Block, _Block | None]:
    """The block moved up and then down as far as it goes, swallowing those it meets, until it stops growing.

    With it, where it is when highest, and the lowest position beside a change of the other side.
    """
    place, start, size = block
    while True:
        begun = size
        while start and lines[start - 1] == lines[start + size - 1]:
            place -= 1
            met = done.pop(place, 0)
            start -= 1 + met
            size += met
        top = _Block(place, start, size)
        beside = place if place in other else None
        while start + size < len(lines) and lines[start] == lines[start + size]:
            place += 1
            start += 1
            if todo and todo[-1][0] == place:
                size += todo.pop()[1]
            if place in other:
                beside = place
        if size == begun:
            bottom = _Block(place, start, size)
            return bottom, top, None if beside is None else bottom.moved(beside - place)


def _best(bottom: _Block, top: _Block, texts: Texts) -> _Block:
    """Among the positions from `top` to `bottom`, the lowest of those that cut best."""
    reach = min(bottom.place - top.place, bottom.size + 1, _SLIDE_MAX)
    best, least = bottom, None
    for by in range(-reach, 1):
        block = bottom.moved(by)
        cuts = _cut(texts, block.end), _cut(texts, block.start)
        indent, penalty = cuts[0][0] + cuts[1][0], cuts[0][1] + cuts[1][1]
        if least is None or _worse(indent, least[0]) * _INDENT_WEIGHT + penalty - least[1] <= 0:
            best, least = block, (indent, penalty)
    return best


def _worse(indent: int, than: int) -> int:
    return (indent > than) - (indent < than)


def _cut(texts: Texts, at: int) -> tuple[int, int]:
    """The indent of a cut above line `at`, and how bad a cut it is."""
    here = _indent(texts[at]) if at < len(texts) else -1
    above, blanks_above = _nearest(texts, range(at - 1, -1, -1))
    below, blanks_below = _nearest(texts, range(at + 1, len(texts)))
    penalty = _AT_START if above == -1 and blanks_above == 0 else 0
    penalty += _AT_END if at >= len(texts) else 0
    behind = 1 + blanks_below if here == -1 else 0
    blanks = blanks_above + behind
    penalty += _PER_BLANK * blanks + _PER_BLANK_BEHIND * behind
    indent = below if here == -1 else here
    if -1 in {indent, above} or indent == above:
        return indent, penalty
    if indent > above:
        return indent, penalty + (_DEEPER_AT_BLANK if blanks else _DEEPER)
    if below > indent:
        return indent, penalty + (_OPENS_AT_BLANK if blanks else _OPENS)
    return indent, penalty + (_CLOSES_AT_BLANK if blanks else _CLOSES)


def _nearest(texts: Texts, places: range) -> tuple[int, int]:
    """The indent of the first line that is not blank (-1 for none), and how many blank ones come before it."""
    for blanks, at in enumerate(places):
        indent = _indent(texts[at])
        if indent != -1:
            return indent, blanks
        if blanks + 1 == _BLANKS_MAX:
            return 0, _BLANKS_MAX
    return -1, len(places)


def _indent(line: bytes) -> int:
    """In columns; -1 for a blank line."""
    indent = 0
    for byte in line:
        if byte == 32:
            indent += 1
        elif byte == 9:
            indent += 8 - indent % 8
        elif byte not in b"\n\r\v\f":
            return indent
        if indent >= _INDENT_MAX:
            return _INDENT_MAX
    return -1
