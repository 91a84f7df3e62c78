"""Tending one repository in a process of its own: `python -m gitant.care.one REPO PACKS MEMORY LINGER PARENT`.

It gives way to everybody on the processor, and ends with its parent. What came of it is printed, one JSON object.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from domain.errors import LocalFault
from gitant.care.tend import Outcome, Rules, tend
from gitant.parent import die_with

if TYPE_CHECKING:
    from collections.abc import Callable

NICER_BY: Final = 10


def main(argv: list[str]) -> int:
    """Tend a repository; 0, since a fault is told in the outcome."""
    repo, packs_max, memory_bytes_max, linger_s, parent = argv
    die_with(int(parent))
    os.nice(NICER_BY)
    rules = Rules(int(packs_max), int(memory_bytes_max), linger_s=float(linger_s))
    outcome = outcome_of(Path(repo), rules)
    sys.stdout.buffer.write(msgspec.json.encode(outcome))
    return 0


def outcome_of(repo: Path, rules: Rules, progress: Callable[[int, int], None] = lambda _done, _all: None) -> Outcome:
    """Tend a repository; what keeps it from being tended is in the outcome. `progress` as in `tend`."""
    try:
        return tend(repo, rules, progress)
    except LocalFault as fault:
        return Outcome(repo=repo.stem, fault=fault.message, hint=fault.hint)
    except OSError as fault:
        return Outcome(repo=repo.stem, fault=str(fault))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
