"""Packs that were made once and may be asked for again: plans in files, whatever process made them.

    <cache>/<repository id>/<key>.plan

A key is made of what was asked for by content alone (commits, filter, cut): what it names never changes, so no push
makes a plan wrong. One whose packs are gone is of no use and is dropped; so is what nobody asked for longest.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, final

from domain.ids import StreamId
from storage.git.engine.planfile import copied_bytes, read_plan, write_plan

if TYPE_CHECKING:
    from collections.abc import Container

    from storage.git.engine.plan import Plan

SUFFIX: Final = ".plan"
PLANS_MAX: Final = 24
"""For each repository."""
PLANS_BYTES_MAX: Final = 512 << 20
"""For each repository."""
_ID: Final = re.compile(r"[0-9a-f]{64}")


@final
class Shelf:
    """Plans of all repositories in one folder; for any thread, and any number of processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def scratch(self) -> Path:
        """Where files without a name may be made."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self._folder

    def note(self, repo: StreamId) -> None:
        """Remember that somebody asked for this repository."""
        folder = self._folder / repo.hex()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.utime(folder)

    def drop_all(self, repo: StreamId) -> None:
        """Keep nothing of a repository."""
        shutil.rmtree(self._folder / repo.hex(), ignore_errors=True)

    def recent(self, count: int) -> list[StreamId]:
        """The repositories that were asked for last, those asked for most lately first."""
        found = list[tuple[int, str]]()
        for folder in self.scratch().iterdir():
            with suppress(FileNotFoundError):
                found.append((folder.stat().st_mtime_ns, folder.name))
        names = [name for _, name in sorted(found, reverse=True) if _ID.fullmatch(name)]
        return [StreamId(bytes.fromhex(name)) for name in names[:count]]

    def load(self, repo: StreamId, key: str, packs: Path) -> Plan | None:
        """The plan under this key, if it is there and can still be followed; `packs` is where the packs are."""
        path = self._path(repo, key)
        try:
            plan = read_plan(path, packs)
            os.utime(path)
        except FileNotFoundError:
            return None
        except (ValueError, OSError):
            path.unlink(missing_ok=True)
            return None
        return plan

    def store(self, repo: StreamId, key: str, plan: Plan) -> None:
        """Put a plan there, unless it is too large; its checksum must be known. A full disk only means no plan."""
        if copied_bytes(plan) > PLANS_BYTES_MAX:
            return
        path = self._path(repo, key)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f".{secrets.token_hex(8)}.draft")
        try:
            with suppress(OSError):
                with draft.open("xb") as file:
                    write_plan(file, plan)
                draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        self._make_room(path.parent)

    def drop(self, repo: StreamId, key: str) -> None:
        """Forget a plan that turned out to be wrong."""
        self._path(repo, key).unlink(missing_ok=True)

    def sweep(self, alive: Container[str]) -> None:
        """Remove what was made for repositories that are gone; `alive` has the hex ids of those that are not."""
        for folder in self.scratch().iterdir():
            if folder.name not in alive:
                shutil.rmtree(folder, ignore_errors=True)

    def _path(self, repo: StreamId, key: str) -> Path:
        return self._folder / repo.hex() / f"{key}{SUFFIX}"

    @staticmethod
    def _make_room(folder: Path) -> None:
        """Other processes may do the same at the same time."""
        found = list[tuple[int, int, Path]]()
        for path in folder.glob(f"*{SUFFIX}"):
            with suppress(FileNotFoundError):
                stat = path.stat()
                found.append((stat.st_mtime_ns, stat.st_size, path))
        left = PLANS_BYTES_MAX
        for place, (_, size, path) in enumerate(sorted(found, reverse=True)):
            left -= size
            if place >= PLANS_MAX or left < 0:
                path.unlink(missing_ok=True)
