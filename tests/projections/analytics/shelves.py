"""A log, its views and its analytics in one folder, for tests that feed them step by step."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import duckdb

from domain.ports_log import new_row
from gitant.writer.catchup import catch_up as catch_views_up
from projections.analytics.connection import writer
from projections.analytics.feed import catch_up
from projections.analytics.schema import TABLES
from projections.analytics.source import Source
from projections.database import open_readonly, open_writable
from projections.projector import Projector
from projections.source import LogSource
from storage.log.eventlog import SQLiteEventLog

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from domain.envelope import Event


class Shelves:
    """What a data folder has of them; `arrive` is the writer, `feed` a query that begins."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.log = SQLiteEventLog(folder / "log.sqlite")
        self.views = folder / "views.sqlite"
        self.analytics = folder / "analytics.duckdb"
        self._projector = Projector(open_writable(self.views), LogSource(self.log))

    def arrive(self, events: Sequence[Event]) -> None:
        """Store events and show them."""
        self.log.append([new_row(event) for event in events])
        catch_views_up(self._projector, self.log)

    def source(self) -> closing[Source]:
        """The views as they are now."""
        return closing(Source(open_readonly(self.views), self.log))

    def feed(self, path: Path | None = None) -> None:
        """Bring the analytics (or others beside them) up to date."""
        with self.source() as source, writer(path or self.analytics, self.folder) as db:
            catch_up(db, source)

    def tables(self, path: Path | None = None) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table."""
        with closing(duckdb.connect(str(path or self.analytics), read_only=True)) as db:
            names = [*(table.name for table in TABLES), "feed"]
            return {name: db.execute(f"SELECT * FROM {name} ORDER BY ALL").fetchall() for name in names}

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """The answer of DuckDB, with nothing of ours in between."""
        with closing(duckdb.connect(str(self.analytics), read_only=True)) as db:
            return db.execute(sql).fetchall()

    def fresh(self) -> dict[str, list[tuple[Any, ...]]]:
        """What the tables come to when they are begun from nothing."""
        path = self.folder / "fresh.duckdb"
        path.unlink(missing_ok=True)
        self.feed(path)
        return self.tables(path)

    def close(self) -> None:
        self.log.close()
        self._projector.shelf.connection.close()
