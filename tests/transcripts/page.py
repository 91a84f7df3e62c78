"""A page with `console` blocks: which commands stand in it, and what it says they print."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tests.house.tree import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGES: Final = sorted(path for path in (ROOT / "docs" / "transcripts").glob("*.md") if path.name != "README.md")

_BLOCK: Final = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PROMPT: Final = "$ "


@dataclass(frozen=True, slots=True)
class Step:
    """One command of a page. `shown` is what stands below it; a last line `[3]` is an exit code other than 0."""

    line: int
    command: str
    shown: str


def steps_of(text: str) -> list[Step]:
    """The commands of a page, in order."""
    found: list[Step] = []
    for block in _BLOCK.finditer(text):
        found += _steps(block[1], text.count("\n", 0, block.start(1)) + 1)
    return found


def with_output(text: str, printed: Iterator[str]) -> str:
    """The page with other words below its commands."""

    def block(found: re.Match[str]) -> str:
        parts = [_shown(step.command) + next(printed) for step in _steps(found[1], 1)]
        return f"```console\n{''.join(parts)}```"

    return _BLOCK.sub(block, text)


def _shown(command: str) -> str:
    return f"{_PROMPT}{command}\n"


def _steps(block: str, first: int) -> Iterator[Step]:
    lines = block.splitlines()
    at = 0
    while at < len(lines):
        assert lines[at].startswith(_PROMPT), f"line {first + at}: a block opens with a command: {lines[at]!r}"
        begun = at
        while lines[at].endswith("\\"):
            at += 1
        command = "\n".join(lines[begun : at + 1]).removeprefix(_PROMPT)
        at = below = at + 1
        while at < len(lines) and not lines[at].startswith(_PROMPT):
            at += 1
        yield Step(first + begun, command, "".join(f"{line}\n" for line in lines[below:at]))
