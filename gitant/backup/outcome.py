"""How the scheduled backups went: written by the one that ends, read by whoever tells of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

import msgspec

from storage.datadir import FILE_MODE
from storage.files import replace

if TYPE_CHECKING:
    from pathlib import Path

    from storage.datadir import DataDir

FILE: Final = "backup.json"


@final
class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The last scheduled backup, and the last that succeeded."""

    ended_ms: int
    """When the last one ended, in milliseconds since 1970."""
    fault: str = ""
    """Why it failed; empty for one that did not."""
    good_ms: int = 0
    """When the last good one ended; 0 where there was none."""
    good_position: int = 0
    good_path: str = ""
    took_ms: int = 0
    """How long the last good one took."""
    bytes: int = 0
    linked_bytes: int = 0
    lacking: int = 0


def outcome_file(folder: DataDir) -> Path:
    """Where it is kept: a cache, for the backups themselves say as much."""
    return folder.cache / FILE


def read_outcome(folder: DataDir) -> Outcome | None:
    """How it went; None where none was scheduled yet."""
    try:
        return msgspec.json.decode(outcome_file(folder).read_bytes(), type=Outcome)
    except (OSError, msgspec.DecodeError):
        return None


def write_outcome(folder: DataDir, outcome: Outcome) -> None:
    """Keep it for the others."""
    replace(outcome_file(folder), msgspec.json.encode(outcome), FILE_MODE)
