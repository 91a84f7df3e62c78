"""What is printed: tables for people, plain lines for pipes, JSON for programs, and nothing that steers a terminal."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any, Final, Self, final

from gitant.cli.pager import console, show

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from rich.progress import Progress, TaskID

_REORDERING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_QUIET_S: Final = 1.0
_LINE_EVERY_S: Final = 5.0


def clean(text: object, *, lines: bool = False) -> str:
    """`text` with control characters and those that reorder text shown as escapes: it was written by strangers."""
    words = str(text)
    if words.isprintable():
        return words
    return "".join(char if _is_harmless(char, lines=lines) else _escape(char) for char in words)


def tell(words: str) -> None:
    """A line for the person, beside what the command prints for programs."""
    print(clean(words, lines=True), file=sys.stderr)


def tell_error(message: str, hint: str = "") -> None:
    """What went wrong, and what to do about it."""
    tell(f"error: {message}")
    if hint:
        tell(f"hint: {hint}")


def print_json(value: Any) -> None:
    """`value` for programs. Only ASCII: a terminal may read along."""
    print(json.dumps(value, indent=2))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, empty: str) -> None:
    """Rows under headings on a terminal; elsewhere one line each, fields parted by tabs, without headings."""
    cells = [[clean("" if cell is None else cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for row in cells:
            print("\t".join(row))
        return
    if not cells:
        tell(empty)
        return
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for row in cells:
        table.add_row(*(Text(cell) for cell in row))
    screen = console()
    with screen.capture() as drawn:
        screen.print(table)
    show(drawn.get())


def print_fields(fields: Sequence[tuple[str, object]]) -> None:
    """Name and value, one pair a line."""
    shown = [(f"{clean(name)}:", clean("" if value is None else value)) for name, value in fields]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        print(f"{name:<{width}} {value}".rstrip())


@final
class Ticker:
    """Progress of one long thing on standard error: silent for a second, then a bar, or lines where no one looks."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._began = time.monotonic()
        self._last_line = 0.0
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __call__(self, done: int, total: int) -> None:
        elapsed = time.monotonic() - self._began
        if elapsed < _QUIET_S:
            return
        if sys.stderr.isatty():
            self._draw(done, total)
        elif not self._last_line or elapsed - self._last_line >= _LINE_EVERY_S:
            self._last_line = elapsed
            tell(f"{self._what}: {done:,} of {total:,}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def _draw(self, done: int, total: int) -> None:
        if self._bar is None:
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (TextColumn(self._what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self._bar = Progress(*columns, console=console(stderr=True), transient=True)
            self._task = self._bar.add_task(self._what, total=total)
            self._bar.start()
        assert self._task is not None
        self._bar.update(self._task, completed=done, total=total)


def _is_harmless(char: str, *, lines: bool) -> bool:
    if char in "\n\t":
        return lines
    if char in "\u2028\u2029" or char in _REORDERING:
        return False
    code = ord(char)
    return code >= 0x20 and not 0x7F <= code < 0xA0 and not 0xD800 <= code <= 0xDFFF


def _escape(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
