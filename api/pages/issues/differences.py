"""How one text differs from another, line by line and within lines word by word, at a cost that has an end."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final

from api.pages.source.patches import Hunk, Line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CONTEXT_LINES: Final = 3
MATCHED_LINES_MAX: Final = 200
"""Where more lines than that differ, they are shown as taken out and put in whole."""
PROSE_LINE_CHARS_MAX: Final = 8_000
"""Paragraphs are lines of prose: within longer ones no words are marked."""
_Code = tuple[str, int, int, int, int]


def differences(old: str, new: str, chars_max: int) -> tuple[list[Hunk], int, bool]:
    """The hunks between two texts, how many characters they have, and whether they were cut to `chars_max`."""
    a, b = _lines(old), _lines(new)
    hunks: list[Hunk] = []
    chars = 0
    for group in _groups(_codes(a, b)):
        hunk = Hunk("…" if group[0][1] else "", [])
        hunks.append(hunk)
        for line in _marked(group, a, b):
            chars += len(line.text) + CONTEXT_LINES
            if chars > chars_max:
                hunk.lines.append(line._replace(text=line.text[: max(0, chars_max - chars)]))
                return hunks, chars_max, True
            hunk.lines.append(line)
    return hunks, chars, False


def _lines(text: str) -> list[str]:
    return text.split("\n") if text else []


def _codes(a: Sequence[str], b: Sequence[str]) -> list[_Code]:
    """As difflib has them. What both begin and end with is left out first: that is nearly all, as a rule."""
    most = min(len(a), len(b))
    head = next((at for at in range(most) if a[at] != b[at]), most)
    tail = next((at for at in range(most - head) if a[-1 - at] != b[-1 - at]), most - head)
    old, new = a[head : len(a) - tail], b[head : len(b) - tail]
    if max(len(old), len(new)) <= MATCHED_LINES_MAX:
        found = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    else:
        found = [("replace", 0, len(old), 0, len(new))]
    middle = [(tag, i + head, j + head, k + head, m + head) for tag, i, j, k, m in found]
    return [
        *([("equal", 0, head, 0, head)] if head else []),
        *middle,
        *([("equal", len(a) - tail, len(a), len(b) - tail, len(b))] if tail else []),
    ]


def _groups(codes: Sequence[_Code]) -> Iterator[list[_Code]]:
    """What changed, each with a few lines around it; changes that are close together in one group."""
    group: list[_Code] = []
    for at, (tag, i, j, k, m) in enumerate(codes):
        if tag != "equal":
            group.append((tag, i, j, k, m))
            continue
        first, last = at == 0, at == len(codes) - 1
        if not first:
            end = min(CONTEXT_LINES, j - i)
            if not last and j - i <= 2 * CONTEXT_LINES:
                end = j - i
            group.append((tag, i, i + end, k, k + end))
            if end == j - i:
                continue
            yield group
        begin = min(CONTEXT_LINES, j - i)
        group = [] if last else [(tag, j - begin, j, m - begin, m)]
    if any(tag != "equal" for tag, *_ in group):
        yield group


def _marked(group: Sequence[_Code], a: Sequence[str], b: Sequence[str]) -> Iterator[Line]:
    for tag, i, j, k, m in group:
        if tag == "equal":
            for at in range(j - i):
                yield Line(" ", i + at + 1, k + at + 1, a[i + at])
            continue
        for at in range(i, j):
            yield Line("-", at + 1, 0, a[at])
        for at in range(k, m):
            yield Line("+", 0, at + 1, b[at])
