"""Archives on disk: made once, whole, beside their place, and kept until there is no more room for them."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import threading
import zlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, final

from domain.errors import Unavailable
from domain.ports_files import Archive, ArchiveFormat
from storage.git import commits
from storage.git.archive.entries import entries
from storage.git.archive.tar import tar
from storage.git.archive.zip import zip_archive
from storage.git.objects import COMMIT
from storage.git.read_limits import ARCHIVES_KEPT_BYTES_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.ids import StreamId
    from storage.git.objects import Objects
    from storage.git.pool import HandlePool

FORMAT_VERSION: Final = 1
"""Raise it when other bytes are written for a commit: tags and files of before mean nothing then."""
_PREFIX_CHARS: Final = 12
_REFERENCE: Final = "e588bb8e"
"""What `_deflate_fingerprint` says of zlib."""
_HALF_MADE: Final = "half-made-"


@final
class ArchiveStore:
    """Keeps archives in `folder`, which any number of processes may share."""

    def __init__(self, pool: HandlePool, folder: Path, *, kept_bytes_max: int = ARCHIVES_KEPT_BYTES_MAX) -> None:
        self._pool = pool
        self._folder = folder
        self._kept_bytes_max = kept_bytes_max
        self._making = threading.Lock()
        """One is made at a time in a process: who waits for the same one finds it made."""

    def tag(self, commit: str, prefix: str, form: ArchiveFormat) -> str:
        """See `domain.ports_files.Archives`."""
        return f'"{self._name(commit, prefix, form)}"'

    def open(self, repo: StreamId, commit: str, prefix: str, form: ArchiveFormat) -> Archive:
        """See `domain.ports_files.Archives`."""
        path = self._folder / repo.hex() / self._name(commit, prefix, form)
        found = _opened(path)
        if found is not None:
            return found
        with self._making:
            found = _opened(path)
            if found is not None:
                return found
            with self._pool.use(repo) as handle:
                pieces = _pieces(handle.objects, commit.encode(), prefix.encode("utf-8", "surrogateescape"), form)
                made = self._made(path, pieces)
        self._make_room()
        return made

    @staticmethod
    def _name(commit: str, prefix: str, form: ArchiveFormat) -> str:
        own = hashlib.sha256(prefix.encode("utf-8", "surrogateescape")).hexdigest()[:_PREFIX_CHARS]
        deflate = (
            "" if form is ArchiveFormat.TAR or _deflate_fingerprint() == _REFERENCE else f"-{_deflate_fingerprint()}"
        )
        return f"{commit}-{own}-{FORMAT_VERSION}{deflate}.{form}"

    def _made(self, path: Path, pieces: Iterator[bytes]) -> Archive:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(prefix=_HALF_MADE, dir=path.parent)
        except OSError as fault:
            raise _no_room(fault) from fault
        try:
            with os.fdopen(descriptor, "wb") as file:
                for piece in pieces:
                    file.write(piece)
            made = _opened(Path(name))
            assert made is not None
            with contextlib.suppress(FileNotFoundError):  # another process made room, and nobody keeps it then
                Path(name).rename(path)
        except OSError as fault:
            _drop(name)
            raise _no_room(fault) from fault
        except BaseException:
            _drop(name)
            raise
        return made

    def _make_room(self) -> None:
        """Delete what was asked for longest ago, and what a process left half-made when it died."""
        kept: list[tuple[float, int, Path]] = []
        for path in self._folder.glob("*/*"):
            with contextlib.suppress(FileNotFoundError):
                found = path.stat()
                kept.append((found.st_mtime, found.st_size, path))
        left = self._kept_bytes_max
        for _, size, path in sorted(kept, reverse=True):
            left -= size
            if left < 0:
                path.unlink(missing_ok=True)


def _opened(path: Path) -> Archive | None:
    try:
        file = path.open("rb")
    except (FileNotFoundError, NotADirectoryError):
        return None
    os.utime(file.fileno())  # it was asked for now
    return Archive(os.fstat(file.fileno()).st_size, file)


def _pieces(objects: Objects, commit: bytes, prefix: bytes, form: ArchiveFormat) -> Iterator[bytes]:
    time = max(0, commits.meta(objects.typed(commit, COMMIT)).time)
    members = entries(objects, commit, prefix)
    if form is ArchiveFormat.ZIP:
        return zip_archive(members, commit, time)
    plain = tar(members, commit, time)
    return plain if form is ArchiveFormat.TAR else _gzipped(plain)


def _gzipped(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """In one member without a name or a time: the header says Unix wherever this runs."""
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    checksum = size = 0
    yield b"\x1f\x8b\x08\0\0\0\0\0\0\x03"
    for piece in pieces:
        checksum = zlib.crc32(piece, checksum)
        size += len(piece)
        yield deflate.compress(piece)
    yield deflate.flush()
    yield checksum.to_bytes(4, "little") + (size & 0xFFFFFFFF).to_bytes(4, "little")


@cache
def _deflate_fingerprint() -> str:
    """Which deflate this is, by what it makes of some text: other implementations than zlib's make other bytes."""
    text = b"".join(b"%d squared is %d\n" % (number, number * number) for number in range(20_000))
    return f"{zlib.crc32(zlib.compress(text)):08x}"


def _no_room(fault: OSError) -> Unavailable:
    return Unavailable(f"the archive cannot be kept: {fault.strerror}", hint="try again later, or clone the repository")


def _drop(name: str) -> None:
    with contextlib.suppress(OSError):
        Path(name).unlink()
