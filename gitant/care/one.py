"""Tending one repository in a process of its own: `python -m gitant.care.one REPO PACKS MEMORY LINGER CELLS PARENT`.

It gives way to everybody on the processor, and ends with its parent. What came of it is printed, one JSON object; how
far it is with tables stands in CELLS.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from domain.errors import LocalFault
from gitant.care.numbers import FAR_CELLS
from gitant.care.tend import Outcome, Rules, tend
from gitant.cells import Cells
from gitant.parent import die_with

if TYPE_CHECKING:
    from collections.abc import Callable

NICER_BY: Final = 10


def main(argv: list[str]) -> int:
    """Tend a repository; 0, since a fault is told in the outcome."""
    repo, packs_max, memory_bytes_max, linger_s, far, parent = argv
    die_with(int(parent))
    os.nice(NICER_BY)
    rules = Rules(int(packs_max), int(memory_bytes_max), linger_s=float(linger_s))
    cells = Cells(FAR_CELLS, Path(far))

    def tabling(done: int, commits: int) -> None:
        cells.put("commits", commits)
        cells.put("done", done)

    outcome = outcome_of(Path(repo), rules, tabling=tabling)
    sys.stdout.buffer.write(msgspec.json.encode(outcome))
    return 0


def outcome_of(
    repo: Path,
    rules: Rules,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
    tabling: Callable[[int, int], None] = lambda _done, _all: None,
) -> Outcome:
    """Tend a repository; what keeps it from being tended is in the outcome. The last two as in `tend`."""
    try:
        return tend(repo, rules, progress, tabling)
    except LocalFault as fault:
        return Outcome(repo=repo.stem, fault=fault.message, hint=fault.hint)
    except OSError as fault:
        return Outcome(repo=repo.stem, fault=str(fault))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
