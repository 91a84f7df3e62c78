"""What crashed workers and clones of long ago left, and nobody needs any more."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Final

from storage.git.quarantine import QUARANTINE, leftovers, remove_quarantine
from storage.git.staging import STAGED

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

STALE_S: Final = 86_400.0
"""What nobody has written to for so long, nobody will: a client that sends nothing for a minute is cut off."""
_DRAFT: Final = re.compile(r"\..*\.(gt|copy)|tmp_.*")
"""Names under which files in a folder of packs are begun."""


def clear_stale(repo: Path, now_s: float) -> int:
    """Drop pushes of the repository that ended without being checked, and half-written files; how many."""
    gone = 0
    for leftover in leftovers(repo):
        # One that was checked may belong to an event: the next start, which knows the log, sees to it.
        if not leftover.finished and _untouched_since(repo / QUARANTINE / leftover.token) < now_s - STALE_S:
            remove_quarantine(repo, leftover.token)
            gone += 1
    for path in (repo / "objects" / "pack").iterdir():
        if _DRAFT.fullmatch(path.name) and _untouched_since(path) < now_s - STALE_S:
            path.unlink(missing_ok=True)
            gone += 1
    return gone


def has_stale(repo: Path, now_s: float) -> bool:
    """Whether a push lies there that nobody has written to for long; cheap where there are none."""
    folder = repo / QUARANTINE
    return any(_untouched_since(path) < now_s - STALE_S for path in _inside(folder)) if folder.is_dir() else False


def repositories(root: Path) -> list[Path]:
    """The folders of all repositories: neither those that are buried, nor what is staged for some to come."""
    return sorted(path for path in _inside(root) if path.suffix == ".git" and STAGED not in path.name)


def _untouched_since(path: Path) -> float:
    """When anything in it was last written to, in seconds since 1970."""
    try:
        newest = path.stat().st_mtime
        for inner in path.rglob("*") if path.is_dir() else ():
            newest = max(newest, inner.stat().st_mtime)
    except FileNotFoundError:
        return time.time()  # somebody is at work there
    return newest


def _inside(folder: Path) -> Iterable[Path]:
    try:
        return list(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
