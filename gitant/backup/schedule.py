"""When the node makes a backup of itself: a task of the supervisor that starts a process for each."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, final

import trio
from msgspec.structs import replace

from gitant.backup.kept import kept_in
from gitant.backup.outcome import Outcome, read_outcome, write_outcome
from gitant.chore import done
from gitant.log import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.ids import Did
    from gitant.settings import Settings
    from storage.datadir import DataDir

LOOK_EVERY_S: Final = 30.0
"""How often it is looked whether one is due: settings change, and so do clocks."""
RETRY_S: Final = 900
"""How long after a failed one the next is tried."""
_HOUR_MS: Final = 3_600_000
_log = get_logger("gitant.backup")


def due_in_s(folder: DataDir, settings: Settings, did: Did, now_ms: int) -> float:
    """How long until the next backup; 0 or less when it is due."""
    kept = kept_in(_place(settings), did)
    last = kept[-1].made_ms if kept else 0
    due = last + settings.backup_every_hours * _HOUR_MS if last <= now_ms else now_ms
    outcome = read_outcome(folder)
    if outcome is not None and outcome.fault and outcome.ended_ms <= now_ms:
        due = max(due, outcome.ended_ms + RETRY_S * 1000)
    return (due - now_ms) / 1000


@final
class Schedule:
    """`run` until it is cancelled. `settings` gives those in force: none wants backups where `backup_dir` is empty."""

    def __init__(self, folder: DataDir, did: Did, settings: Callable[[], Settings]) -> None:
        self._folder = folder
        self._did = did
        self._settings = settings

    async def run(self) -> None:
        while True:
            wait_s = LOOK_EVERY_S
            settings = self._settings()
            if settings.backup_dir:
                wait_s = await trio.to_thread.run_sync(due_in_s, self._folder, settings, self._did, _now_ms())
                if wait_s <= 0:
                    await self._back_up(settings)
                    wait_s = LOOK_EVERY_S
            await trio.sleep(min(wait_s, LOOK_EVERY_S))

    async def _back_up(self, settings: Settings) -> None:
        place = settings.backup_dir
        _log.info("making a backup", into=place)
        ended = await done("gitant.backup.scheduled", str(self._folder.path), place, str(settings.backup_keep))
        if not ended.was_asked_to:
            self._tell(ended.code)

    def _tell(self, code: int) -> None:
        outcome = read_outcome(self._folder) or Outcome(ended_ms=0)
        if code not in {0, 1} or not outcome.ended_ms:
            # It could not even say so itself.
            outcome = replace(outcome, ended_ms=_now_ms(), fault=f"its process ended with {code}")
            write_outcome(self._folder, outcome)
        if outcome.fault:
            _log.error("a backup failed", fault=outcome.fault, retry_s=RETRY_S)
            return
        lacking = {"lacking": outcome.lacking} if outcome.lacking else {}
        _log.info(
            "a backup is made",
            path=outcome.good_path,
            position=outcome.good_position,
            bytes=outcome.bytes,
            shared_bytes=outcome.linked_bytes,
            took_ms=outcome.took_ms,
            **lacking,
        )


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _place(settings: Settings) -> Path:
    return Path(settings.backup_dir)
