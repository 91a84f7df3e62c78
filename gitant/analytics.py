"""The analytics of a data folder: which files they are made from, and where their scratch space is."""

from __future__ import annotations

from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from projections.analytics.ask import ask, export_parquet
from projections.analytics.check import check
from projections.analytics.connection import writer
from projections.analytics.feed import catch_up
from projections.analytics.source import Source
from projections.database import open_readonly
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
        scratch(folder) as spill,
        writer(folder.analytics, spill) as db,
    ):
        catch_up(db, source, progress)


def fed_beside(folder: DataDir) -> None:
    """As `fed`, of a node that is running and keeps its views at the end of the log itself."""
    with (
        closing(SQLiteEventLog(folder.log, create=False)) as log,
        closing(open_readonly(folder.views)) as views,
        closing(Source(views, log)) as source,
        scratch(folder) as spill,
        writer(folder.analytics, spill) as db,
    ):
        catch_up(db, source)


@contextmanager
def opened(folder: DataDir, sql: str, timeout_s: float) -> Generator[Result]:
    """One question to the analytics as they are."""
    with scratch(folder) as spill, ask(folder.analytics, sql, spill, timeout_s=timeout_s) as result:
        yield result


def exported(folder: DataDir, sql: str, output: Path, timeout_s: float) -> None:
    """The rows of one question as a Parquet file."""
    with scratch(folder) as spill:
        export_parquet(folder.analytics, sql, spill, output, timeout_s=timeout_s)


def checked(folder: DataDir, progress: Progress) -> list[str]:
    """How the analytics differ from what the log and the views come to."""
    if not folder.analytics.exists():
        return []
    with _source(folder, progress) as source, scratch(folder) as spill:
        return check(folder.analytics, source, spill, progress)


@contextmanager
def _source(folder: DataDir, progress: Progress) -> Generator[Source]:
    from gitant.current import current_views  # slow to import, and not needed beside a node

    with (
        closing(SQLiteEventLog(folder.log, create=False)) as log,
        current_views(folder, progress) as views,
        closing(Source(views, log)) as source,
    ):
        yield source


@contextmanager
def scratch(folder: DataDir) -> Generator[Path]:
    """A folder for what does not fit into memory; gone afterwards."""
    folder.cache.mkdir(mode=0o700, exist_ok=True)
    with TemporaryDirectory(prefix="analytics-", dir=folder.cache) as name:
        yield Path(name)
