"""Checks on the log: its container, its durability, whose it is, and the node's own feeds in it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

from domain.keys import SigningKey
from gitant.doctor.finding import failed, ok, warning
from storage.keys import SEED_BYTES
from storage.owner import has_signed, owner_of
from storage.sqlite import connect_durably

if TYPE_CHECKING:
    from pathlib import Path

    from gitant.doctor.finding import Finding, Patient

LAST_POSITION: Final = "SELECT coalesce(max(rowid), 0) FROM stored_events"
WAL_BYTES_MAX: Final = 256 << 20
_NOT_YET: Final = "the log is not there yet"
_GAPS: Final = (
    "SELECT originator_id, count(*), max(originator_version) FROM stored_events WHERE originator_id LIKE ? "
    "GROUP BY originator_id"
)


def log_integrity(patient: Patient) -> Finding:
    """SQLite's own quick check; `gitant verify` checks what the events say."""
    path = patient.folder.log
    if not path.exists():
        return ok("log", _NOT_YET)
    try:
        complaint = asked(path, "PRAGMA quick_check(1)")
    except sqlite3.Error as fault:
        complaint = str(fault)
    if complaint != "ok":
        return failed("log", f"{path}: {complaint}", "run `gitant verify`, then restore the folder from a backup")
    return ok("log", f"sound, {asked(path, LAST_POSITION)} events")


def durability(patient: Patient) -> Finding:
    """Whether this file system lets SQLite do what an acknowledged write rests on."""
    path = patient.folder.log
    if not path.exists():
        return ok("durability", _NOT_YET)
    try:
        with closing(connect_durably(path)) as connection:
            mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
            synchronous = connection.execute("PRAGMA synchronous").fetchone()[0]
    except sqlite3.Error as fault:
        return failed("durability", str(fault), "keep the data folder on a local disk (no network or FUSE mount)")
    return ok("durability", f"journal {mode}, synchronous {synchronous} (FULL)")


def wal_size(patient: Patient) -> Finding:
    """A write-ahead log that grows without end has a reader that never ends."""
    grown = {path.name: size for path in _databases(patient) if (size := _wal_bytes(path)) > WAL_BYTES_MAX}
    if grown:
        seen = ", ".join(f"{name} has {size >> 20:,} MiB beside it" for name, size in grown.items())
        return warning("write-ahead logs", seen, "end programs that keep the databases open, then: gitant doctor --fix")
    total = sum(_wal_bytes(path) for path in _databases(patient))
    return ok("write-ahead logs", f"{total >> 10:,} KiB in all")


def owner(patient: Patient) -> Finding:
    """Whether `identity.key` is the key of the identity that this log was begun under."""
    key = own_key(patient)
    if key is None:
        return ok("owner", "there is no identity yet")
    written = owner_of(patient.folder)
    fix = "put the node's own identity.key back from a backup"
    if written is not None and written != key.did:
        return failed("owner", f"the folder is {written}'s, and identity.key is the key of {key.did}", fix)
    if not has_signed(patient.folder, key.device):
        return failed("owner", f"nothing in the log is signed with {key.did}", fix)
    return ok("owner", key.did)


def own_feeds(patient: Patient) -> Finding:
    """What this node has signed: every place in its feeds is filled once."""
    key = own_key(patient)
    if key is None or not patient.folder.log.exists():
        return ok("own feeds", "nothing is signed yet")
    with closing(sqlite3.connect(f"{patient.folder.log.as_uri()}?mode=ro", uri=True)) as log:
        rows = log.execute(_GAPS, (f"%/{key.device.hex()}/%",)).fetchall()
    forked = [feed for feed, _, _ in rows if not feed.endswith("/")]
    if forked:
        seen = f"{len(forked)} branches: this key has signed two events for one place"
        fix = "run `gitant verify`; was a backup restored, or the folder copied and both run? Then use one of them only"
        return failed("own feeds", seen, fix)
    if gaps := sum(1 for _, count, last in rows if count != last):
        return failed("own feeds", f"{gaps} have gaps", "run `gitant verify`, then restore the folder from a backup")
    return ok("own feeds", f"{len(rows)}, without gaps or forks")


def shorten_wal(patient: Patient) -> str:
    """Move what is in the write-ahead logs to their databases; harmless while a node runs."""
    for path in _databases(patient):
        with closing(sqlite3.connect(path, timeout=10)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    left = sum(_wal_bytes(path) for path in _databases(patient))
    return f"{left >> 10:,} KiB are left"


def asked(path: Path, question: str) -> Any:
    """One value from a database, which is opened for reading only."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        return connection.execute(question).fetchone()[0]


def _databases(patient: Patient) -> list[Path]:
    folder = patient.folder
    kept = (folder.log, folder.views, folder.local, folder.accounts, folder.audit)
    return [path for path in kept if path.exists()]


def _wal_bytes(path: Path) -> int:
    wal = path.with_name(f"{path.name}-wal")
    return wal.stat().st_size if wal.exists() else 0


def own_key(patient: Patient) -> SigningKey | None:
    """The node's key; None where there is none or no right one, which is another check's matter."""
    path = patient.folder.identity_key
    if not path.exists() or path.stat().st_size != SEED_BYTES:
        return None
    return SigningKey(path.read_bytes())
