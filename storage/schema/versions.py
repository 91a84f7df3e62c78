"""A database's version is its `user_version`; a row of steps leads to the one this program knows.

Step number n makes version n of version n - 1, in one transaction with the number. What a step made is on people's
disks, so a step is never changed again: whatever comes to mind later is another step.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from domain.errors import Unavailable
from storage.faults import unavailable_on_fault
from storage.files import flush_folder
from storage.schema import accounts_v1, accounts_v2, accounts_v3, audit_v1, local_v1, local_v2, local_v3, log_v1, log_v2
from storage.sqlite import connect_durably, copy_database

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@final
@dataclass(frozen=True, slots=True)
class Schema:
    """One database: the steps that lead to the version this program reads and writes."""

    steps: tuple[Callable[[sqlite3.Connection], None], ...]
    readable_from: int = 0
    """The earliest version that may be read as it is: what came later is nothing that those who only read need."""

    @property
    def version(self) -> int:
        """The version this program knows."""
        return len(self.steps)


LOG = Schema((log_v1.make, log_v2.make), readable_from=1)
LOCAL = Schema((local_v1.make, local_v2.make, local_v3.make))
ACCOUNTS = Schema((accounts_v1.make, accounts_v2.make, accounts_v3.make))
AUDIT = Schema((audit_v1.make,))


def version_of(path: Path) -> int:
    """The version of the database at `path`; 0 for one that is not there, or was made before there were numbers."""
    if not path.exists():
        return 0
    with unavailable_on_fault(path):
        try:
            with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
                return _read(db)
        except sqlite3.OperationalError:
            # What a power cut left may first have to be mended, which takes a writer.
            with closing(sqlite3.connect(path)) as db:
                return _read(db)


def refuse_later(path: Path, version: int, schema: Schema) -> None:
    """Raise `Unavailable` if a later Gitant wrote the file: an older one does not know what to leave alone."""
    if version > schema.version:
        raise Unavailable(
            f"{path} was written by a later Gitant (schema {version}, this one knows {schema.version})",
            hint="update Gitant, or restore a backup that was made before",
        )


def refuse_earlier(path: Path, version: int, schema: Schema) -> None:
    """Raise `Unavailable` if the file at `path` has yet to be brought up, for those who must not do that."""
    if version < (schema.readable_from or schema.version):
        raise Unavailable(
            f"{path} was written by an earlier Gitant (schema {version}, this one uses {schema.version})",
            hint="start the node once, which brings it up to date: gitant serve",
        )


def bring_up(path: Path, schema: Schema) -> None:
    """Make the file at `path`, or bring it to this version. The caller holds the folder's lock.

    A file that has a version is copied to `<name>.v<version>` first, and the copy is kept.
    """
    # Not by `version_of`: what a power cut left of a file may first have to be mended, which takes a writer.
    with unavailable_on_fault(path), closing(connect_durably(path)) as db:
        version = _read(db)
        if version == schema.version:
            return
        refuse_later(path, version, schema)
        if version > 0:
            copy_database(path, path.with_name(f"{path.name}.v{version}"))
        for number, step in enumerate(schema.steps, 1):
            _take(db, number, step)
    flush_folder(path.parent)


def _take(db: sqlite3.Connection, number: int, step: Callable[[sqlite3.Connection], None]) -> None:
    db.execute("BEGIN IMMEDIATE")
    try:
        if _read(db) < number:
            step(db)
            db.execute(f"PRAGMA user_version = {number}")
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def _read(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])
