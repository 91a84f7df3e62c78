"""Checks on the data folder: modes, keys, free space, the disk it is on."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gitant.doctor.finding import failed, ok, warning
from storage.datadir import FILE_MODE, FOLDER_MODE
from storage.keys import SEED_BYTES

if TYPE_CHECKING:
    from gitant.doctor.finding import Finding, Patient

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_WRITERS = stat.S_IWGRP | stat.S_IWOTH
_NOT_YET = "not there yet"
INODES_LEAST: Final = 10_000
LEFTOVER_AGE_S: Final = 3_600
_NAMED_MAX: Final = 3
_LEFTOVER: Final = re.compile(r"\.[a-z.]+\.[0-9a-f]{16}|views\.sqlite\.new(-wal|-shm)?")
_NETWORK: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "vboxsf", "drvfs"}
)
_LOST_AT_RESTART: Final = frozenset({"tmpfs", "ramfs"})


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


def free_inodes(patient: Patient) -> Finding:
    """A disk with room may have no more names to give."""
    if not patient.folder.path.exists():
        return ok("free inodes", f"the data folder is {_NOT_YET}")
    found = os.statvfs(patient.folder.path)
    if not found.f_files:
        return ok("free inodes", "this file system does not count them")
    seen = f"{found.f_favail:,} of {found.f_files:,} are free"
    if found.f_favail < INODES_LEAST:
        return failed("free inodes", seen, "delete small files on that disk, or move the data folder to another")
    return ok("free inodes", seen)


def file_system(patient: Patient) -> Finding:
    """SQLite's locks and its write-ahead log need a local disk."""
    kind, mounted = _mount(patient.folder.path)
    seen = f"{kind or 'unknown'} at {mounted}"
    if kind in _NETWORK or kind.startswith("fuse."):
        return failed("file system", seen, "move the data folder to a local disk: locks are not to be relied on there")
    if kind in _LOST_AT_RESTART:
        return warning("file system", seen, "move the data folder to a disk: what is there is gone after a restart")
    return ok("file system", seen)


def file_modes(patient: Patient) -> Finding:
    """Logs, views and settings are nobody else's to write; that nobody else reads them is up to the folder's mode."""
    exposed = _exposed(patient)
    if exposed:
        names = ", ".join(path.name for path in exposed[:_NAMED_MAX])
        return failed(
            "file modes", f"others may write {len(exposed)}: {names}", f"chmod go-w {exposed[0]} (and the rest)"
        )
    return ok("file modes", "nobody else may write any")


def leftovers(patient: Patient) -> Finding:
    """What an interrupted run left and nobody will use."""
    found = _leftovers(patient)
    if found:
        names = ", ".join(path.name for path in found[:_NAMED_MAX])
        return warning("leftovers", f"{len(found)} found: {names}", "remove them: gitant doctor --fix")
    return ok("leftovers", "none")


def close_folder(patient: Patient) -> str:
    """Shut the folder to others."""
    patient.folder.path.chmod(FOLDER_MODE)
    return f"chmod 700 {patient.folder.path}"


def close_identity_key(patient: Patient) -> str:
    """Shut the key to others."""
    return _closed(patient.folder.identity_key)


def close_operator_token(patient: Patient) -> str:
    """Shut the token to others."""
    return _closed(patient.folder.operator_token)


def close_files(patient: Patient) -> str:
    """Take from others the right to write."""
    exposed = _exposed(patient)
    for path in exposed:
        path.chmod(stat.S_IMODE(path.stat().st_mode) & ~_WRITERS)
    return f"took from others the right to write {len(exposed)}"


def remove_leftovers(patient: Patient) -> str:
    """Remove what an interrupted run left, while no node is at work."""
    with patient.folder.lock():
        found = _leftovers(patient)
        for path in found:
            path.unlink(missing_ok=True)
    return f"removed {len(found)}"


def _closed(path: Path) -> str:
    path.chmod(FILE_MODE)
    return f"chmod 600 {path}; think about who may have read it"


def _exposed(patient: Patient) -> list[Path]:
    """The files right in the folder that others could write, were the folder open; secrets have their own checks."""
    secrets = {patient.folder.identity_key, patient.folder.operator_token}
    found = sorted(patient.folder.path.iterdir()) if patient.folder.path.exists() else []
    return [
        path
        for path in found
        if path.is_file() and not path.is_symlink() and path not in secrets and path.stat().st_mode & _WRITERS
    ]


def _leftovers(patient: Patient) -> list[Path]:
    folder = patient.folder
    if not folder.path.exists():
        return []
    before_s = patient.now_ms / 1000 - LEFTOVER_AGE_S
    found = [path for path in sorted(folder.path.iterdir()) if _LEFTOVER.fullmatch(path.name) and path.is_file()]
    old = [path for path in found if path.stat().st_mtime < before_s]
    stale = [folder.node_info] if patient.running is None and folder.node_info.exists() else []
    return [*stale, *old]


def _mount(path: Path) -> tuple[str, str]:
    """The type and place of the file system that holds `path`; Linux says so in one file."""
    try:
        lines = Path("/proc/self/mountinfo").read_text().splitlines()
    except OSError:
        return "", str(path)
    there = path if path.exists() else path.parent
    best = ("", "/")
    for line in lines:
        before, _, after = line.partition(" - ")
        mounted = before.split()[4].replace("\\040", " ")
        if there.resolve().is_relative_to(mounted) and len(mounted) >= len(best[1]):
            best = (after.split()[0], mounted)
    return best


def _secret(check: str, path: Path) -> Finding:
    if not path.exists():
        return ok(check, _NOT_YET)
    if path.stat().st_mode & _OTHERS:
        fix = f"chmod 600 {path}, and think about who may have read it"
        return failed(check, f"{path} is open to others ({_mode(path)})", fix)
    if not os.access(path, os.R_OK):
        return failed(check, f"{path} cannot be read", f"chmod 600 {path}, as its owner")
    return ok(check, f"{path.name}, mode {_mode(path)}")


def _mode(path: Path) -> str:
    return f"{stat.S_IMODE(path.stat().st_mode):o}"
