"""Checks on repositories and attachments: what the views name is on the disk, and sound as far as a look tells."""

from __future__ import annotations

import re
from contextlib import closing
from typing import TYPE_CHECKING, Final

from domain.ids import StreamId
from gitant.doctor.finding import failed, ok, warning
from projections.database import open_readonly
from storage.blobs import DiskBlobs
from storage.git.care.clearing import repositories
from storage.git.care.usage import DiskUse
from storage.git.packdir import PackDir
from storage.git.quarantine import QUARANTINE
from storage.git.store import DiskGitStore

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    from gitant.doctor.finding import Finding, Patient

REFS_LOOKED_AT_MAX: Final = 20_000
_FOLDER: Final = re.compile(r"([0-9a-f]{64})\.git")
_SHA1_BYTES: Final = 20
_START: Final = "start the node, which puts them right from the log"
_RESTORE: Final = "restore the repository's folder from a backup, or push what is missing again"
_LISTED_MAX: Final = 3
_MANY_TIMES: Final = 4
"""A node that tends its repositories does not let them have so many times as many packs as it may have."""


def folders(patient: Patient) -> Finding:
    """Every repository has its folder, and every folder its repository."""
    known, deleted = _known(patient, deleted=False), _known(patient, deleted=True)
    there = {
        StreamId(bytes.fromhex(match[1])) for match in map(_FOLDER.fullmatch, _names(patient.folder.repos)) if match
    }
    if missing := known - there:
        return failed("repository folders", f"{_some(missing)} missing", f"{_RESTORE}; then start the node")
    if orphans := there - known - deleted:
        seen = f"{_some(orphans)} belong to nothing in the log"
        return warning("repository folders", seen, "look into them with git, then move them out of the data folder")
    return ok("repository folders", f"{len(known)}, and each is there")


def refs(patient: Patient) -> Finding:
    """Refs on the disk are those of the log."""
    if patient.running is not None:
        return ok("refs", "a running node keeps them")
    store = DiskGitStore(patient.folder.repos)
    wrong = [
        repo for repo, wanted in _refs(patient).items() if store.path(repo).exists() and _differ(store, repo, wanted)
    ]
    if wrong:
        return warning("refs", f"{_some(wrong)} do not follow the log", _START)
    return ok("refs", "all follow the log")


def ref_objects(patient: Patient) -> Finding:
    """What the refs of the log point to is there."""
    missing: list[str] = []
    count = 0
    for repo, wanted in _refs(patient).items():
        objects = patient.folder.repos / f"{repo.hex()}.git" / "objects"
        if not objects.exists():
            continue
        with PackDir(objects) as there:
            for name, oid in wanted.items():
                count += 1
                if count <= REFS_LOOKED_AT_MAX and there.kind(oid) is None:
                    missing.append(f"{repo.hex()[:8]} {name}")
    if missing:
        listed = ", ".join(missing[:_LISTED_MAX])
        return failed("objects of refs", f"{len(missing)} refs point to nothing: {listed}", _RESTORE)
    return ok("objects of refs", f"{min(count, REFS_LOOKED_AT_MAX)} of {count} refs looked at")


def packs(patient: Patient) -> Finding:
    """Packs begin and end as their indexes say. `gitant repo check` reads every object."""
    found = sorted(patient.folder.repos.glob("*.git/objects/pack/*.pack")) if patient.folder.repos.exists() else []
    # A node that runs may have merged one into another meanwhile.
    bad = [path for path in found if not _looks_whole(path) and path.exists()]
    if bad:
        listed = ", ".join(str(path.relative_to(patient.folder.repos)) for path in bad[:_LISTED_MAX])
        return failed("packs", f"{len(bad)} damaged: {listed}", _RESTORE)
    return ok("packs", f"{len(found)}, whole as far as their ends tell")


def disk_use(patient: Patient) -> Finding:
    """What repositories take, and whether some are of more packs than a node lets them have."""
    use = DiskUse(patient.folder.repos)
    found = {repo: use.usage(repo) for repo in repositories(patient.folder.repos)}
    total = sum(usage.bytes for usage in found.values())
    largest = max(found, key=lambda repo: found[repo].bytes, default=None)
    most = f", {found[largest].bytes:,} of them {largest.stem[:12]}" if largest is not None and total else ""
    seen = f"{len(found)} repositories take {total:,} bytes{most}"
    bound = _MANY_TIMES * patient.settings.gc_packs_max
    scattered = [repo for repo, usage in found.items() if 0 < bound < usage.packs]
    if scattered:
        names = ", ".join(repo.stem[:12] for repo in scattered[:_LISTED_MAX])
        words = f"{seen}; {len(scattered)} have more than {bound} packs: {names}"
        return warning("disk use", words, "gitant gc --all; the node's log says why it has not done that itself")
    return ok("disk use", seen)


def quarantines(patient: Patient) -> Finding:
    """Pushes that a crash cut off."""
    found = _quarantines(patient)
    if found and patient.running is None:
        return warning("quarantines", f"{len(found)} pushes were cut off", f"{_START}, or: gitant doctor --fix")
    return ok("quarantines", "pushes are under way" if found else "none")


def attachments(patient: Patient) -> Finding:
    """The bytes of attachments are there, in their length."""
    if not patient.folder.views.exists():
        return ok("attachments", "there are none yet")
    blobs = DiskBlobs(patient.folder.blobs)
    rows = _asked(patient, "SELECT DISTINCT sha256, size FROM attachments WHERE redacted=0")
    missing = [name for name, size in rows if blobs.size(name) != size]
    if missing:
        names = ", ".join(name.hex()[:12] for name in missing[:_LISTED_MAX])
        return failed("attachments", f"{len(missing)} missing or cut short: {names}", "restore blobs/ from a backup")
    return ok("attachments", f"{len(rows)}, and each is there")


def drop_quarantines(patient: Patient) -> str:
    """Drop pushes that were cut off before they were checked, while no node is at work; a start sees to the others."""
    store = DiskGitStore(patient.folder.repos)
    dropped = 0
    with patient.folder.lock():
        for repo in {StreamId(bytes.fromhex(path.parent.parent.name[:64])) for path in _quarantines(patient)}:
            for leftover in store.leftovers(repo):
                if not leftover.finished:
                    store.discard(repo, leftover.token)
                    dropped += 1
    return f"dropped {dropped} that were never checked; the next start sees to the others"


def _known(patient: Patient, *, deleted: bool) -> set[StreamId]:
    if not patient.folder.views.exists():
        return set()
    rows = _asked(patient, "SELECT stream, deleted FROM repos")
    return {StreamId(stream) for stream, gone in rows if bool(gone) is deleted}


def _refs(patient: Patient) -> dict[StreamId, dict[str, str]]:
    """Of every repository that is not deleted, the refs that have one value."""
    wanted: dict[StreamId, dict[str, str]] = {repo: {} for repo in sorted(_known(patient, deleted=False))}
    if wanted:
        for stream, name, oid in _asked(patient, "SELECT stream, name, oid FROM refs WHERE oid IS NOT NULL"):
            if stream in wanted:
                wanted[StreamId(stream)][name] = oid.hex()
    return wanted


def _differ(store: DiskGitStore, repo: StreamId, wanted: dict[str, str]) -> bool:
    there = store.refs(repo)
    return any(there.get(name) != oid for name, oid in wanted.items())


def _asked(patient: Patient, question: str) -> list[sqlite3.Row]:
    with closing(open_readonly(patient.folder.views)) as connection:
        return connection.execute(question).fetchall()


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def _quarantines(patient: Patient) -> list[Path]:
    return sorted(patient.folder.repos.glob(f"*.git/{QUARANTINE}/*")) if patient.folder.repos.exists() else []


def _looks_whole(pack: Path) -> bool:
    """An index ends in the pack's checksum and its own; a pack ends in its own."""
    index = pack.with_suffix(".idx")
    if not index.exists() or not pack.exists():
        return False
    with pack.open("rb") as file:
        head = file.read(4)
        file.seek(-_SHA1_BYTES, 2)
        checksum = file.read()
    with index.open("rb") as file:
        file.seek(-2 * _SHA1_BYTES, 2)
        return head == b"PACK" and file.read(_SHA1_BYTES) == checksum


def _some(repos: set[StreamId] | list[StreamId]) -> str:
    names = sorted(repo.hex()[:12] for repo in repos)
    more = f" and {len(names) - _LISTED_MAX} more" if len(names) > _LISTED_MAX else ""
    return ", ".join(names[:_LISTED_MAX]) + more
