"""The analytics of a data folder: which files they are made from, and where their scratch space is."""

from __future__ import annotations

from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from gitant.current import current_views
from projections.analytics.ask import ask, export_parquet
from projections.analytics.check import check
from projections.analytics.connection import writer
from projections.analytics.feed import catch_up
from projections.analytics.source import Source
from storage.log.eventlog import SQLiteEventLog

if TYPE_CHECKING:
    from collections.abc import Generator

    from projections.analytics.ask import Result
    from projections.analytics.feed import Progress
    from storage.datadir import DataDir


def fed(folder: DataDir, views_progress: Progress, progress: Progress) -> None:
    """Bring the views to the end of the log, where no running node does it, and the analytics to the views."""
    with (
        _source(folder, views_progress) as source,
        _scratch(folder) as scratch,
        writer(folder.analytics, scratch) as db,
    ):
        catch_up(db, source, progress)


@contextmanager
def opened(folder: DataDir, sql: str, timeout_s: float) -> Generator[Result]:
    """One question to the analytics as they are."""
    with _scratch(folder) as scratch, ask(folder.analytics, sql, scratch, timeout_s=timeout_s) as result:
        yield result


def exported(folder: DataDir, sql: str, output: Path, timeout_s: float) -> None:
    """The rows of one question as a Parquet file."""
    with _scratch(folder) as scratch:
        export_parquet(folder.analytics, sql, scratch, output, timeout_s=timeout_s)


def checked(folder: DataDir, progress: Progress) -> list[str]:
    """How the analytics differ from what the log and the views come to."""
    if not folder.analytics.exists():
        return []
    with _source(folder, progress) as source, _scratch(folder) as scratch:
        return check(folder.analytics, source, scratch, progress)


@contextmanager
def _source(folder: DataDir, progress: Progress) -> Generator[Source]:
    with (
        closing(SQLiteEventLog(folder.log, create=False)) as log,
        current_views(folder, progress) as views,
        closing(Source(views, log)) as source,
    ):
        yield source


@contextmanager
def _scratch(folder: DataDir) -> Generator[Path]:
    """A folder for what does not fit into memory; gone afterwards."""
    folder.cache.mkdir(mode=0o700, exist_ok=True)
    with TemporaryDirectory(prefix="analytics-", dir=folder.cache) as name:
        yield Path(name)
