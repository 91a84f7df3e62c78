"""Checks on the data folder: modes, keys, free space, log, views."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from typing import TYPE_CHECKING, Any

from domain.errors import GitantError
from gitant.doctor.finding import failed, ok, warning
from projections.database import open_readonly
from projections.tables import FOLD_VERSION
from storage.keys import SEED_BYTES
from storage.sqlite import connect_durably

if TYPE_CHECKING:
    from pathlib import Path

    from gitant.doctor.finding import Finding, Patient

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_NOT_YET = "not there yet"
_LAST_POSITION = "SELECT coalesce(max(rowid), 0) FROM stored_events"


def data_folder(patient: Patient) -> Finding:
    """Ours, and nobody else's to read."""
    path = patient.folder.path
    if not path.exists():
        return warning("data folder", f"{path} is {_NOT_YET}", "start a node, which makes it: gitant serve")
    found = path.stat()
    if found.st_uid != os.geteuid():
        return failed("data folder", f"{path} belongs to user {found.st_uid}", f"run as that user, or: chown -R {path}")
    if not os.access(path, os.W_OK | os.X_OK):
        return failed("data folder", f"{path} cannot be written", f"chmod 700 {path}")
    if found.st_mode & _OTHERS:
        return failed("data folder", f"{path} is open to others ({_mode(path)})", f"chmod 700 {path}")
    return ok("data folder", str(path))


def identity_key(patient: Patient) -> Finding:
    """The node's one secret that cannot be made again."""
    path = patient.folder.identity_key
    finding = _secret("identity key", path)
    if finding.state == "ok" and path.exists() and path.stat().st_size != SEED_BYTES:
        return failed("identity key", f"{path} has {path.stat().st_size} bytes", "put it back from a backup")
    return finding


def operator_token(patient: Patient) -> Finding:
    """Whoever reads it is the operator."""
    return _secret("operator token", patient.folder.operator_token)


def free_space(patient: Patient) -> Finding:
    """As /ready sees it."""
    folder, least = patient.folder, patient.settings.min_free
    if not folder.path.exists():
        return ok("free space", f"the data folder is {_NOT_YET}")
    free = folder.free_bytes()
    seen = f"{free >> 20:,} MiB free"
    if free < least:
        return failed("free space", seen, f"free some: with less than {least >> 20} MiB the node says it is not ready")
    return ok("free space", seen)


def log_integrity(patient: Patient) -> Finding:
    """SQLite's own quick check; `gitant verify` checks what the events say."""
    path = patient.folder.log
    if not path.exists():
        return ok("log", f"the log is {_NOT_YET}")
    try:
        complaint = _asked(path, "PRAGMA quick_check(1)")
    except sqlite3.Error as fault:
        complaint = str(fault)
    if complaint != "ok":
        return failed("log", f"{path}: {complaint}", "run `gitant verify`, then restore the folder from a backup")
    return ok("log", f"sound, {_asked(path, _LAST_POSITION)} events")


def durability(patient: Patient) -> Finding:
    """Whether this file system lets SQLite do what an acknowledged write rests on."""
    path = patient.folder.log
    if not path.exists():
        return ok("durability", f"the log is {_NOT_YET}")
    try:
        with closing(connect_durably(path)) as connection:
            mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
            synchronous = connection.execute("PRAGMA synchronous").fetchone()[0]
    except sqlite3.Error as fault:
        return failed("durability", str(fault), "keep the data folder on a local disk (no network or FUSE mount)")
    return ok("durability", f"journal {mode}, synchronous {synchronous} (FULL)")


def views(patient: Patient) -> Finding:
    """At the log's end, or on the way there."""
    folder = patient.folder
    if not folder.log.exists():
        return ok("views", f"the log is {_NOT_YET}")
    if not folder.views.exists():
        return warning("views", "views.sqlite is missing", "start the node, or run: gitant rebuild")
    try:
        with closing(open_readonly(folder.views)) as connection:
            facts: dict[str, int] = dict(connection.execute("SELECT name, value FROM meta").fetchall())
        last = _asked(folder.log, _LAST_POSITION)
    except (sqlite3.Error, GitantError) as fault:
        return failed("views", str(fault), "stop the node and make them again: gitant rebuild")
    position = facts.get("position", 0)
    if facts.get("version") != FOLD_VERSION:
        return warning("views", "another version wrote them", "start the node, which makes them again")
    if position > last:
        return failed("views", f"at {position}, but the log ends at {last}", "stop the node and run: gitant rebuild")
    if position < last and patient.running is None:
        return warning("views", f"at {position} of {last}", "start the node, which goes on from there")
    return ok("views", f"at {position} of {last}")


def _secret(check: str, path: Path) -> Finding:
    if not path.exists():
        return ok(check, _NOT_YET)
    if path.stat().st_mode & _OTHERS:
        fix = f"chmod 600 {path}, and think about who may have read it"
        return failed(check, f"{path} is open to others ({_mode(path)})", fix)
    if not os.access(path, os.R_OK):
        return failed(check, f"{path} cannot be read", f"chmod 600 {path}, as its owner")
    return ok(check, f"{path.name}, mode {_mode(path)}")


def _asked(path: Path, question: str) -> Any:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        return connection.execute(question).fetchone()[0]


def _mode(path: Path) -> str:
    return f"{stat.S_IMODE(path.stat().st_mode):o}"
