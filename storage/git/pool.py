"""Open repositories for many reader threads: each thread has a handle to itself while it reads."""

from __future__ import annotations

import threading
from collections import OrderedDict
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from domain.errors import Damaged, LocalFault, NotFound
from storage.git.objects import Objects
from storage.git.read_limits import IDLE_HANDLES_MAX, REMEMBERED_HISTORIES_MAX

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from domain.ids import StreamId
    from storage.git.history import Known


@dataclass(frozen=True, slots=True, eq=False)
class Handle:
    """A repository open for one thread, and what is remembered of its commits by all threads."""

    folder: tuple[Path, int, int]
    """Path, device and inode: a folder removed and made again is another repository."""
    objects: Objects
    known: Known


@final
class HandlePool:
    """Lends handles; keeps the most recently used ones open, closes the others."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._idle: list[Handle] = []
        self._histories: OrderedDict[tuple[Path, int, int], Known] = OrderedDict()
        self._closed = False

    @contextmanager
    def use(self, repo: StreamId) -> Generator[Handle]:
        """The repository, open, for the calling thread alone; `NotFound` if it is not on this disk."""
        handle = self._take(repo)
        try:
            yield handle
        except BaseException as fault:
            if isinstance(fault, LocalFault) and not isinstance(fault, Damaged):
                self._give_back(handle)
            else:
                with suppress(BufferError):  # the traceback may still hold what is to be closed
                    handle.objects.close()  # it may be what is broken
            raise
        self._give_back(handle)

    def close(self) -> None:
        """Close what is idle now, and what is in use when it comes back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for handle in idle:
            handle.objects.close()

    def idle_count(self) -> int:
        """How many handles are open and unused."""
        with self._lock:
            return len(self._idle)

    def _take(self, repo: StreamId) -> Handle:
        path = self._root / f"{repo.hex()}.git"
        try:
            found = (path / "objects").stat()
        except (FileNotFoundError, NotADirectoryError):
            raise NotFound(f"the files of repository {repo.hex()} are not on this node") from None
        folder = (path, found.st_dev, found.st_ino)
        with self._lock:
            for handle in reversed(self._idle):
                if handle.folder == folder:
                    self._idle.remove(handle)
                    return handle
            known = self._histories.setdefault(folder, {})
            self._histories.move_to_end(folder)
            if len(self._histories) > REMEMBERED_HISTORIES_MAX:
                self._histories.popitem(last=False)
        return Handle(folder, Objects(path), known)

    def _give_back(self, handle: Handle) -> None:
        surplus = handle
        with self._lock:
            if not self._closed:
                self._idle.append(handle)
                if len(self._idle) <= IDLE_HANDLES_MAX:
                    return
                surplus = self._idle.pop(0)
        surplus.objects.close()
