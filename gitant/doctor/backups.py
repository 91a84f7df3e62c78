"""Checks on backups: whether they are made, and whether this node is one that was restored."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gitant.backup.outcome import read_outcome
from gitant.doctor.finding import failed, ok, warning
from storage.local import LocalStore
from storage.restored import RestoredFeeds

if TYPE_CHECKING:
    from gitant.doctor.finding import Finding, Patient

_HOUR_MS: Final = 3_600_000
LATE_TIMES: Final = 2
"""A backup is stale when the next one should have been made so many times over."""


def backups(patient: Patient) -> Finding:
    """The scheduled ones are made, and the last is young."""
    settings = patient.settings
    if not settings.backup_dir:
        return warning("backups", "none are scheduled", "set backup_dir to a folder on another disk")
    if not Path(settings.backup_dir).is_dir():
        return failed(
            "backups", f"{settings.backup_dir} is not there", "mount or make it, or set backup_dir to another"
        )
    outcome = read_outcome(patient.folder)
    if outcome is None:
        return ok("backups", "none is due yet" if patient.running else "made while the node runs")
    if outcome.fault:
        return failed("backups", f"the last one failed: {outcome.fault}", "mend what it says; it is tried again soon")
    made = datetime.fromtimestamp(outcome.good_ms / 1000, UTC)
    seen = f"the last is of {made:%Y-%m-%d %H:%M} UTC, up to event {outcome.good_position}"
    if patient.now_ms - outcome.good_ms > LATE_TIMES * settings.backup_every_hours * _HOUR_MS:
        return warning("backups", seen, "start the node, which makes the next; else look for the reason in its log")
    return ok("backups", seen)


def restored(patient: Patient) -> Finding:
    """A restored node signs nothing until it is known that it goes on where it stopped."""
    if not patient.folder.local.exists():
        return ok("restored", "no")
    with closing(LocalStore(patient.folder.local)) as local:
        marked = RestoredFeeds(local).marked()
    if marked:
        fix = (
            "connect it with nodes that have copies (gitant peer add); or, if the original runs no more and no other "
            "node has later events of it: gitant restore --alone"
        )
        seen = (
            f"this node was restored from a backup and does not write yet in {len(marked)} repositories and identities"
        )
        return warning("restored", seen, fix)
    return ok("restored", "it takes writes")
