"""A node's data folder: what is in it, who serves it, and whether it is one at all."""

from __future__ import annotations

import fcntl
import json
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self, final

from domain.errors import Conflict, InvalidInput, Unavailable
from storage.files import flush_folder, replace

if TYPE_CHECKING:
    from pathlib import Path

FOLDER_MODE: Final = 0o700
FILE_MODE: Final = 0o600
_CLAIM_TRIES = 5
_CLAIM_PAUSE_S = 0.02


@dataclass(frozen=True, slots=True)
class NodeInfo:
    """The node that serves a folder; `url` is empty until it listens. `cert` is its own certificate, if it has one."""

    pid: int
    url: str
    cert: str = ""


@final
class NodeLock:
    """Held by the one process that serves a folder; the system frees it with the process."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def release(self) -> None:
        """Let another process serve the folder."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


@final
class DataDir:
    """The data folder at `path`. Only `create`, `lock` and `write_node_info` change anything."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.log = self.path / "log.sqlite"
        self.views = self.path / "views.sqlite"
        self.analytics = self.path / "analytics.duckdb"
        self.local = self.path / "local.sqlite"
        self.accounts = self.path / "accounts.sqlite"
        self.audit = self.path / "audit.sqlite"
        self.repos = self.path / "repos"
        self.blobs = self.path / "blobs"
        self.cache = self.path / "cache"
        self.identity_key = self.path / "identity.key"
        self.operator_token = self.path / "operator.token"
        self.config = self.path / "config.toml"
        self.node_info = self.path / "node.json"
        self.lock_file = self.path / "node.lock"

    def create(self) -> None:
        """Make the folder and those in it, or check that what is there is a node's."""
        try:
            self._refuse_foreign()
            if not self.path.exists():
                self.path.mkdir(mode=FOLDER_MODE, parents=True)
                flush_folder(self.path.parent)
            for folder in (self.repos, self.blobs, self.cache):
                folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
            flush_folder(self.path)
        except OSError as fault:
            raise Unavailable(
                f"{self.path} cannot be used as a data folder: {fault.strerror}",
                hint="choose another with --data-dir, or mend its owner, mode or free space",
            ) from fault

    def check(self) -> None:
        """Raise `InvalidInput` unless a node was started here before."""
        if not self.log.is_file():
            raise InvalidInput(
                f"{self.path} is not a node's data folder: it has no {self.log.name}",
                hint="name the folder that `gitant serve` was given with --data-dir",
            )

    def lock(self) -> NodeLock:
        """Claim the folder for this process, or raise `Conflict` with who has it."""
        descriptor = self._claim_patiently()
        if descriptor is None:
            raise Conflict(f"{self.path} is already served by {self._server()}", hint="use that node, or stop it first")
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self.node_info.unlink(missing_ok=True)
        return NodeLock(descriptor)

    def write_node_info(self, url: str, cert: str = "") -> None:
        """Say where this process, which holds the lock, can be reached."""
        told = {"pid": os.getpid(), "url": url, **({"cert": cert} if cert else {})}
        replace(self.node_info, json.dumps(told).encode() + b"\n", FILE_MODE)

    def running(self) -> NodeInfo | None:
        """The node that serves this folder now, if one does."""
        if not self.lock_file.exists():
            return None
        descriptor = self._claim()
        if descriptor is not None:
            os.close(descriptor)
            return None
        return self._read_node_info()

    def free_bytes(self) -> int:
        """How much more this process may write to the folder's disk."""
        found = os.statvfs(self.path)
        return found.f_bavail * found.f_frsize

    def _refuse_foreign(self) -> None:
        if not self.path.exists():
            return
        if not self.path.is_dir():
            raise InvalidInput(f"{self.path} is a file", hint="give --data-dir a folder that is empty or not there yet")
        names = {entry.name for entry in self.path.iterdir()}
        if self.log.name in names:
            return
        left = names & {self.views.name, self.analytics.name}
        if self.repos.name in names and any(self.repos.iterdir()):
            left.add(self.repos.name)
        if left:
            raise Unavailable(
                f"{self.path} has lost its {self.log.name}, without which {', '.join(sorted(left))} mean nothing",
                hint="restore the log from a backup, or move the folder away to begin a new node",
            )
        known = {path.name for path in vars(self).values()} | {"lost+found"}
        if foreign := {name for name in names - known if not name.startswith(".")}:
            raise InvalidInput(
                f"{self.path} is not a node's data folder: it holds {min(foreign)}",
                hint="give --data-dir a folder that is empty or not there yet",
            )

    def _claim_patiently(self) -> int | None:
        # `running` takes the lock for a moment in order to look, which must not fail a start.
        for _ in range(_CLAIM_TRIES):
            descriptor = self._claim()
            if descriptor is not None:
                return descriptor
            time.sleep(_CLAIM_PAUSE_S)
        return None

    def _claim(self) -> int | None:
        """The lock's descriptor, or None when another process has it."""
        try:
            descriptor = os.open(self.lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        except OSError as fault:
            raise Unavailable(
                f"{self.lock_file} cannot be opened: {fault.strerror}", hint="check the owner and mode of the folder"
            ) from fault
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def _server(self) -> str:
        info = self._read_node_info()
        pid = f"pid {info.pid}" if info.pid else "another process"
        return f"{pid} ({info.url})" if info.url else pid

    def _read_node_info(self) -> NodeInfo:
        try:
            told = json.loads(self.node_info.read_bytes())
            return NodeInfo(int(told["pid"]), str(told["url"]), str(told.get("cert", "")))
        except (OSError, ValueError, KeyError, TypeError):
            return NodeInfo(self._locker(), "")

    def _locker(self) -> int:
        """The process that took the lock and does not listen yet; 0 when it has not written that."""
        try:
            return int(self.lock_file.read_text())
        except (OSError, ValueError):
            return 0
