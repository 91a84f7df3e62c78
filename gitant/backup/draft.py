"""A folder in the making: it gets its name when all of it is there, and what a kill left of one is cleared away."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from typing import IO, TYPE_CHECKING, Final, Self, final

from domain.errors import Conflict, InvalidInput, Unavailable
from gitant.backup.manifest import READ_BYTES, digest_of
from storage.datadir import FILE_MODE, FOLDER_MODE
from storage.files import flush_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from types import TracebackType

PARTIAL: Final = ".partial"
LOCK: Final = "node.lock"
"""Named as in a data folder, which a restored one becomes."""
_PACK_MODE: Final = 0o444
_BLOB_MODE: Final = 0o400


@final
class Draft:
    """`<target>.partial` until `finish`; with `with`, it is removed if the block ends in a fault.

    Files are added by their path relative to the folder; `sums` has the SHA-256 of each.
    """

    def __init__(self, target: Path) -> None:
        self._target = placed(target)
        self.path = self._target.with_name(self._target.name + PARTIAL)
        self.sums: dict[str, str] = {}
        self.bytes = 0
        self.linked_bytes = 0
        _refuse_used(self._target)
        self._lock = _claimed(self.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()

    def copy(self, source: Path, name: str, progress: Callable[[int], None] = lambda _: None) -> None:
        """Copy a file, hashing it on the way; raises `FileNotFoundError` where there is none (any more).

        `progress` gets the bytes of each step.
        """
        with source.open("rb") as reading:
            target = self._made(name)
            digest = hashlib.sha256()
            with target.open("xb") as writing:
                while data := reading.read(READ_BYTES):
                    digest.update(data)
                    writing.write(data)
                    progress(len(data))
                writing.flush()
                os.fsync(writing.fileno())
        target.chmod(_mode_of(name))
        self._count(name, digest.hexdigest(), target.stat().st_size)

    def link(self, older: Path, name: str, sums: Mapping[str, str], size: int) -> bool:
        """Share an older backup's file of that name and size; False where it has none or links cannot be made."""
        source = older / name
        if name not in sums or not source.is_file() or source.stat().st_size != size:
            return False
        try:
            self._made(name).hardlink_to(source)
        except OSError:
            return False
        self.linked_bytes += size
        self._count(name, sums[name], size)
        return True

    def note(self, name: str) -> None:
        """Take in a file that was made in its place."""
        path = self.path / name
        with path.open("rb") as file:
            os.fsync(file.fileno())
        path.chmod(FILE_MODE)
        self._count(name, digest_of(path), path.stat().st_size)

    def finish(self, *, keep_lock: bool = False) -> None:
        """Flush the folders and give the whole its name."""
        if not keep_lock:
            (self.path / LOCK).unlink()
        for folder, _, _ in os.walk(self.path, topdown=False):
            flush_folder(self.path.__class__(folder))
        _refuse_used(self._target)
        self.path.rename(self._target)
        flush_folder(self._target.parent)

    def _made(self, name: str) -> Path:
        target = self.path / name
        target.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        target.unlink(missing_ok=True)  # the first half of one whose source went away while it was copied
        return target

    def _count(self, name: str, digest: str, size: int) -> None:
        self.sums[name] = digest
        self.bytes += size


def _mode_of(name: str) -> int:
    """What is named for its content is not to be written; everything else is its owner's alone."""
    if "/objects/" in name:
        return _PACK_MODE
    return _BLOB_MODE if name.startswith("blobs/") else FILE_MODE


def placed(target: Path) -> Path:
    """Where a folder is to be, without `..`. The last name is not followed, so that a link is seen as one."""
    return target.resolve() if target.name in ("", "..") else target.parent.resolve() / target.name


def _refuse_used(target: Path) -> None:
    """Only a folder that is not there, or is empty, may be filled."""
    if not target.parent.is_dir():
        raise InvalidInput(f"{target.parent} is not a folder that is there", hint="make it first")
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise InvalidInput(f"{target} is there already, and is no folder", hint="name a folder that is not there yet")
    if target.is_dir() and any(target.iterdir()):
        raise InvalidInput(f"{target} is there already, and not empty", hint="name a folder that is not there yet")


def clear_draft(path: Path) -> None:
    """Remove what a kill left of a draft; raises `LocalFault` if somebody is at it, or it is no draft."""
    if path.is_symlink() or not (path / LOCK).is_file():
        raise InvalidInput(f"{path} is in the way", hint="it is none of Gitant's: move it away, or choose another name")
    with _locked(path):
        shutil.rmtree(path)


def _claimed(path: Path) -> IO[bytes]:
    """The lock of a fresh draft; an abandoned one of that name is cleared."""
    if path.is_symlink() or path.exists():
        clear_draft(path)
    try:
        path.mkdir(mode=FOLDER_MODE)
    except OSError as fault:
        hint = f"look at the owner, the mode and the free space of {path.parent}"
        raise Unavailable(f"{path} cannot be made: {fault.strerror}", hint=hint) from fault
    return _locked(path)


def _locked(path: Path) -> IO[bytes]:
    lock = (path / LOCK).open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise Conflict(f"another process is making {path}", hint="wait until it is done, or end it") from None
    return lock
