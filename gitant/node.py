"""The composition root of an HTTP worker: which adapters it is made of.

The writer's half is `gitant.writer.opening`, which the supervisor's writer thread runs. Nothing else picks any.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, final

from api.app import create_app
from api.ports import ApiPorts, ApiSettings, NodeFacts
from domain.errors import NotFound
from gitant.doors import OperatorDoor
from gitant.gitgate import NodeGate
from gitant.plan import metrics_dir
from projections.reader import SqliteViews
from storage import keys
from storage.datadir import DataDir
from storage.git.packbuild import DulwichPacks
from storage.git.reader import DulwichReader
from storage.git.store import DiskGitStore
from storage.log.eventlog import SQLiteEventLog
from transport.git.app import git_app

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from gitant.asgi import ASGIApp
    from gitant.plan import Plan
    from gitant.writer.client import WriterClient


@final
@dataclass(frozen=True, slots=True)
class WorkerApps:
    """The two applications of an HTTP worker."""

    api: ASGIApp
    git: ASGIApp


@asynccontextmanager
async def worker_apps(plan: Plan, writer: WriterClient) -> AsyncGenerator[WorkerApps]:
    """A worker's applications, over its own readers and the one writer."""
    settings = plan.settings
    folder = DataDir(settings.data_dir)
    views = SqliteViews(folder.views)
    store = DiskGitStore(folder.repos, settings.caps)
    doors = OperatorDoor(keys.load_or_create_token(folder.operator_token), plan.did)
    reader = DulwichReader(folder.repos)
    log = _Log(folder)
    api = create_app(
        ApiPorts(
            views=views,
            writer=writer,
            git=reader,
            quarantine=store,
            packs=DulwichPacks(),
            doors=doors,
            event_bytes=log.event_bytes,
            node=NodeFacts(
                did=plan.did,
                version=plan.version,
                started_ms=plan.started_ms,
                free_bytes=folder.free_bytes,
                not_ready=lambda: ["the writer is gone"] if writer.closed.is_set() else [],
                free_bytes_min=settings.min_free,
                public_url=settings.public_url or None,
            ),
            settings=ApiSettings(body_bytes_max=settings.body_max),
            metrics_dir=metrics_dir(folder),
        )
    )
    git = git_app(NodeGate(views, writer, doors), store, settings.caps, agent=f"gitant/{plan.version}")
    try:
        async with api.lifespan():
            yield WorkerApps(api, git)
    finally:
        log.close()
        reader.close()


@final
class _Log:
    """The log for reading, opened when somebody asks: a worker is put together before the writer has made it."""

    def __init__(self, folder: DataDir) -> None:
        self._folder = folder
        self._lock = Lock()
        self._log: SQLiteEventLog | None = None

    def event_bytes(self, position: int) -> tuple[bytes, bytes, bytes | None]:
        """Header, signature and payload of the event at a position."""
        with self._lock:
            if self._log is None:
                self._log = SQLiteEventLog(self._folder.log, create=False)
        row = self._log.get(position)
        if row is None:
            raise NotFound(f"there is no event at position {position}")
        return row.header, row.signature, row.payload

    def close(self) -> None:
        if self._log is not None:
            self._log.close()
