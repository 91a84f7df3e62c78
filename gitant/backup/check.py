"""Checking a backup where it lies, from its hashes to what its log comes to. Nothing in it is changed."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

from domain.errors import GitantError
from domain.ids import parse_stream_id
from gitant.backup.manifest import SUMS, digest_of, read_manifest, read_sums
from gitant.backup.restore import differences
from gitant.backup.take import silent
from gitant.rebuild import rebuild_views
from gitant.refs_shown import refs_shown
from gitant.verify import verify as verify_log
from projections.database import open_readonly
from storage.blobs import DiskBlobs
from storage.datadir import DataDir
from storage.git.child import environment
from storage.git.store import DiskGitStore
from storage.log.eventlog import SQLiteEventLog

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator

    from gitant.backup.manifest import Manifest
    from gitant.backup.take import Tickers

SHOWN_MAX: Final = 300
"""Characters of what git says."""


def check(backup: Path, say: Callable[[str], None], tickers: Tickers = silent) -> Manifest:
    """Check a backup; `say` gets a line for each thing that is wrong with it. What it says of itself.

    First every file against its hash. If those are right: every event of the log, the views and refs that it comes to,
    and every object that the refs lead to. Raises `InvalidInput` for what is no backup.
    """
    manifest, sums = read_manifest(backup), read_sums(backup)
    sound = True
    with tickers("files") as ticker:
        for number, fault in enumerate(_files(backup, sums), 1):
            if fault:
                sound = False
                say(fault)
            ticker(min(number, len(sums)), len(sums))
    if len(sums) != manifest.files:
        say(f"{SUMS} lists {len(sums)} files, and there were {manifest.files}")
        sound = False
    if sound:
        _contents(backup, manifest, say, tickers)
    return manifest


def _files(backup: Path, sums: dict[str, str]) -> Iterator[str]:
    """For each file that is listed or there, what is wrong with it, or nothing."""
    for name, digest in sums.items():
        path = backup / name
        if path.is_symlink() or not path.is_file():
            yield f"{name} is missing"
        else:
            yield "" if digest_of(path) == digest else f"{name} is not what it was when the backup was made"
    there = {str(path.relative_to(backup)) for path in backup.rglob("*") if not path.is_dir() or path.is_symlink()}
    for name in sorted(there - sums.keys() - {SUMS}):
        yield f"{name} does not belong to the backup"


def _contents(backup: Path, manifest: Manifest, say: Callable[[str], None], tickers: Tickers) -> None:
    with tempfile.TemporaryDirectory(prefix="gitant-backup-") as scratch:
        folder = DataDir(Path(scratch) / "node")
        folder.create()
        shutil.copyfile(backup / folder.log.name, folder.log)
        try:
            with closing(SQLiteEventLog(folder.log)) as log:
                with tickers("events checked") as ticker:
                    known = _unless_known(say, manifest)
                    held = DiskGitStore(backup / folder.repos.name).holds
                    verify_log(log, known, ticker, blobs=DiskBlobs(backup / folder.blobs.name), is_here=held)
                if log.last_position() != manifest.position:
                    say(f"log: it ends at {log.last_position()}, and the backup is of {manifest.position}")
            with tickers("events into the views") as ticker:
                rebuild_views(folder, ticker)
        except GitantError as fault:
            say(f"log: {fault}")
            return
        with closing(open_readonly(folder.views)) as views:
            for line in differences(views, manifest):
                say(f"log: {line}")
            _repositories(backup / folder.repos.name, views, set(manifest.lacking), say, tickers)


def _unless_known(say: Callable[[str], None], manifest: Manifest) -> Callable[[str], None]:
    """What passes faults on, save that a blob is not there whole of which the backup says so itself."""
    known = [f": the {name} that it names is " for name in manifest.lacking if name.startswith("blob ")]

    def told(words: str) -> None:
        if not any(name in words for name in known):
            say(words)

    return told


def _repositories(
    root: Path, views: sqlite3.Connection, lacking: set[str], say: Callable[[str], None], tickers: Tickers
) -> None:
    store = DiskGitStore(root)
    paths = sorted(root.glob("*.git"))
    with tickers("repositories") as ticker, tempfile.TemporaryDirectory(prefix="gitant-backup-") as scratch:
        for number, path in enumerate(paths, 1):
            for fault in _repository(store, path, views, lacking, DiskGitStore(Path(scratch))):
                say(f"repository {path.name.removesuffix('.git')}: {fault}")
            ticker(number, len(paths))


def _repository(
    store: DiskGitStore, path: Path, views: sqlite3.Connection, lacking: set[str], scratch: DiskGitStore
) -> list[str]:
    repo = parse_stream_id(path.name.removesuffix(".git"))
    refs = store.refs(repo)
    if refs != refs_shown(views, repo):
        return ["its refs are not those of the log"]
    if any(f"{repo.hex()} {oid}" in lacking for oid in refs.values()):
        return []  # the node lacked them, and the backup says so
    # Git gets the objects and the refs only: the settings of a repository can name commands, and git runs them.
    scratch.create(repo)
    for name in ("HEAD", "packed-refs"):
        shutil.copyfile(path / name, scratch.path(repo) / name)
    environ = {**environment("git", scratch.path(repo)), "GIT_OBJECT_DIRECTORY": str(path / "objects")}
    words = ["git", "fsck", "--connectivity-only", "--no-dangling"]
    done = subprocess.run(words, env=environ, capture_output=True, text=True, errors="replace", check=False)
    said = " ".join((done.stderr + done.stdout).split())
    return [f"git fsck: {said[:SHOWN_MAX]}"] if done.returncode else []
