"""A bundle as a file: where it is read from, and one that comes through a pipe is kept while it is looked at."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import tempfile
from collections import deque
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Final, final

from domain.errors import Conflict, InvalidInput, TooLarge, Unavailable
from replication.bundle.parts import BundleFault

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    from replication.bundle.filing import BundleReader
    from replication.messages import Message

STANDARD: Final = "-"
"""What stands for standard input and output."""
READ_BYTES: Final = 1 << 20


@contextmanager
def opened(name: str, spool: Path, free_bytes: Callable[[], int]) -> Generator[IO[bytes]]:
    """The bundle `name` as a file that can be read twice; of a pipe, a copy in `spool` that nothing is left of.

    Raises `InvalidInput` where there is none, and `TooLarge` where the disk has no room for what comes.
    """
    if name == STANDARD:
        with tempfile.TemporaryFile(dir=spool) as kept:
            _fill(kept, sys.stdin.buffer, free_bytes)
            yield kept
        return
    with _open(name) as file:
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            yield file
            return
        with tempfile.TemporaryFile(dir=spool) as kept:
            _fill(kept, file, free_bytes)
            yield kept


@contextmanager
def opened_once(name: str) -> Generator[IO[bytes]]:
    """The bundle `name` as bytes to be read from end to end."""
    if name == STANDARD:
        yield sys.stdin.buffer
        return
    with _open(name) as file:
        yield file


def _open(name: str) -> IO[bytes]:
    try:
        return open(name, "rb")  # noqa: PTH123  # the caller's `with` closes it
    except OSError as fault:
        raise InvalidInput(f"{name} cannot be read: {fault.strerror}") from fault


def _fill(kept: IO[bytes], source: IO[bytes], free_bytes: Callable[[], int]) -> None:
    try:
        while data := source.read(READ_BYTES):
            if free_bytes() < 2 * len(data):
                raise TooLarge("the disk of this node has no room for the bundle", hint="free some space")
            kept.write(data)
        kept.seek(0)
    except OSError as fault:
        raise Unavailable(f"the bundle could not be kept while it is looked at: {fault.strerror}") from fault


@final
class Twice:
    """A file that is read twice: what is taken the second time is what was checked the first."""

    def __init__(self) -> None:
        self._checked = deque[bytes]()

    def first(self, data: bytes) -> None:
        """The next bytes, for the first time."""
        self._checked.append(hashlib.sha256(data).digest())

    def again(self, data: bytes) -> None:
        """The next bytes once more; raises `Conflict` where somebody wrote to the file meanwhile."""
        if not self._checked or self._checked.popleft() != hashlib.sha256(data).digest():
            raise Conflict(
                "the bundle was changed while it was taken in",
                hint="what is taken by now was checked; take it in again from where nobody else may write",
            )


def parts_of(
    file: IO[bytes],
    reader: BundleReader,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
    see: Callable[[bytes], None] = lambda _: None,
) -> Iterator[Message]:
    """The parts of a bundle from where `file` stands to its end; raises `InvalidInput` for what is none.

    `see` is shown all bytes before they are looked at, in pieces that are the same each time.
    """
    total = os.fstat(file.fileno()).st_size
    done = 0
    try:
        while data := file.read(READ_BYTES):
            see(data)
            yield from reader.feed(data)
            done += len(data)
            progress(done, max(done, total))
        reader.close()
    except BundleFault as fault:
        raise refused(fault) from fault
    except OSError as fault:
        raise Unavailable(f"the bundle cannot be read: {fault.strerror}") from fault


def refused(fault: BundleFault) -> InvalidInput:
    """The same for a person."""
    return InvalidInput(f"the bundle is not taken: {fault}", hint="nothing of it was kept; have it made or sent again")
