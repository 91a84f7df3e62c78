"""Opening `analytics.duckdb` so that it reaches no other file and no network, whatever is asked of it.

DuckDB lets one process write a file, or several read it. Nobody keeps it open: who asks takes it for that time.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import duckdb

from domain.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

MEMORY_MB_MAX: Final = 512
SPILL_MB_MAX: Final = 4_096
FEED_MEMORY_MB_MAX: Final = 128
_HOLDER = re.compile(r"\(PID (\d+)\)")


@dataclass(frozen=True, slots=True)
class Room:
    """What queries may take of the machine; with `threads` 0 as many processors as there are."""

    memory_mb: int = MEMORY_MB_MAX
    spill_mb: int = SPILL_MB_MAX
    threads: int = 0


WIDE: Final = Room()


class InUse(Unavailable):
    """Another process has the file open: wait, and it will have ended."""


@contextmanager
def writer(path: Path, scratch: Path) -> Generator[duckdb.DuckDBPyConnection]:
    """The file at `path`, made if it is missing; nobody else can open it meanwhile."""
    with _opened(path, read_only=False) as db:
        _confine(db, scratch, Room(FEED_MEMORY_MB_MAX))
        yield db


@contextmanager
def reader(
    path: Path, scratch: Path, *, timeout_s: float, output: Path | None = None, room: Room = WIDE
) -> Generator[duckdb.DuckDBPyConnection]:
    """The file at `path` for queries, which may write nothing but `output`; closed to writers meanwhile."""
    with _opened(path, read_only=True) as db:
        db.execute(f"SET max_execution_time = {int(timeout_s * 1000)}")
        _confine(db, scratch, room, output=output)
        yield db


@contextmanager
def _opened(path: Path, *, read_only: bool) -> Generator[duckdb.DuckDBPyConnection]:
    try:
        db = duckdb.connect(str(path), read_only=read_only)
    except duckdb.Error as fault:
        raise _unavailable(path, str(fault)) from fault
    try:
        yield db
    finally:
        db.close()


def _confine(db: duckdb.DuckDBPyConnection, scratch: Path, room: Room, *, output: Path | None = None) -> None:
    """Bound what the connection may use and reach, and lock that. Nothing is read from or put into a home folder."""
    # The database writes beside the target first, under this name, and renames.
    allowed = (
        "" if output is None else f"{_quoted(str(output))}, {_quoted(str(output.with_name('tmp_' + output.name)))}"
    )
    for setting, value in (
        ("home_directory", _quoted(str(scratch))),
        ("extension_directory", _quoted(str(scratch))),
        ("secret_directory", _quoted(str(scratch))),
        ("allow_persistent_secrets", "false"),
        ("autoinstall_known_extensions", "false"),
        ("autoload_known_extensions", "false"),
        ("allow_community_extensions", "false"),
        ("python_enable_replacements", "false"),
        ("TimeZone", "'UTC'"),
        ("memory_limit", f"'{room.memory_mb}MB'"),
        *([("threads", str(room.threads))] if room.threads else ()),
        ("temp_directory", _quoted(str(scratch / "spill"))),
        ("max_temp_directory_size", f"'{room.spill_mb}MB'"),
        ("allowed_paths", f"[{allowed}]"),
        ("enable_external_access", "false"),
        ("lock_configuration", "true"),
    ):
        db.execute(f"SET {setting} = {value}")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _unavailable(path: Path, fault: str) -> Unavailable:
    if "set lock" in fault:
        holder = _HOLDER.search(fault)
        who = f"process {holder[1]}" if holder else "another process"
        return InUse(
            f"{path} is in use: {who} is asking it something", hint="wait until that query has ended, then ask again"
        )
    if not path.exists():
        return Unavailable(f"{path} cannot be made", hint="check the folder's owner, mode and free space")
    return Unavailable(
        f"{path} cannot be read: {fault.splitlines()[0]}",
        hint="delete it: the next query makes it again from the log",
    )
