"""The backups that a schedule keeps in one folder: which there are, what the next is called, which have to go."""

from __future__ import annotations

import re
import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, final

from domain.errors import LocalFault
from gitant.backup.draft import PARTIAL, clear_draft
from gitant.backup.manifest import read_manifest

if TYPE_CHECKING:
    from pathlib import Path

_FORM: Final = "gitant-%Y%m%dT%H%M%SZ"
_NAME: Final = re.compile(r"gitant-[0-9]{8}T[0-9]{6}Z")


@final
@dataclass(frozen=True, slots=True)
class Kept:
    """A backup in the folder."""

    path: Path
    made_ms: int
    did: str


def kept_in(place: Path, did: str) -> list[Kept]:
    """The whole backups of the node `did` that a schedule made in a folder, oldest first. Others are left alone."""
    found: list[Kept] = []
    for path in sorted(place.glob("gitant-*")) if place.is_dir() else []:
        if _NAME.fullmatch(path.name) and path.is_dir() and not path.is_symlink():
            with suppress(LocalFault):
                manifest = read_manifest(path)
                made = datetime.fromisoformat(manifest.made_at)
                found.append(Kept(path, int(made.timestamp() * 1000), manifest.did))
    return [kept for kept in found if kept.did == did]


def name_at(now_ms: int) -> str:
    """What a backup is called that is made at this time."""
    return datetime.fromtimestamp(now_ms / 1000, UTC).strftime(_FORM)


def prune(place: Path, did: str, keep: int) -> list[Path]:
    """Remove all but the newest `keep` backups of a node, and what interrupted ones left; which backups that was."""
    for path in sorted(place.glob(f"gitant-*{PARTIAL}")):
        if _NAME.fullmatch(path.name.removesuffix(PARTIAL)):
            with suppress(LocalFault):  # somebody is at it, or it is none of ours
                clear_draft(path)
    doomed = kept_in(place, did)[:-keep]
    for kept in doomed:
        # What is half removed must not be taken for a backup, so its manifest goes first.
        (kept.path / "manifest.json").unlink(missing_ok=True)
        shutil.rmtree(kept.path, ignore_errors=True)
    return [kept.path for kept in doomed]
