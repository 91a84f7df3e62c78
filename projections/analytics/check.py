"""Does the file hold what the log and the views come to? Every table is made again and compared row by row."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import duckdb

from domain.errors import Unavailable
from projections.analytics.connection import writer
from projections.analytics.feed import catch_up, unfit
from projections.analytics.schema import TABLES

if TYPE_CHECKING:
    from projections.analytics.feed import Progress
    from projections.analytics.source import Source


def check(path: Path, source: Source, scratch: Path, progress: Progress | None = None) -> list[str]:
    """One line for each table that differs from a fresh one; nothing when all agree or no file is there.

    The file itself is not touched: a copy is brought up to date and compared.
    """
    if not path.exists():
        return []
    with TemporaryDirectory(prefix="analytics-check-", dir=scratch) as name:
        folder = Path(name)
        copy, fresh = folder / "copy.duckdb", folder / "fresh.duckdb"
        try:
            with writer(path, folder):
                # Held open so that nobody else writes while it is copied; closing a connection empties its WAL.
                shutil.copyfile(path, copy)
            with writer(copy, folder) as db:
                reason = unfit(db, source)
                if reason:
                    return [f"analytics feed: {reason}"]
                catch_up(db, source)
            with writer(fresh, folder) as db:
                catch_up(db, source, progress)
            return compare(copy, fresh)
        except (duckdb.Error, Unavailable) as fault:
            return [f"analytics: {fault}"]


def compare(copy: Path, fresh: Path) -> list[str]:
    """A line for each table in which two files differ."""
    with closing(duckdb.connect()) as db:
        db.execute("SET memory_limit = '128MB'")
        db.execute(f"SET temp_directory = '{_escaped(copy.parent / 'spill')}'")
        for alias, path in (("found", copy), ("wanted", fresh)):
            db.execute(f"ATTACH '{_escaped(path)}' AS {alias} (READ_ONLY)")
        differences: list[str] = []
        for name in (*(table.name for table in TABLES), "feed"):
            extra, missing = (_rows_only_in(db, name, a, b) for a, b in (("found", "wanted"), ("wanted", "found")))
            if extra or missing:
                differences.append(f"analytics {name}: {extra} rows it should not have, {missing} missing")
        return differences


def _rows_only_in(db: duckdb.DuckDBPyConnection, table: str, one: str, other: str) -> int:
    row = db.execute(
        f"SELECT count(*) FROM (SELECT * FROM {one}.{table} EXCEPT ALL SELECT * FROM {other}.{table})"
    ).fetchone()
    assert row is not None
    return int(row[0])


def _escaped(path: Path) -> str:
    return str(path).replace("'", "''")
