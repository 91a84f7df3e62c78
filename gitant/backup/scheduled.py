"""One scheduled backup, in a process of its own: `python -m gitant.backup.scheduled DATA_DIR BACKUP_DIR KEEP PARENT`.

It competes with nobody for the writer's interpreter, and gives way to everybody on the processor. Its outcome is in
the data folder's cache; it ends with 1 where it failed.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from domain.errors import InvalidInput, LocalFault
from domain.keys import SigningKey
from gitant.backup.kept import kept_in, name_at, prune
from gitant.backup.outcome import Outcome, read_outcome, write_outcome
from gitant.backup.take import take
from gitant.parent import die_with
from storage import keys
from storage.datadir import DataDir

if TYPE_CHECKING:
    from collections.abc import Callable

NICER_BY: Final = 10


def main(argv: list[str]) -> int:
    """Make a backup and drop old ones; the exit code."""
    folder, place, keep, parent = argv
    die_with(int(parent))
    os.nice(NICER_BY)
    return 0 if back_up(DataDir(Path(folder)), Path(place), int(keep), now_ms) else 1


def now_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def back_up(folder: DataDir, place: Path, keep: int, clock: Callable[[], int]) -> bool:
    """Add a backup to those in `place`, sharing files with the newest, and keep `keep`; whether it succeeded.

    The old ones go only after a new one is whole. How it went is written down in either case.
    """
    began = clock()
    before = read_outcome(folder) or Outcome(ended_ms=0)
    try:
        outcome = _good(folder, place, keep, began, clock)
    except (LocalFault, OSError) as fault:
        hint = f" ({fault.hint})" if isinstance(fault, LocalFault) and fault.hint else ""
        words = fault.message if isinstance(fault, LocalFault) else str(fault)
        write_outcome(folder, replace(before, ended_ms=clock(), fault=words + hint or "it failed"))
        return False
    write_outcome(folder, outcome)
    return True


def _good(folder: DataDir, place: Path, keep: int, began: int, clock: Callable[[], int]) -> Outcome:
    if not place.is_dir():
        # It is not made: an unmounted disk must not be taken for an empty one.
        raise InvalidInput(f"{place} is not there", hint="mount or make it, or set backup_dir to another folder")
    did = SigningKey(keys.load_or_create(folder.identity_key)).did
    older = kept_in(place, did)
    target = place / name_at(began)
    made = take(folder, target, began, older=older[-1].path if older else None)
    prune(place, did, keep)
    return Outcome(
        ended_ms=(ended := clock()),
        good_ms=ended,
        good_position=made.position,
        good_path=str(target),
        took_ms=ended - began,
        bytes=made.bytes,
        linked_bytes=made.linked_bytes,
        lacking=len(made.lacking),
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
