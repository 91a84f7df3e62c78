"""What SQLite and the disk complain about, as `Unavailable` with words on what to do."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from eventsourcing.persistence import ConnectionPoolClosedError, ConnectionUnavailableError, PersistenceError

from domain.errors import DiskFull, Unavailable

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

_PRIMARY_CODE = 0xFF
"""SQLite's extended codes carry the primary one in their low byte."""

_CODELESS = -1
"""Faults that `storage` finds itself: a pragma that did not take, a row that reads back differently."""

_WORDS = {
    sqlite3.SQLITE_FULL: (
        "the disk that holds {path} is full",
        "free some space and try again; nothing that was acknowledged is lost",
    ),
    sqlite3.SQLITE_IOERR: (
        "{path} cannot be read or written: {fault}",
        "look at the system's log for disk errors and at quotas (ulimit -f); nothing acknowledged is lost",
    ),
    sqlite3.SQLITE_BUSY: (
        "{path} is held by another process",
        "end the program that has it open (a backup, a SQLite shell) and try again",
    ),
    sqlite3.SQLITE_READONLY: ("{path} cannot be written", "check its owner and mode, and those of its folder"),
    sqlite3.SQLITE_PERM: ("{path} cannot be opened", "check its owner and mode, and those of its folder"),
    sqlite3.SQLITE_CANTOPEN: (
        "{path} cannot be opened",
        "check that its folder exists and may be written, and how many files may be open (ulimit -n)",
    ),
    sqlite3.SQLITE_CORRUPT: (
        "{path} is damaged: {fault}",
        "restore the data folder from a backup, or copy the log again from another node",
    ),
    sqlite3.SQLITE_NOTADB: ("{path} is not a SQLite database", "point the data folder at one Gitant made"),
    _CODELESS: (
        "{path} cannot be trusted: {fault}",
        "keep the data folder on a local disk that honours locks and flushes (no network or FUSE mount)",
    ),
}


@contextmanager
def unavailable_on_fault(path: Path) -> Generator[None]:
    """Turn what the disk, the file or another process is to blame for into `Unavailable`.

    Our own bugs (a constraint broken, a wrong statement) pass through untouched.
    """
    try:
        yield
    except ConnectionPoolClosedError as fault:
        raise Unavailable(f"{path} was closed", hint="the node is stopping; try again later") from fault
    except ConnectionUnavailableError as fault:
        raise _unavailable(path, sqlite3.SQLITE_BUSY, fault) from fault
    except (sqlite3.Error, PersistenceError) as fault:
        cause = fault if isinstance(fault, sqlite3.Error) else fault.__cause__
        code = _primary_code(cause)
        if code in _WORDS:
            raise _unavailable(path, code, cause) from fault
        raise


def _primary_code(cause: BaseException | None) -> int:
    code: int | None = getattr(cause, "sqlite_errorcode", None)
    return _CODELESS if code is None else code & _PRIMARY_CODE


def _unavailable(path: Path, code: int, fault: BaseException | None) -> Unavailable:
    message, hint = _WORDS[code]
    sort = DiskFull if code == sqlite3.SQLITE_FULL else Unavailable
    return sort(message.format(path=path, fault=fault), hint=hint)
