"""The composition root of an HTTP worker: which adapters it is made of.

The writer's half is `gitant.writer.opening`, which the supervisor's writer thread runs. Nothing else picks any.
"""

from __future__ import annotations

import os
import shutil
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, final

from api.app import create_app
from api.ports import ApiPorts, ApiSettings, NodeFacts
from api.routes.stream import FEED
from api.site import SITE
from domain.actor import Actor
from domain.errors import NotFound
from gitant.counting import counted, tally_of
from gitant.entering import guarded, peers_door
from gitant.following import WriterChanges
from gitant.gatehouse import Gatehouse
from gitant.gitgate import NodeGate
from gitant.imports.book import Book
from gitant.imports.importer import Importer
from gitant.insight.analyst import Analyst
from gitant.limits import CODE_INDEX_WAIT_S, CODE_PATIENCE_S
from gitant.network.awaited import PeersAwaited
from gitant.network.needed import has_peers_set
from gitant.network.peering import NodePeering
from gitant.numbers import NodeNumbers
from gitant.plan import imports_dir, metrics_dir
from gitant.reception.names import NodeNames
from gitant.reception.parts import AccountParts
from gitant.settings_shown import shown
from gitant.writer.request import PEERS
from projections.code_follow import behind
from projections.database import open_readonly
from projections.reader import SqliteViews
from storage.blobs import DiskBlobs
from storage.datadir import DataDir
from storage.git.by_git import ByGit
from storage.git.engine.keeping import KeptTables
from storage.git.engine.serving import EngineServing
from storage.git.engine.shelf import Shelf
from storage.git.packbuild import DulwichPacks
from storage.git.reader import DulwichReader
from storage.git.store import DiskGitStore
from transport.git.app import git_app
from transport.outbound.addresses import Allowed

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
    from pathlib import Path

    from api.live.feed import Feed
    from api.site import Site
    from gitant.asgi import ASGIApp
    from gitant.plan import Plan
    from gitant.writer.client import WriterClient
    from storage.log.eventlog import SQLiteEventLog


@final
@dataclass(frozen=True, slots=True)
class WorkerApps:
    """The two applications of an HTTP worker."""

    api: ASGIApp
    git: ASGIApp
    peers: ASGIApp
    end_streams: Callable[[], None]
    """Answers that would go on for ever end now; their clients go on with another worker."""
    prepare: Callable[[], Awaitable[None]]
    """Gets ready what takes long the first time."""


@asynccontextmanager
async def worker_apps(plan: Plan, writer: WriterClient) -> AsyncGenerator[WorkerApps]:
    """A worker's applications, over its own readers and the one writer."""
    settings = plan.settings
    folder = DataDir(settings.data_dir)
    accounts = AccountParts(folder)
    views = SqliteViews(folder.views, code_patience_s=CODE_PATIENCE_S, names=NodeNames(accounts.names, plan.did))
    tables = KeptTables()
    store = DiskGitStore(folder.repos, settings.caps, git=shutil.which("git") or "git", tables=tables)
    gatehouse = Gatehouse(plan, folder, accounts, views, writer)
    reader = DulwichReader(folder.repos, tables)
    log = _Log(folder)
    importer = _importer(plan, folder, store, views, writer)
    analyst = Analyst(folder.path)
    peering = NodePeering(
        folder, plan.did, settings.host, settings.peer_port, partial(writer.send, PEERS, Actor(operator=True), {})
    )
    api = create_app(
        ApiPorts(
            views=views,
            writer=writer,
            git=reader,
            quarantine=store,
            blobs=DiskBlobs(folder.blobs),
            packs=DulwichPacks(),
            archives=reader.archives(folder.cache / "archives"),
            doors=gatehouse.doors,
            event_bytes=log.event_bytes,
            payloads=log.payloads,
            node=_facts(plan, folder, writer),
            settings=ApiSettings(
                body_bytes_max=settings.body_max,
                attachment_bytes_max=settings.attachment_max,
                attachments_bytes_max=settings.attachments_max,
            ),
            accounts=gatehouse.accounts,
            tokens=gatehouse.tokens,
            journal=gatehouse.journal,
            refusals=gatehouse.refusals,
            imports=importer,
            entrance=gatehouse.entrance,
            changes=WriterChanges(writer),
            peering=peering,
            insight=analyst,
            agents=gatehouse.agents,
            metrics_dir=metrics_dir(folder),
        )
    )
    # Tables that take long are made by the care of repositories, which begins with those that are asked for.
    plain = ByGit(settings.caps, git=shutil.which("git") or "git")
    serving = EngineServing(store, tables, Shelf(folder.cache / "packs"), plain)
    gate = NodeGate(views, writer, gatehouse.doors)
    smart = git_app(gate, store, serving, settings.caps, agent=f"gitant/{plan.version}")
    git = guarded(counted(smart, tally_of(api)), gatehouse.entrance)
    try:
        async with api.lifespan():
            feed: Feed = api.state[FEED]
            site: Site = api.state[SITE]
            serving.warm_up()
            try:
                yield WorkerApps(api, git, peers_door(settings, folder), feed.end, site.prepare)
            finally:
                await analyst.close()
                await importer.close()
                await gatehouse.refusals.close()
    finally:
        serving.close()
        peering.close()
        log.close()
        reader.close()
        gatehouse.close()


def _facts(plan: Plan, folder: DataDir, writer: WriterClient) -> NodeFacts:
    return NodeFacts(
        did=plan.did,
        version=plan.version,
        started_ms=plan.started_ms,
        free_bytes=folder.free_bytes,
        not_ready=_Readiness(folder.views, writer).reasons,
        peers_not_ready=PeersAwaited(folder, by_settings=has_peers_set(plan.settings)).reasons,
        free_bytes_min=plan.settings.min_free,
        public_url=plan.settings.public_url or None,
        numbers=NodeNumbers(folder, os.getppid(), plan.settings.tls_cert),
        settings=partial(shown, plan.settings),
    )


def _importer(plan: Plan, folder: DataDir, store: DiskGitStore, views: SqliteViews, writer: WriterClient) -> Importer:
    settings = plan.settings
    return Importer(
        Book(imports_dir(folder)),
        store,
        views,
        writer,
        allowed=Allowed.parse(settings.import_allow),
        seconds_max=settings.import_s_max,
        caps=settings.caps,
        agent=f"gitant/{plan.version}",
        git=shutil.which("git") or "git",
    )


@final
class _Log:
    """The log for reading, opened when somebody asks: a worker is put together before the writer has made it."""

    def __init__(self, folder: DataDir) -> None:
        self._folder = folder
        self._lock = Lock()
        self._log: SQLiteEventLog | None = None

    def event_bytes(self, position: int) -> tuple[bytes, bytes, bytes | None]:
        """Header, signature and payload of the event at a position."""
        row = self._opened().get(position)
        if row is None:
            raise NotFound(f"there is no event at position {position}")
        return row.header, row.signature, row.payload

    def payloads(self, positions: Sequence[int]) -> dict[int, bytes | None]:
        """The payloads of the events at these positions."""
        return {row.position: row.payload for row in self._opened().by_positions(positions)}

    def _opened(self) -> SQLiteEventLog:
        with self._lock:
            if self._log is None:
                from storage.log.eventlog import SQLiteEventLog  # seldom needed, and slow to import

                self._log = SQLiteEventLog(self._folder.log, create=False)
        return self._log

    def close(self) -> None:
        if self._log is not None:
            self._log.close()


@final
class _Readiness:
    """What keeps a worker from being ready. The code index counts until it has caught up once: later pushes do not."""

    def __init__(self, views: Path, writer: WriterClient) -> None:
        self._views = views
        self._writer = writer
        self._indexed = False
        self._until = time.monotonic() + CODE_INDEX_WAIT_S

    def reasons(self) -> list[str]:
        reasons = ["the writer is gone"] if self._writer.closed.is_set() else []
        if not self._code_index_was_whole():
            reasons.append("the code index is being brought up to date")
        return reasons

    def _code_index_was_whole(self) -> bool:
        if not self._indexed:
            connection = open_readonly(self._views)
            try:
                # A repository that cannot be indexed must not keep the node from serving the others for ever.
                self._indexed = not behind(connection) or time.monotonic() > self._until
            finally:
                connection.close()
        return self._indexed
