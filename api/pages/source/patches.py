"""A file's unified diff as rows of a table: in one column or two, with the words that changed marked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby, zip_longest
from typing import TYPE_CHECKING, Final, NamedTuple

from markupsafe import escape

from api.pages.blocks import Block

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MARKED_PAIRS_MAX: Final = 600
"""Of one file: finding the words takes half a millisecond a pair."""
MARKED_CHARS_MAX: Final = 400
MARKED_WORDS_MAX: Final = 80
"""Of one line, between what both have at its beginning and end."""
ALIKE_MIN: Final = 0.3
"""Lines that have less in common are other lines, not changed ones."""
MATCHED_LINES_MAX: Final = 200
"""Of one block, where lines that differ in spaces alone are looked for in any place."""
_HEAD: Final = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@(.*)")
_WORDS: Final = re.compile(r"\w+|\s+|[^\w\s]")


class Line(NamedTuple):
    """One line of a hunk: `mark` is a space, `-` or `+`; the number on a side that lacks it is 0."""

    mark: str
    old: int
    new: int
    text: str


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines that stand together, below git's words for where that is."""

    head: str
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A file's diff as a table's body."""

    rows: Block
    count: int
    additions: int
    deletions: int


def drawn(patch: str, *, split: bool, spaces: bool) -> Drawn:
    """The rows of a patch; without `spaces`, lines that differ in those alone count as unchanged."""
    hunks = list(parsed(patch))
    if not spaces:
        hunks = [made for hunk in hunks if (made := _without_spaces(hunk)) is not None]
    return in_rows(hunks, Marker(), split=split)


def in_rows(hunks: Sequence[Hunk], marker: Marker, *, split: bool = False) -> Drawn:
    """The rows of hunks."""
    found: list[str] = []
    for hunk in hunks:
        if hunk.head:
            found.append(f'<tr class="at"><td colspan="{4 if split else 3}">{escape(hunk.head)}</td></tr>')
        found += (_split if split else _unified)(hunk.lines, marker)
    marks = [line.mark for hunk in hunks for line in hunk.lines]
    return Drawn(Block("".join(found)), len(found), marks.count("+"), marks.count("-"))


def parsed(patch: str) -> Iterator[Hunk]:
    """The hunks of a file's patch. One that is cut ends where it is cut."""
    lines = patch.split("\n")
    at = 0
    while at < len(lines):
        found = _HEAD.fullmatch(lines[at])
        at += 1
        if found is None:
            continue
        old, new = int(found[1]), int(found[3])
        old_left, new_left = int(found[2] or 1), int(found[4] or 1)
        hunk = Hunk(lines[at - 1], [])
        while at < len(lines) and (old_left > 0 or new_left > 0 or lines[at].startswith("\\")):
            mark, text = lines[at][:1], lines[at][1:]
            at += 1
            if mark == "\\":
                last = hunk.lines[-1]
                hunk.lines[-1] = last._replace(text=last.text + " \N{NO ENTRY SIGN}")
                continue
            if mark not in {" ", "-", "+"}:
                break
            hunk.lines.append(Line(mark, old if mark != "+" else 0, new if mark != "-" else 0, text))
            old, old_left = (old + 1, old_left - 1) if mark != "+" else (old, old_left)
            new, new_left = (new + 1, new_left - 1) if mark != "-" else (new, new_left)
        yield hunk


class Marker:
    """Marks the words that changed from one line to another, as long as its budget lasts."""

    def __init__(self, chars_max: int = MARKED_CHARS_MAX) -> None:
        self._left = MARKED_PAIRS_MAX
        self._chars_max = chars_max

    def pair(self, old: str, new: str) -> tuple[str, str]:
        """Both lines as HTML."""
        if self._left <= 0 or max(len(old), len(new)) > self._chars_max:
            return escape(old), escape(new)
        self._left -= 1
        head, tail = _ends(old, new)
        a, b = _WORDS.findall(old[head : len(old) - tail]), _WORDS.findall(new[head : len(new) - tail])
        if max(len(a), len(b)) > MARKED_WORDS_MAX:
            return escape(old), escape(new)
        codes = SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
        same = head + tail + sum(len("".join(a[i:j])) for tag, i, j, _, _ in codes if tag == "equal")
        if same < ALIKE_MIN * max(len(old), len(new)):
            return escape(old), escape(new)
        before, after = escape(old[:head]), escape(old[len(old) - tail :] if tail else "")
        left = "".join(_marked(a[i:j], tag != "equal") for tag, i, j, _, _ in codes)
        right = "".join(_marked(b[i:j], tag != "equal") for tag, _, _, i, j in codes)
        return f"{before}{left}{after}", f"{before}{right}{after}"


def _marked(words: Sequence[str], changed: bool) -> str:
    text = escape("".join(words))
    return f"<mark>{text}</mark>" if changed and text else text


def _ends(old: str, new: str) -> tuple[int, int]:
    """How many characters both have alike at the beginning and at the end, in whole words."""
    most = min(len(old), len(new))
    head = next((at for at in range(most) if old[at] != new[at]), most)
    while (
        head
        and head < max(len(old), len(new))
        and _is_word(old, head - 1)
        and (_is_word(old, head) or _is_word(new, head))
    ):
        head -= 1
    most -= head
    tail = next((at for at in range(most) if old[-1 - at] != new[-1 - at]), most)
    while (
        tail
        and _is_word(old, len(old) - tail)
        and (_is_word(old, len(old) - tail - 1) or _is_word(new, len(new) - tail - 1))
    ):
        tail -= 1
    return head, tail


def _is_word(text: str, at: int) -> bool:
    return 0 <= at < len(text) and (text[at].isalnum() or text[at] == "_")


def _blocks(lines: Iterable[Line]) -> Iterator[tuple[list[Line], list[Line], list[Line]]]:
    """Unchanged lines, or what was taken out with what was put in its place."""
    for changed, group in groupby(lines, key=lambda line: line.mark != " "):
        found = list(group)
        if changed:
            yield [], [line for line in found if line.mark == "-"], [line for line in found if line.mark == "+"]
        else:
            yield found, [], []


def _unified(lines: list[Line], marker: Marker) -> Iterator[str]:
    for same, gone, come in _blocks(lines):
        for line in same:
            shown = escape(line.text)
            yield f'<tr><td class="n">{line.old}</td><td class="n">{line.new}</td><td class="c">{shown}</td></tr>'
        pairs = [marker.pair(a.text, b.text) for a, b in zip(gone, come, strict=False)]
        for at, line in enumerate(gone):
            text = pairs[at][0] if at < len(pairs) else escape(line.text)
            yield f'<tr class="del"><td class="n">{line.old}</td><td class="n"></td><td class="c">{text}</td></tr>'
        for at, line in enumerate(come):
            text = pairs[at][1] if at < len(pairs) else escape(line.text)
            yield f'<tr class="ins"><td class="n"></td><td class="n">{line.new}</td><td class="c">{text}</td></tr>'


def _split(lines: list[Line], marker: Marker) -> Iterator[str]:
    for same, gone, come in _blocks(lines):
        for line in same:
            text = escape(line.text)
            yield (
                f'<tr><td class="n">{line.old}</td><td class="c">{text}</td>'
                f'<td class="n">{line.new}</td><td class="c">{text}</td></tr>'
            )
        for a, b in zip_longest(gone, come):
            if a is not None and b is not None:
                left, right = marker.pair(a.text, b.text)
            else:
                left, right = escape(a.text if a else ""), escape(b.text if b else "")
            yield f"<tr>{_side(a and a.old, left, 'del')}{_side(b and b.new, right, 'ins')}</tr>"


def _side(number: int | None, text: str, name: str) -> str:
    if number is None:
        return '<td class="n none"></td><td class="c none"></td>'
    return f'<td class="n {name}">{number}</td><td class="c {name}">{text}</td>'


def _without_spaces(hunk: Hunk) -> Hunk | None:
    """The hunk with lines that differ in spaces alone shown as they are now; None where nothing else differs."""
    found: list[Line] = []
    for same, gone, come in _blocks(hunk.lines):
        found += same or _matched(gone, come)
    return Hunk(hunk.head, found) if any(line.mark != " " for line in found) else None


def _matched(gone: list[Line], come: list[Line]) -> list[Line]:
    a, b = (["".join(line.text.split()) for line in side] for side in (gone, come))
    if max(len(a), len(b)) > MATCHED_LINES_MAX:
        return [*gone, *come] if a != b else _joined(gone, come)
    found: list[Line] = []
    for tag, a0, a1, b0, b1 in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        found += _joined(gone[a0:a1], come[b0:b1]) if tag == "equal" else [*gone[a0:a1], *come[b0:b1]]
    return found


def _joined(gone: list[Line], come: list[Line]) -> list[Line]:
    return [Line(" ", old.old, new.new, new.text) for old, new in zip(gone, come, strict=True)]
