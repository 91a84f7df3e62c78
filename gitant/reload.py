"""What a node that is told to reload changes, what it leaves for the next start, and where it says so."""

from __future__ import annotations

import dataclasses
import json
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

from domain.audit import Entry
from gitant.settings import SETTINGS, Change
from storage.audit.journal import SqliteJournal
from storage.files import replace

if TYPE_CHECKING:
    from pathlib import Path

    from gitant.settings import Settings
    from storage.datadir import DataDir

_MODE: Final = 0o600


@final
@dataclass(frozen=True, slots=True)
class Reloading:
    """The difference that a reload makes. `settings` are the new ones, but for those that need another start."""

    settings: Settings
    at_once: tuple[str, ...] = ()
    workers: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()
    """Names of settings, by when they take effect; `workers` says so of a renewed certificate, too."""
    fault: str = ""
    """Why nothing at all was changed."""

    def plain(self) -> dict[str, Any]:
        """For `gitant reload`, which waits for it."""
        return {
            "changed": [*self.at_once, *self.workers],
            "needs_restart": [*self.restart],
            "fault": self.fault,
        }


def difference(old: Settings, new: Settings, *, renewed: bool) -> Reloading:
    """What becomes of `old` when `new` is read; `renewed` says that the certificate's files changed."""
    changed = {row.name for row in SETTINGS if getattr(old, row.name) != getattr(new, row.name)}
    kept = {name: getattr(old, name) for name in _of("restart", changed)}
    workers = _of("workers", changed)
    if renewed and "tls_cert" not in workers:
        workers = (*workers, "tls_cert")
    return Reloading(dataclasses.replace(new, **kept), _of("at once", changed), workers, tuple(kept))


def outcome_file(folder: DataDir) -> Path:
    """Where the outcome of the last reload is written."""
    return folder.cache / "reload.json"


def write_outcome(folder: DataDir, number: int, outcome: Reloading) -> None:
    """Let `gitant reload` see how the reload number `number` of this run ended."""
    replace(outcome_file(folder), json.dumps({"number": number, **outcome.plain()}).encode(), _MODE)


def note_change(folder: DataDir, outcome: Reloading) -> None:
    """Note in the local audit log which settings are others now, whoever has changed the file."""
    names = [*outcome.at_once, *outcome.workers]
    if not names:
        return
    with closing(SqliteJournal(folder.audit)) as journal:
        journal.note([Entry("settings.changed", door="reload", target=", ".join(names))])


def _of(change: Change, changed: set[str]) -> tuple[str, ...]:
    return tuple(row.name for row in SETTINGS if row.change == change and row.name in changed)
