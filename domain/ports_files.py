"""What is asked of files beyond their bytes: who wrote a line, what last changed an entry, languages, archives."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import BinaryIO

    from domain.ids import StreamId


@dataclass(frozen=True, slots=True)
class BlameRange:
    """Lines of a file that one commit wrote: `count` lines from `start` on, which were `original_start` on there.

    Lines are counted from 1. `previous` is the commit and path to ask next for what stood there before; None where the
    commit brought the file. With `boundary` the search ended here: the lines are of this commit or an older one.
    """

    start: int
    count: int
    commit: str
    original_path: str
    original_start: int
    previous: tuple[str, str] | None = None
    boundary: bool = False


@dataclass(frozen=True, slots=True)
class Blame:
    """Who wrote each line of a file, in line order; `complete` is false where a bound ended the search early."""

    ranges: tuple[BlameRange, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class LastCommits:
    """By entry name, the commit that last changed it; `complete` is false where a bound left some out."""

    commits: Mapping[str, str]
    complete: bool


class ArchiveFormat(StrEnum):
    """What an archive may be; the value is its suffix."""

    TAR = "tar"
    TAR_GZ = "tar.gz"
    ZIP = "zip"


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive that is made: its size, and the file, open at its beginning; whoever gets it closes it."""

    size: int
    file: BinaryIO


class FilesReader(Protocol):
    """The half of `GitReader` that computes instead of looking up; the same faults."""

    def object_size(self, repo: StreamId, oid: str) -> int:
        """An object's size in bytes, known without reading it."""
        ...

    def blame(self, repo: StreamId, rev: str, path: str) -> Blame:
        """Who wrote each line of a file, renames of the whole file followed: what `git blame` says."""
        ...

    def last_commits(self, repo: StreamId, rev: str, path: str) -> LastCommits:
        """Of each entry of a folder, the commit `git log -1 -- <entry>` shows."""
        ...

    def languages(self, repo: StreamId, rev: str) -> dict[str, int]:
        """Bytes by language of the files at `rev`; vendored, generated, binary files and documents left out."""
        ...


class Archives(Protocol):
    """Commits as archives, made once and kept for a while."""

    def tag(self, commit: str, prefix: str, form: ArchiveFormat) -> str:
        """The entity tag of an archive, with its quotes, whether or not it has been made."""
        ...

    def open(self, repo: StreamId, commit: str, prefix: str, form: ArchiveFormat) -> Archive:
        """The archive of `commit`, everything in a folder `prefix` (which ends in a slash).

        Takes long the first time: call it off the event loop. Raises `TooLarge` past a bound, `Unavailable` where
        there is no room on the disk.
        """
        ...
