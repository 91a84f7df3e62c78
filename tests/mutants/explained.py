"""Mutants that nobody has to notice, each with its reason: `accepted.toml`, and the table of docs/design/mutants.md."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from tests.mutants.changes import Mutant

ACCEPTED: Final = Path(__file__).with_name("accepted.toml")
PAGE: Final = Path(__file__).parent.parent.parent / "docs" / "design" / "mutants.md"
_TABLE: Final = re.compile(r"(?<=<!-- survivors -->\n).*(?=<!-- /survivors -->)", re.DOTALL)


def reasons() -> dict[str, str]:
    """By a mutant's name, why it changes nothing that anybody could notice."""
    found: dict[str, str] = {}
    for row in tomllib.loads(ACCEPTED.read_text(encoding="utf-8")).get("why", []):
        for name in row["mutants"]:
            assert name not in found, f"explained twice: {name}"
            found[name] = row["reason"]
    return found


def stale(there_are: Iterable[Mutant]) -> list[str]:
    """The explanations of what is no mutant any more."""
    return sorted(reasons().keys() - {mutant.name for mutant in there_are})


def faults(survivors: Iterable[Mutant], looked_for: Iterable[Mutant]) -> list[str]:
    """What is wrong after a run, a line each: who survived unexplained, and whose explanation was false."""
    why, left = reasons(), {mutant.name for mutant in survivors}
    said = [f"not explained: {name}" for name in sorted(left - why.keys())]
    noticed = {mutant.name for mutant in looked_for} - left
    return [*said, *(f"explained, and noticed all the same: {name}" for name in sorted(noticed & why.keys()))]


def filled(page: str, there_are: Collection[Mutant]) -> str:
    """The page with its table made anew."""
    why = reasons()
    rows = [
        f"| `{mutant.path.removeprefix('domain/')}` {mutant.within} | {_code(mutant.before)} | {_code(mutant.after)} "
        f"| {why[mutant.name]} |\n"
        for mutant in there_are
        if mutant.name in why
    ]
    head = "| where | as it is | changed | why nobody has to notice |\n| --- | --- | --- | --- |\n"
    return _TABLE.sub(lambda _: head + "".join(rows), page)


def _code(text: str) -> str:
    return f"`{text.replace('|', chr(92) + '|')}`"
