"""What is known of jobs: a small file each, which every worker can read, and a lock that says somebody is at it.

    cache/imports/<job>.json      how far it is
    cache/imports/<job>.lock      locked by the process that runs it, and free when that is gone
    cache/imports/<job>.cancel    there when it is to end
    cache/imports/<key>.asked     which job an Idempotency-Key began
    cache/imports/<job>.ticket    the path of a local folder, left by `gitant repo import`

Nothing here holds a credential.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, final

import msgspec

from domain.errors import Conflict, InvalidInput
from domain.ports_imports import ImportFault, ImportJob
from storage.files import replace

if TYPE_CHECKING:
    from collections.abc import Callable

KEPT_S: Final = 7 * 86_400.0
TICKET_KEPT_S: Final = 3_600.0
_FRESH_S: Final = 60.0
"""A lock is made before it is locked."""
_MODE: Final = 0o600
_TOKEN: Final = re.compile(r"[0-9a-f]{32}")
_GONE: Final = ImportFault("the node stopped while it was importing", "begin again")


@final
class Claim:
    """A job that this process is at."""

    def __init__(self, book: Book, job: str, descriptor: int) -> None:
        self.job = job
        self._book = book
        self._descriptor = descriptor

    @property
    def cancelled(self) -> bool:
        """Whether somebody wants it to end."""
        return self._book.file(self.job, "cancel").exists()

    def release(self) -> None:
        """Be done with it."""
        for suffix in ("cancel", "lock"):
            self._book.file(self.job, suffix).unlink(missing_ok=True)
        os.close(self._descriptor)


@final
class Book:
    """The jobs of one data folder."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._clock = clock
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def file(self, job: str, suffix: str) -> Path:
        """One of a job's files; a job's name comes from anywhere and must not be a path."""
        if not _TOKEN.fullmatch(job):
            raise InvalidInput(f"{job!r} is not a job", hint="its id is 32 hexadecimal digits")
        return self._folder / f"{job}.{suffix}"

    def now(self) -> str:
        """The time, as jobs have it."""
        return datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def claim(self) -> Claim:
        """A new job, which is this process's until released."""
        job = secrets.token_hex(16)
        descriptor = os.open(self.file(job, "lock"), os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _MODE)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return Claim(self, job, descriptor)

    def save(self, job: ImportJob) -> None:
        """Tell how far it is, as of now."""
        job.updated_at = self.now()
        replace(self.file(job.id, "json"), msgspec.json.encode(job), _MODE)

    def load(self, job: str) -> ImportJob | None:
        """How far it is. One that nobody is at any more has failed."""
        found = self._read(job)
        if found is None or found.ended or self._is_alive(job):
            return found
        # It may have ended between the two looks: what it wrote last is what counts.
        found = self._read(job) or found
        if found.ended:
            return found
        return msgspec.structs.replace(found, state="failed", phase="ended", error=_GONE)

    def cancel(self, job: str) -> None:
        """Have whoever is at it end it."""
        if self._is_alive(job):
            self.file(job, "cancel").touch(_MODE)

    def tidy(self) -> None:
        """Forget what ended long ago, and what nobody is at any more."""
        for path in self._folder.iterdir():
            with suppress(OSError, InvalidInput):
                age_s = self._clock() - path.stat().st_mtime
                job, _, suffix = path.name.partition(".")
                if suffix in {"json", "asked"} and age_s < KEPT_S:
                    continue
                if suffix in {"lock", "cancel", "json"} and (age_s < _FRESH_S or self._is_alive(job)):
                    continue
                if suffix == "ticket" and age_s < TICKET_KEPT_S:
                    continue
                path.unlink()

    def note(self, key: bytes, fingerprint: bytes, job: str) -> None:
        """Remember which job was begun with an Idempotency-Key, and what was asked with it."""
        told = json.dumps([fingerprint.hex(), job]).encode()
        replace(self.file(key.hex()[:32], "asked"), told, _MODE)

    def asked(self, key: bytes, fingerprint: bytes) -> ImportJob | None:
        """The job that was begun with that key; `Conflict` if something else was asked with it."""
        try:
            known, job = json.loads(self.file(key.hex()[:32], "asked").read_bytes())
        except (OSError, ValueError):
            return None
        if known != fingerprint.hex():
            raise Conflict(
                "this Idempotency-Key was used for another request", hint="use a new key for each new request"
            )
        return self.load(job)

    def leave_ticket(self, path: Path) -> str:
        """Name a local folder for the node to import; the ticket."""
        ticket = secrets.token_hex(16)
        replace(self.file(ticket, "ticket"), json.dumps(str(path)).encode(), _MODE)
        return ticket

    def take_ticket(self, ticket: str) -> Path:
        """The folder a ticket names; it is good for once."""
        path = self.file(ticket, "ticket")
        try:
            told = json.loads(path.read_bytes())
            path.unlink()
        except (OSError, ValueError):
            raise InvalidInput("there is no such ticket in this node's data folder", field="ticket") from None
        return Path(str(told))

    def _read(self, job: str) -> ImportJob | None:
        try:
            return msgspec.json.decode(self.file(job, "json").read_bytes(), type=ImportJob)
        except (OSError, msgspec.DecodeError):
            return None

    def _is_alive(self, job: str) -> bool:
        try:
            descriptor = os.open(self.file(job, "lock"), os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False
