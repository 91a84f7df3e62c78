"""Blobs on disk: `blobs/<2 digits>/<62 digits>` by SHA-256, and `blobs/incoming/<token>` while they arrive.

A blob appears under its name by one rename of a file that is whole and flushed. Storing the same bytes again replaces
them with themselves, so that what was damaged is mended and what is in use is new.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO, Final, final

from domain.errors import NotFound, TooLarge, Unavailable
from domain.ports_blobs import KeptBlob
from storage.files import flush_folder

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

INCOMING: Final = "incoming"
_FOLDER: Final = re.compile(r"[0-9a-f]{2}")
_FILE: Final = re.compile(r"[0-9a-f]{62}")
_FOLDER_MODE: Final = 0o700
_BLOB_MODE: Final = 0o400
_READ_BYTES: Final = 1 << 20


@final
class DiskBlobs:
    """The blobs in a folder, which is made when the first one is stored."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def draft(self, bytes_max: int) -> DiskBlobDraft:
        with _disk_faults():
            incoming = self._folder / INCOMING
            incoming.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
            return DiskBlobDraft(self._folder, incoming / secrets.token_hex(16), bytes_max)

    def size(self, name: bytes) -> int | None:
        try:
            return blob_path(self._folder, name).stat().st_size
        except FileNotFoundError:
            return None

    def open(self, name: bytes) -> BinaryIO:
        try:
            return blob_path(self._folder, name).open("rb")
        except FileNotFoundError:
            raise NotFound("the bytes of this attachment are not on this node") from None

    def is_sound(self, name: bytes) -> bool:
        digest = hashlib.sha256()
        with blob_path(self._folder, name).open("rb") as file:
            while block := file.read(_READ_BYTES):
                digest.update(block)
        return digest.digest() == name

    def kept(self) -> Iterator[KeptBlob]:
        for folder in _entries(self._folder):
            if not _FOLDER.fullmatch(folder.name):
                continue
            for entry in _entries(folder):
                if not _FILE.fullmatch(entry.name):
                    continue
                with suppress(FileNotFoundError):  # somebody may remove it meanwhile
                    found = entry.stat()
                    name = bytes.fromhex(folder.name + entry.name)
                    yield KeptBlob(name, found.st_size, found.st_mtime_ns // 1_000_000)

    def remove(self, name: bytes) -> None:
        blob_path(self._folder, name).unlink(missing_ok=True)

    def sweep(self, before_ms: int) -> int:
        gone = 0
        for path in _entries(self._folder / INCOMING):
            with suppress(FileNotFoundError):  # it may just have been finished
                if path.stat().st_mtime_ns // 1_000_000 < before_ms:
                    path.unlink()
                    gone += 1
        return gone


@final
class DiskBlobDraft:
    """A file that has no name yet by which it could be found."""

    def __init__(self, folder: Path, path: Path, bytes_max: int) -> None:
        self._folder = folder
        self._path = path
        self._bytes_max = bytes_max
        self._bytes = 0
        self._digest = hashlib.sha256()
        self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")

    def feed(self, chunk: bytes) -> None:
        self._bytes += len(chunk)
        if self._bytes > self._bytes_max:
            raise TooLarge(f"an attachment has at most {self._bytes_max:,} bytes", hint="push large files with git")
        self._digest.update(chunk)
        with _disk_faults():
            self._file.write(chunk)

    def finish(self) -> KeptBlob:
        name = self._digest.digest()
        path = blob_path(self._folder, name)
        with _disk_faults():
            self._file.flush()
            os.fchmod(self._file.fileno(), _BLOB_MODE)
            os.fsync(self._file.fileno())
            self._file.close()
            with suppress(FileExistsError):
                path.parent.mkdir(mode=_FOLDER_MODE)
                flush_folder(self._folder)
            self._path.rename(path)
            flush_folder(path.parent)
        return KeptBlob(name, self._bytes, time.time_ns() // 1_000_000)

    def discard(self) -> None:
        with suppress(OSError):  # what it still wanted to write has no place any more
            self._file.close()
        self._path.unlink(missing_ok=True)


def blob_path(folder: Path, name: bytes) -> Path:
    """Where the blob of that hash is, or would be."""
    assert len(name) == hashlib.sha256().digest_size
    digits = name.hex()
    return folder / digits[:2] / digits[2:]


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


@contextmanager
def _disk_faults() -> Generator[None]:
    try:
        yield
    except OSError as fault:
        words = f"the attachment could not be stored: {fault.strerror}"
        raise Unavailable(words, hint="free some space on the node's disk, or try again") from fault
