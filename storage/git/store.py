"""The repositories of this node, as folders that stock git can read, too."""

from __future__ import annotations

import os
import secrets
import shutil
from typing import TYPE_CHECKING, Final, final

from dulwich.object_store import DiskObjectStore
from dulwich.objects import ObjectID, Tag

from domain.ports_git import AdvertisedRef, PackCaps
from storage.files import flush_folder, replace
from storage.git.advances import advancing
from storage.git.indexer import SKIP_FILE
from storage.git.landed import landed
from storage.git.packdir import PackDir
from storage.git.packed_refs import TornRefs, point, read_refs, write_head, write_refs
from storage.git.quarantine import (
    QUARANTINE,
    DiskQuarantine,
    leftovers,
    publish_quarantine,
    quarantine_folder,
    remove_quarantine,
)
from storage.git.staging import adopt, share, staged_folder, staged_leftovers

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from domain.ids import StreamId
    from domain.ports_git import Leftover
    from storage.git.packed_refs import PackedRef
    from storage.git.quarantine import TableMaker

_FOLDERS: Final = ("objects/pack", "objects/info", "refs/heads", "refs/tags", QUARANTINE)
_CONFIG: Final = """\
[core]
\trepositoryformatversion = 0
\tfilemode = false
\tbare = true
\tlogAllRefUpdates = false
[gc]
\tauto = 0
"""
_UNBORN: Final = "refs/heads/main"
_TAG_CHAIN_MAX: Final = 64
_BURIED: Final = ".deleted"


@final
class DiskGitStore:
    """`GitStore` over one folder: `<root>/<repository id>.git`.

    Quarantines may be made and discarded in any process. Everything else that writes belongs to the one writer.
    """

    def __init__(
        self, root: Path, caps: PackCaps | None = None, *, git: str = "git", tables: TableMaker | None = None
    ) -> None:
        """With `tables`, what is received gets its tables before it is published."""
        self._tables = tables
        self._root = root
        self._caps = caps or PackCaps()
        self._git = git

    def path(self, repo: StreamId) -> Path:
        return self._root / f"{repo.hex()}.git"

    def create(self, repo: StreamId) -> None:
        """Make an empty bare repository; a half-made one is completed."""
        path = self.path(repo)
        for folder in _FOLDERS:
            (path / folder).mkdir(parents=True, exist_ok=True)
        config = path / "config"
        if not config.exists() or config.read_text() != _CONFIG:
            config.write_text(_CONFIG)
        if not (path / "HEAD").exists() or not (path / "HEAD").read_bytes().startswith(b"ref: refs/"):
            write_head(path, _UNBORN)
        for changed in (path / "objects", path, self._root):
            flush_folder(changed)

    def holds(self, repo: StreamId) -> bool:
        return self.path(repo).is_dir()

    def delete(self, repo: StreamId) -> None:
        """Remove the repository; from one moment to the next it is gone, whatever cuts the clearing short."""
        self.bury(repo)
        doomed = self._buried(repo)
        if doomed.exists():
            shutil.rmtree(doomed)

    def bury(self, repo: StreamId) -> None:
        """Take the repository away at once; its files go when somebody clears up."""
        doomed = self._buried(repo)
        if self.path(repo).exists():
            if doomed.exists():
                shutil.rmtree(doomed)
            self.path(repo).rename(doomed)
            flush_folder(self._root)

    def clear_buried(self) -> None:
        """Remove the files of what was buried; harmless beside everything else, and takes its time."""
        for doomed in self._root.glob(f"*{_BURIED}"):
            shutil.rmtree(doomed, ignore_errors=True)

    def _buried(self, repo: StreamId) -> Path:
        return self._root / f"{repo.hex()}{_BURIED}"

    def stage(self) -> DiskStaging:
        """A place for the objects of a repository that is to come."""
        token = secrets.token_hex(16)
        folder = staged_folder(self._root, token)
        for name in ("objects/pack", QUARANTINE):
            (folder / name).mkdir(parents=True)
        # What git takes for a repository: it reads no object of it, and there is none.
        (folder / "refs").mkdir()
        (folder / "HEAD").write_text(f"ref: {_UNBORN}\n")
        return DiskStaging(folder, token, self._caps, git=self._git, tables=self._tables)

    def fork(self, origin: StreamId, tips: Sequence[str]) -> str:
        """Stage what is in the past of `tips`, sharing the origin's packs; the token."""
        token = secrets.token_hex(16)
        try:
            share(self.path(origin), staged_folder(self._root, token), token, tips, self._caps, git=self._git)
        except BaseException:
            self.unstage(token)
            raise
        return token

    def staged(self) -> list[Leftover]:
        return list(staged_leftovers(self._root))

    def adopt(self, repo: StreamId, token: str) -> None:
        adopt(staged_folder(self._root, token), token, self.path(repo))

    def unstage(self, token: str) -> None:
        shutil.rmtree(staged_folder(self._root, token), ignore_errors=True)

    def excuse(self, repo: StreamId, oids: Iterable[str]) -> None:
        """Note which objects later pushes may bring although they have old faults."""
        path, lines = self.path(repo) / SKIP_FILE, "".join(f"{oid}\n" for oid in sorted(oids)).encode()
        if lines and (not path.exists() or path.read_bytes() != lines):
            replace(path, lines, 0o600)

    def quarantine(self, repo: StreamId, *, hasty: bool = False) -> DiskQuarantine:
        return DiskQuarantine(
            self.path(repo), secrets.token_hex(16), self._caps, git=self._git, tables=self._tables, hasty=hasty
        )

    def publish(self, repo: StreamId, token: str) -> None:
        publish_quarantine(self.path(repo), token)

    def discard(self, repo: StreamId, token: str) -> None:
        remove_quarantine(self.path(repo), token)

    def leftovers(self, repo: StreamId) -> list[Leftover]:
        return leftovers(self.path(repo))

    def set_refs(self, repo: StreamId, refs: Mapping[str, str], *, head: str) -> None:
        """Make the refs equal `refs` and HEAD point to the branch `head` (`main` or `refs/heads/main`)."""
        path = self.path(repo)
        try:
            old = read_refs(path)
        except TornRefs:
            old = {}
        if {name: ref.oid for name, ref in old.items()} != dict(refs) or not (path / "packed-refs").exists():
            self._write(path, refs, old)
        write_head(path, head if head.startswith("refs/") else f"refs/heads/{head}")

    def move_refs(self, repo: StreamId, moves: Mapping[str, str | None]) -> None:
        path = self.path(repo)
        old = read_refs(path)
        new = {name: ref.oid for name, ref in old.items()}
        for name, oid in moves.items():
            if oid is None:
                new.pop(name, None)
            else:
                new[name] = oid
        self._write(path, new, old)

    def refs(self, repo: StreamId) -> dict[str, str]:
        return {name: ref.oid for name, ref in read_refs(self.path(repo)).items()}

    def advertised(self, repo: StreamId) -> list[AdvertisedRef]:
        refs = read_refs(self.path(repo))
        return [AdvertisedRef(name, *refs[name]) for name in sorted(refs, key=os.fsencode)]

    def has(self, repo: StreamId, oid: str) -> bool:
        with PackDir(self.path(repo) / "objects") as objects:
            return objects.kind(oid) is not None

    def kinds(self, repo: StreamId, oids: Sequence[str]) -> dict[str, str]:
        with PackDir(self.path(repo) / "objects") as objects:
            return {oid: kind for oid in oids if (kind := objects.kind(oid)) is not None}

    def landed(self, repo: StreamId, old: str | None, new: str, token: str | None) -> list[tuple[str, str]]:
        """Newest first; bounded as `storage/git/landed.py` says."""
        path = self.path(repo)
        fresh = [] if token is None else [quarantine_folder(path, token)]
        return landed([*fresh, path / "objects"], old, new)

    def advancing(
        self, repo: StreamId, moves: Collection[tuple[str, str]], token: str | None
    ) -> frozenset[tuple[str, str]]:
        path = self.path(repo)
        fresh = None if token is None else quarantine_folder(path, token)
        return advancing(path, fresh, moves, self._caps, git=self._git)

    @staticmethod
    def _write(path: Path, new: Mapping[str, str], old: Mapping[str, PackedRef]) -> None:
        objects = DiskObjectStore(path / "objects")
        try:
            with PackDir(path / "objects") as kinds:
                write_refs(path, point(new, old, _peeler(objects, kinds)))
        finally:
            objects.close()


@final
class DiskStaging:
    """`Staging`: one quarantine in a folder of its own, which goes with it."""

    def __init__(self, folder: Path, token: str, caps: PackCaps, *, git: str, tables: TableMaker | None) -> None:
        self.token = token
        self._folder = folder
        self._quarantine = DiskQuarantine(folder, token, caps, git=git, lenient=True, tables=tables)

    @property
    def progress(self) -> str:
        return self._quarantine.progress

    @property
    def counts(self) -> tuple[int, int]:
        return self._quarantine.counts

    @property
    def excused(self) -> dict[str, list[str]]:
        return self._quarantine.excused

    def feed(self, chunk: bytes) -> None:
        self._quarantine.feed(chunk)

    def finish(self, new_tips: Sequence[str]) -> dict[str, str]:
        return self._quarantine.finish(new_tips)

    def discard(self) -> None:
        self._quarantine.discard()
        shutil.rmtree(self._folder, ignore_errors=True)


def _peeler(objects: DiskObjectStore, kinds: PackDir) -> Callable[[str], str | None]:
    """What a tag leads to in the end; None for what is no tag, and for what is not here (yet)."""

    def peel(oid: str) -> str | None:
        kind, peeled = kinds.kind(oid), oid
        for _ in range(_TAG_CHAIN_MAX):
            if kind != "tag":
                return peeled if kind is not None and peeled != oid else None
            tag = objects[ObjectID(peeled.encode())]
            assert isinstance(tag, Tag)
            peeled = tag.object[1].decode()
            kind = kinds.kind(peeled)
        return None

    return peel
