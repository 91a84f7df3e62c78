"""Taking a backup of a node that may be running and written to (docs/design/backup.md)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias, final

from domain.canonical import decode_own
from domain.errors import InvalidInput, Unavailable
from domain.keys import SigningKey
from gitant.backup.draft import Draft
from gitant.backup.manifest import (
    FORMAT,
    MANIFEST,
    Manifest,
    read_manifest,
    read_sums,
    write_manifest,
    write_sums,
)
from gitant.backup.snapshot import take_snapshot
from gitant.plan import DISTRIBUTION
from projections.tables import FOLD_VERSION
from storage import keys
from storage.blobs import DiskBlobs, blob_path
from storage.faults import unavailable_on_fault
from storage.git.keeping import object_files
from storage.git.store import DiskGitStore
from storage.log.cutting import cut_after
from storage.schema.versions import version_of
from storage.sqlite import copy_database

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from domain.ids import Did
    from gitant.backup.snapshot import Repository, Snapshot
    from storage.datadir import DataDir

LOOKS_MAX: Final = 5
"""How often a repository is looked at again because files moved meanwhile."""


Progress: TypeAlias = Callable[[int, int], None]
"""Is told (done, in all)."""


class Tickers(Protocol):
    """Makes what is told of one step's progress."""

    def __call__(self, what: str, /) -> AbstractContextManager[Progress]: ...


def silent(_: str) -> AbstractContextManager[Progress]:
    """Tells nobody anything."""
    return nullcontext(lambda _done, _all: None)


def take(
    folder: DataDir, target: Path, now_ms: int, *, older: Path | None = None, tickers: Tickers = silent
) -> Manifest:
    """Make the backup `target` of the node in `folder`; what is in it.

    Packs and blobs that the backup `older` has are shared with it. Raises `LocalFault` for a target that is in use or
    inside the folder, and leaves nothing behind then.
    """
    refuse_inside(folder, target)
    _refuse_incomplete(folder)
    base = None if older is None else _older(folder, older)
    with Draft(target) as draft, unavailable_on_fault(folder.path):
        # Before the log: an account whose identity is not in the log's copy is then still to publish it.
        for local in (folder.accounts, folder.audit):
            if local.exists():
                copy_database(local, draft.path / local.name)
                draft.note(local.name)
        with tickers("events into the views") as ticker:
            now = take_snapshot(folder, ticker)
        if base is not None and base.position > now.position:
            raise InvalidInput(
                f"{base.path} is at position {base.position}, and this node at {now.position}",
                hint="--onto takes an earlier backup of the same node",
            )
        with tickers("pages of the log") as ticker:
            copy_database(folder.log, draft.path / folder.log.name, ticker)
        cut_after(draft.path / folder.log.name, now.position, lambda answer: decode_own(answer)[0] > now.position)
        copy_database(folder.local, draft.path / folder.local.name)
        for made in (folder.log, folder.local):
            draft.note(made.name)
        for kept in (folder.identity_key, folder.operator_token, folder.config):
            if kept.exists():
                draft.copy(kept, kept.name)
        with tickers("bytes of packs and blobs") as ticker:
            lacking = _Objects(folder, draft, base, ticker).copy(now)
        manifest = _manifest(folder, draft, now, now_ms, lacking)
        write_sums(draft.path, {**draft.sums, MANIFEST: write_manifest(draft.path, manifest)})
        draft.finish()
    return manifest


def refuse_inside(folder: DataDir, target: Path) -> None:
    """Raise `InvalidInput` for a backup in the folder it is of: what happens to the one would happen to the other."""
    if target.absolute().parent.resolve().is_relative_to(folder.path.resolve()):
        raise InvalidInput(f"{target} is inside the data folder", hint="put backups elsewhere, best on another disk")


def _refuse_incomplete(folder: DataDir) -> None:
    for needed in (folder.identity_key, folder.local):
        if not needed.exists():
            raise Unavailable(
                f"{folder.path} has no {needed.name}, so a backup of it could not be restored",
                hint="put it back from an older backup, or start the node once: gitant serve",
            )


def _older(folder: DataDir, path: Path) -> _Older:
    manifest = read_manifest(path)
    if manifest.did != _did(folder):
        raise InvalidInput(
            f"{path} is a backup of another node", hint="--onto takes an earlier backup of the same node"
        )
    return _Older(path, manifest.position, read_sums(path))


def _did(folder: DataDir) -> Did:
    return SigningKey(keys.load_or_create(folder.identity_key)).did


def _manifest(folder: DataDir, draft: Draft, now: Snapshot, now_ms: int, lacking: list[str]) -> Manifest:
    return Manifest(
        format=FORMAT,
        gitant=metadata.version(DISTRIBUTION),
        made_at=datetime.fromtimestamp(now_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        did=_did(folder),
        position=now.position,
        last_event=now.last_event,
        fold_version=FOLD_VERSION,
        schemas={
            path.name: version_of(draft.path / path.name)
            for path in (folder.log, folder.local, folder.accounts, folder.audit)
        },
        files=len(draft.sums) + 1,
        bytes=draft.bytes,
        linked_bytes=draft.linked_bytes,
        lacking=lacking,
        streams=list(now.streams),
    )


@final
@dataclass(frozen=True, slots=True)
class _Older:
    """An older backup."""

    path: Path
    position: int
    sums: Mapping[str, str]


@final
class _Objects:
    """Copies packs and blobs, and makes the repositories of a backup."""

    def __init__(self, folder: DataDir, draft: Draft, older: _Older | None, progress: Progress) -> None:
        self._folder = folder
        self._draft = draft
        self._older = older
        self._progress = progress
        self._store = DiskGitStore(draft.path / folder.repos.name)
        self._done = 0
        self._all = 0

    def copy(self, now: Snapshot) -> list[str]:
        """Copy everything; which objects of refs, and bytes of attachments, the node itself does not have."""
        blobs = self._blobs()
        self._all = sum(size for _, _, size in blobs)
        lacking = [f"{repo.id.hex()} {oid}" for repo in now.repositories for oid in self._repository(repo)]
        for name, path, _ in blobs:
            # One that nothing names any more may have been dropped meanwhile.
            with suppress(FileNotFoundError):
                self._file(path, name)
        root = self._folder.blobs
        for digest in sorted(now.attached):
            name = f"{root.name}/{blob_path(root, digest).relative_to(root)}"
            if self._draft.sums.get(name) != digest.hex():
                lacking.append(f"blob {digest.hex()}")
        return lacking

    def _repository(self, repo: Repository) -> list[str]:
        path, root = self._store.path(repo.id), self._folder.repos
        if repo.deleted and not (root / path.name).exists():
            return []
        self._store.create(repo.id)
        held = set[str]()
        lacking = set(repo.refs.values())
        for _ in range(LOOKS_MAX):
            held |= self._look(root, path.name, repo, held)
            lacking = {oid for oid in lacking if not self._store.has(repo.id, oid)}
            if not lacking:
                break
        self._store.set_refs(repo.id, repo.refs, head=repo.head)
        for made in ("HEAD", "config", "packed-refs"):
            self._draft.note(f"{root.name}/{path.name}/{made}")
        return [] if repo.deleted else sorted(lacking)

    def _look(self, root: Path, name: str, repo: Repository, held: set[str]) -> set[str]:
        """Copy what is there and not yet held; what that was. A file that has moved is left for the next look."""
        found = object_files(root, root / name, set(repo.refs.values()))
        copied = set[str]()
        for inner in sorted(found.keys() - held):
            try:
                self._all += found[inner].stat().st_size
                self._file(found[inner], f"{root.name}/{name}/{inner}")
            except FileNotFoundError:
                continue
            copied.add(inner)
        return copied

    def _blobs(self) -> list[tuple[str, Path, int]]:
        """By name, those that have arrived."""
        root = self._folder.blobs
        paths = [(blob_path(root, kept.name), kept.size) for kept in DiskBlobs(root).kept()]
        return [(f"{root.name}/{path.relative_to(root)}", path, size) for path, size in sorted(paths)]

    def _file(self, source: Path, name: str) -> None:
        older = self._older
        if older is not None and self._draft.link(older.path, name, older.sums, source.stat().st_size):
            self._tick(source.stat().st_size)
            return
        self._draft.copy(source, name, self._tick)

    def _tick(self, count: int) -> None:
        self._done += count
        self._progress(self._done, self._all)
