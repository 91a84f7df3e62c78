"""Lines of code as rows of a table. Made here and not in templates: a file has thousands."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from api.pages import code
from api.pages.blocks import Block
from api.pages.kept import Kept

if TYPE_CHECKING:
    from collections.abc import Sequence

ROWS_MAX: Final = 1_000
COLUMNS_MAX: Final = 60
_ROWS: Final = Kept[Block](24 << 20)


def code_rows(text: str, name: str) -> Block:
    """A file, each line with its number, which is its address: `#L12`. Blocking."""
    key = text, name
    found = _ROWS.get(key)
    if found is None:
        found = _code_rows(text, name)
        _ROWS.put(key, found, len(text) + len(found))
    return found


def _code_rows(text: str, name: str) -> Block:
    return Block(
        "".join(
            f'<tr id="L{at}"><td class="n"><a href="#L{at}">{at}</a></td><td class="c">{line}</td></tr>'
            for at, line in enumerate(whole_lines(text, name), 1)
        )
    )


def following_rows(start: int, lines: Sequence[Markup], age: int) -> Markup:
    """Lines of one commit below its first one, in the table of who wrote what."""
    return Markup(
        "".join(
            f'<tr id="L{at}"><td class="by age-{age}"></td>'
            f'<td class="n"><a href="#L{at}">{at}</a></td><td class="c">{line}</td></tr>'
            for at, line in enumerate(lines, start)
        )
    )


def whole_lines(text: str, name: str) -> tuple[Markup, ...]:
    r"""Coloured lines as git and editors count them: by `\n` alone."""
    unified = text.replace("\r\n", "\n").replace("\r", "\N{SYMBOL FOR CARRIAGE RETURN}")
    return code.lines(unified, name=name)


def sheet(text: str, *, tabs: bool) -> tuple[list[str], list[list[str]], bool] | None:
    """A CSV file as a head, rows, and whether some were left out; None for what is no table."""
    reader = csv.reader(io.StringIO(text), delimiter="\t" if tabs else _delimiter(text))
    head: list[str] = []
    rows: list[list[str]] = []
    try:
        for row in reader:
            cells = row[:COLUMNS_MAX]
            if not head:
                head = cells
            elif len(rows) == ROWS_MAX:
                return head, rows, True
            else:
                rows.append(cells)
    except csv.Error:
        return None
    return (head, rows, False) if len(head) > 1 else None


def _delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    return max(",;\t", key=first.count)
